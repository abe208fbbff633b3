/** Calls that read and remove stored results. */

import type { Result } from "./stored-types.ts";
import { listed, type ListOptions } from "./pages.ts";
import { type CallOptions, json, nothing, type Transport } from "./transport.ts";

/** Which results to list: those that meet all conditions. */
export interface ResultFilter {
  /** Only results of this detector. */
  readonly detector_id?: string | undefined;
  /** Only results of this data set. */
  readonly dataset_id?: string | undefined;
  /** Only results stored at this time or later, as in `2026-11-25T00:00:00Z`. */
  readonly from?: string | undefined;
  /** Only results stored before this time, as in `2026-11-25T00:00:00Z`. */
  readonly to?: string | undefined;
}

/** Formats of the file of a result; `arrow` is an Arrow IPC stream. */
export type ResultFormat = "csv" | "ndjson" | "parquet" | "arrow";

/** Options of reading the rows of a result. */
export interface FileOptions extends CallOptions {
  /** CSV only: puts a single quote before texts that a spreadsheet would run as a formula. */
  readonly spreadsheetSafe?: boolean;
  /** CSV only: numbers have a decimal comma and a semicolon cuts the columns, as spreadsheets write in much of Europe. */
  readonly decimalComma?: boolean;
  /** Only the rows that are anomalous. */
  readonly onlyAnomalies?: boolean;
  /** `score`: the rows with the highest score first, equal scores in the order of the rows. */
  readonly sort?: "score";
  /** The most rows, the first ones in their order; 1 to 10,000. */
  readonly limit?: number;
  /** So many rows, spread evenly over all in their order, 1 to 10,000; not beside `limit`. */
  readonly sample?: number;
}

/** Calls that read and remove stored results. */
export interface Results {
  /** What a result is and its counts, without its rows. */
  get(id: string, options?: CallOptions): Promise<Result>;
  /** All results, or those of the filter, newest first. */
  list(filter?: ResultFilter, options?: ListOptions): AsyncGenerator<Result, void>;
  /** The rows, followed by the columns `anomaly_score`, `is_anomaly` and `rank`. */
  file(id: string, format: ResultFormat, options?: FileOptions): Promise<Blob>;
  /** Removes a result with its rows. */
  remove(id: string, options?: CallOptions): Promise<void>;
}

export function resultsOf(transport: Transport): Results {
  const { call } = transport;
  return {
    get: (id, options) => call({ route: "GET /api/results/:id", id }, json<Result>, options),
    list: (filter = {}, options = {}) => listed<Result>(transport, { route: "GET /api/results", query: { ...filter } }, options),
    file: (id, format, { spreadsheetSafe, decimalComma, onlyAnomalies, sort, limit, sample, ...options } = {}) => {
      const csv = { spreadsheet_safe: spreadsheetSafe, decimal_comma: decimalComma };
      const query = { format, ...csv, only_anomalies: onlyAnomalies, sort, limit, sample };
      return call({ route: "GET /api/results/:id", id, query }, (response) => response.blob(), options);
    },
    remove: (id, options) => call({ route: "DELETE /api/results/:id", id, isChange: true }, nothing, options),
  };
}
