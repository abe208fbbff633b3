/** What the service shows of a file: a page of rows, and a profile of its columns. */

import type { FileFormat } from "./format.ts";

export interface PageOfFile {
  readonly offset: number;
  readonly limit: number;
}

export interface FilePage {
  /** A JSON array of objects. */
  readonly json: Uint8Array;
  readonly rowCount: number;
  /** Number of texts that were cut because they are too long to show. */
  readonly cutCount: number;
}

export interface ColumnSummary {
  readonly name: string;
  readonly type: string;
  /** `null`: detectors cannot use this type; the data set keeps it. */
  readonly kind: string | null;
  /** Empty and blank texts are missing, and so are values that are not finite. */
  readonly missing_count: number;
  readonly missing_share: number;
  readonly distinct_count: number;
  /** True in a large table: `distinct_count` and `quartiles` are then estimates. */
  readonly is_estimated: boolean;
  readonly min: string | null;
  readonly max: string | null;
  readonly mean: number | null;
  readonly std: number | null;
  readonly quartiles: readonly [number, number, number] | null;
}

export interface Finding {
  readonly code: "constant" | "missing_values" | "mostly_missing" | "identifier" | "many_categories" | "unusable_type";
  readonly column: string;
  readonly detail: string;
}

export interface DatasetProfile {
  readonly n_samples: number;
  readonly columns: readonly ColumnSummary[];
  readonly findings: readonly Finding[];
}

/** The result of reading a data set's whole file. */
export interface Inspected {
  readonly format: FileFormat;
  readonly rowCount: number;
  /** Columns that detectors can use. */
  readonly usableCount: number;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** How the file was read, in sentences for its user. */
  readonly notes: readonly string[];
  readonly profile: DatasetProfile;
  /** Infinite numbers, which are among the missing values; columns without any are left out. */
  readonly infinite: readonly { readonly column: string; readonly count: number }[];
}
