/** Calls that create, read, change and remove detectors. */

import type {
  Detector,
  DetectorChange,
  DetectorStatus,
  ModelVersion,
  NewDetector,
  StatusChange,
  StatusChanged,
  ThresholdChange,
} from "./stored-types.ts";
import { listed, type ListOptions } from "./pages.ts";
import { type CallOptions, json, nothing, type OwnBytes, type Transport } from "./transport.ts";

/** A detector with the tag of its state: a change with the tag fails when someone else has changed the detector. */
export type TaggedDetector = Detector & {
  /** The tag, for the option `etag` of changes. */
  readonly etag: string;
};

/** Which detectors to list: those that meet all conditions. */
export interface DetectorFilter {
  /** One name, or several with commas between. */
  readonly algorithm_name?: string | undefined;
  /** Only detectors of this status. */
  readonly status?: DetectorStatus | undefined;
  /** Only detectors with a model, or only those without. */
  readonly is_fitted?: boolean | undefined;
}

/** Options of calls that change a detector. */
export interface ChangeOptions extends CallOptions {
  /** The tag of the detector as it was read: the call fails with `CONFLICT` when the detector has changed since. */
  readonly etag?: string | undefined;
}

/** The model file of a version. */
export interface ModelFile {
  /** The bytes of the file: for `load` of `@nomaly/detect`, and for `importModel` and `replaceModel`. */
  readonly data: OwnBytes;
  /** Number of the version that it holds. */
  readonly model_version: number;
  /** The SHA-256 of the bytes, in hexadecimal and in quotation marks. */
  readonly etag: string;
}

/** A model file: the `data` of a `ModelFile`, what `save()` of `@nomaly/detect` gives, or a file. */
export type ModelBytes = OwnBytes | Blob;

/** Calls that create, read, change and remove detectors. */
export interface Detectors {
  /** Creates a detector, which `train` trains. */
  create(detector: NewDetector, options?: CallOptions): Promise<TaggedDetector>;
  /** One detector: its settings, its status and its live version. */
  get(id: string, options?: CallOptions): Promise<TaggedDetector>;
  /** All detectors, or those of the filter, newest first. */
  list(filter?: DetectorFilter, options?: ListOptions): AsyncGenerator<Detector, void>;
  /** The change takes effect with the next training. */
  change(id: string, change: DetectorChange, options?: ChangeOptions): Promise<TaggedDetector>;
  /** Removes the detector, its models and its results. */
  remove(id: string, options?: CallOptions): Promise<void>;
  /** Lists its model versions, newest first. */
  versions(id: string, options?: ListOptions): AsyncGenerator<ModelVersion, void>;
  /** The model file of the live version, or of another: for `load` of the library, the command and other services. */
  model(
    id: string,
    options?: CallOptions & {
      /** Number of the version; the live one by default. */
      readonly version?: number | undefined;
    },
  ): Promise<ModelFile>;
  /** Makes a detector of a model file that `save()`, `nomaly fit -m` or `model` gave; its settings are those of the file. */
  importModel(name: string, file: ModelBytes, options?: CallOptions): Promise<TaggedDetector>;
  /** Stores a model file of the detector's algorithm as its live version. */
  replaceModel(id: string, file: ModelBytes, options?: ChangeOptions): Promise<TaggedDetector>;
  /** Makes a version the live one, which scores at once. */
  activate(id: string, version: number, options?: ChangeOptions): Promise<TaggedDetector>;
  /** Moves the threshold without training, to a score (`value`), a share (`contamination`) or by a method. */
  moveThreshold(id: string, threshold: ThresholdChange, options?: ChangeOptions): Promise<TaggedDetector>;
  /** Changes many statuses at once; the answer lists unknown ids. */
  setStatuses(change: StatusChange, options?: CallOptions): Promise<StatusChanged>;
}

export function detectorsOf(transport: Transport): Detectors {
  const { call } = transport;
  return {
    create: (detector, options) => call({ route: "POST /api/detectors", json: detector, isChange: true }, tagged, options),
    get: (id, options) => call({ route: "GET /api/detectors/:id", id }, tagged, options),
    list: (filter = {}, options = {}) =>
      listed<Detector>(transport, { route: "GET /api/detectors", query: { ...filter } }, options),
    change: (id, change, { etag, ...options } = {}) => {
      const asked = { route: "PATCH /api/detectors/:id", id, json: change, headers: ifMatch(etag), isChange: true };
      return call(asked, tagged, options);
    },
    remove: (id, options) => call({ route: "DELETE /api/detectors/:id", id, isChange: true }, nothing, options),
    versions: (id, options) => listed<ModelVersion>(transport, { route: "GET /api/detectors/:id/versions", id }, options),
    model: (id, { version, ...options } = {}) =>
      call({ route: "GET /api/detectors/:id/model", id, query: { version } }, modelFile, options),
    importModel: (name, file, options) =>
      call({ route: "POST /api/detectors/import", query: { name }, ...sent(file), isChange: true }, tagged, options),
    replaceModel: (id, file, { etag, ...options } = {}) => {
      const asked = sent(file, etag);
      return call({ route: "PUT /api/detectors/:id/model", id, ...asked, isChange: true }, tagged, options);
    },
    activate: (id, version, { etag, ...options } = {}) => {
      const route = `POST /api/detectors/:id/versions/${version}/activate`;
      return call({ route, id, headers: ifMatch(etag), isChange: true }, tagged, options);
    },
    moveThreshold: (id, threshold, { etag, ...options } = {}) => {
      const asked = { route: "PUT /api/detectors/:id/threshold", id, json: threshold, headers: ifMatch(etag), isChange: true };
      return call(asked, tagged, options);
    },
    setStatuses: (change, options) =>
      call({ route: "PATCH /api/detectors/status", json: change, isChange: true }, json<StatusChanged>, options),
  };
}

function ifMatch(etag: string | undefined): Record<string, string> {
  return etag === undefined ? {} : { "if-match": etag };
}

function sent(file: ModelBytes, etag?: string) {
  return { body: file, headers: { "content-type": "application/octet-stream", ...ifMatch(etag) } };
}

async function modelFile(response: Response): Promise<ModelFile> {
  return {
    data: new Uint8Array(await response.arrayBuffer()),
    model_version: Number(response.headers.get("nomaly-model-version")),
    etag: response.headers.get("etag") ?? "",
  };
}

async function tagged(response: Response): Promise<TaggedDetector> {
  return { ...(await json<Detector>(response)), etag: response.headers.get("etag") ?? "" };
}
