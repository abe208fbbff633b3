/** Calls that store, read and remove data sets. */

import type { Dataset, DatasetProfile, DatasetRows, NewDataset } from "./stored-types.ts";
import { listed, type ListOptions } from "./pages.ts";
import { type CallOptions, json, nothing, type Transport } from "./transport.ts";

/** Name, file name and reading of a file to upload. */
export interface UploadOptions extends CallOptions {
  /** A name for people; by default the name of the file. */
  readonly name?: string | undefined;
  /** The file name of a `Blob`, which has none; its ending gives the format, as in `cars.csv` or `cars.parquet`. */
  readonly fileName?: string | undefined;
  /** How a text file is to be read, by the names of the form's fields: `{ decimal_comma: "true", skip_rows: "2" }`. */
  readonly reading?: Readonly<Record<string, string>> | undefined;
}

/** Which rows of a data set to read. */
export interface RowsOptions extends CallOptions {
  /** Rows to leave out before the first that is read; 0 by default. */
  readonly offset?: number | undefined;
  /** Most rows to read, 1 to 10,000; 100 by default. */
  readonly limit?: number | undefined;
}

/** Calls that store, read and remove data sets. */
export interface Datasets {
  /** Stores a CSV, Parquet, JSON, NDJSON or Arrow file, also gzip. In Node, `openAsBlob` of `node:fs` opens one. */
  upload(file: Blob, options?: UploadOptions): Promise<Dataset>;
  /** Stores rows, given as objects or as arrays with `columns`. */
  create(dataset: NewDataset, options?: CallOptions): Promise<Dataset>;
  /** What a data set is and which columns it has, without its rows. */
  get(id: string, options?: CallOptions): Promise<Dataset>;
  /** All data sets, newest first. */
  list(options?: ListOptions): AsyncGenerator<Dataset, void>;
  /** A page of its rows. It may have fewer rows than `limit`: for the next page add the number of its rows to `offset`. */
  rows(id: string, options?: RowsOptions): Promise<DatasetRows>;
  /** Describes each column, and lists findings such as constant columns. */
  profile(id: string, options?: CallOptions): Promise<DatasetProfile>;
  /** Removes it; models that were trained on it and results stay. */
  remove(id: string, options?: CallOptions): Promise<void>;
}

export function datasetsOf(transport: Transport): Datasets {
  const { call } = transport;
  return {
    upload: (file, { name, fileName = (file as Partial<File>).name ?? "data", reading = {}, ...options } = {}) => {
      const form = new FormData();
      // All fields must stand before the file: the service reads the form in order.
      if (name !== undefined) form.append("name", name);
      for (const [option, text] of Object.entries(reading)) form.append(option, text);
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
