/** Calls that create, read, change and remove detectors. */

import type {
  Detector,
  DetectorChange,
  DetectorStatus,
  ModelVersion,
  NewDetector,
  StatusChange,
  StatusChanged,
} from "./stored-types.ts";
import { listed, type ListOptions } from "./pages.ts";
import { type CallOptions, json, nothing, type Transport } from "./transport.ts";

/** A detector with the tag of its state: a change with the tag fails when someone else has changed the detector. */
export type TaggedDetector = Detector & { readonly etag: string };

export interface DetectorFilter {
  /** One name, or several with commas between. */
  readonly algorithm_name?: string | undefined;
  readonly status?: DetectorStatus | undefined;
  readonly is_fitted?: boolean | undefined;
}

export interface ChangeOptions extends CallOptions {
  /** The tag of the detector as it was read: the call fails with `CONFLICT` when the detector has changed since. */
  readonly etag?: string | undefined;
}

export interface Detectors {
  create(detector: NewDetector, options?: CallOptions): Promise<TaggedDetector>;
  get(id: string, options?: CallOptions): Promise<TaggedDetector>;
  list(filter?: DetectorFilter, options?: ListOptions): AsyncGenerator<Detector, void>;
  /** The change takes effect with the next training. */
  change(id: string, change: DetectorChange, options?: ChangeOptions): Promise<TaggedDetector>;
  /** Removes the detector, its models and its results. */
  remove(id: string, options?: CallOptions): Promise<void>;
  /** Lists its model versions, newest first. */
  versions(id: string, options?: ListOptions): AsyncGenerator<ModelVersion, void>;
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
      const headers: Record<string, string> = etag === undefined ? {} : { "if-match": etag };
      return call({ route: "PATCH /api/detectors/:id", id, json: change, headers, isChange: true }, tagged, options);
    },
    remove: (id, options) => call({ route: "DELETE /api/detectors/:id", id, isChange: true }, nothing, options),
    versions: (id, options) => listed<ModelVersion>(transport, { route: "GET /api/detectors/:id/versions", id }, options),
    setStatuses: (change, options) =>
      call({ route: "PATCH /api/detectors/status", json: change, isChange: true }, json<StatusChanged>, options),
  };
}

async function tagged(response: Response): Promise<TaggedDetector> {
  return { ...(await json<Detector>(response)), etag: response.headers.get("etag") ?? "" };
}
