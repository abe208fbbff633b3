/** Data sets: tables that the service keeps. */

import type { Dataset, DatasetProfile, DatasetRows, NewDataset } from "./stored-types.ts";
import { listed, type ListOptions } from "./pages.ts";
import { type CallOptions, json, nothing, type Transport } from "./transport.ts";

export interface UploadOptions extends CallOptions {
  /** For people; the file's name by default. */
  readonly name?: string | undefined;
  /** Of a `Blob`, which has none: its ending tells the format, as in `cars.csv` or `cars.parquet`. */
  readonly fileName?: string | undefined;
}

export interface RowsOptions extends CallOptions {
  readonly offset?: number | undefined;
  readonly limit?: number | undefined;
}

export interface Datasets {
  /** A CSV, Parquet, JSON, NDJSON or Arrow file, also gzip. In Node: `await openAsBlob(path)` of `node:fs`. */
  upload(file: Blob, options?: UploadOptions): Promise<Dataset>;
  /** Rows as objects, or as arrays with `columns`. */
  create(dataset: NewDataset, options?: CallOptions): Promise<Dataset>;
  get(id: string, options?: CallOptions): Promise<Dataset>;
  list(options?: ListOptions): AsyncGenerator<Dataset, void>;
  rows(id: string, options?: RowsOptions): Promise<DatasetRows>;
  /** What its columns are like, and what to look at. */
  profile(id: string, options?: CallOptions): Promise<DatasetProfile>;
  remove(id: string, options?: CallOptions): Promise<void>;
}

export function datasetsOf(transport: Transport): Datasets {
  const { call } = transport;
  return {
    upload: (file, { name, fileName = (file as Partial<File>).name ?? "data", ...options } = {}) => {
      const form = new FormData();
      // Before the file: the service has read it by the time the file comes.
      if (name !== undefined) form.append("name", name);
      form.append("file", file, fileName);
      return call({ route: "POST /api/datasets", body: form, isChange: true }, json<Dataset>, options);
    },
    create: (dataset, options) => call({ route: "POST /api/datasets", json: dataset, isChange: true }, json<Dataset>, options),
    get: (id, options) => call({ route: "GET /api/datasets/:id", id }, json<Dataset>, options),
    list: (options) => listed<Dataset>(transport, { route: "GET /api/datasets" }, options),
    rows: (id, { offset, limit, ...options } = {}) =>
      call({ route: "GET /api/datasets/:id/rows", id, query: { offset, limit } }, json<DatasetRows>, options),
    profile: (id, options) => call({ route: "GET /api/datasets/:id/profile", id }, json<DatasetProfile>, options),
    remove: (id, options) => call({ route: "DELETE /api/datasets/:id", id, isChange: true }, nothing, options),
  };
}
