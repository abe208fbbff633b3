/** What is shown of a file: some of its rows, and what its columns are like. */

import type { FileFormat } from "./format.ts";

export interface PageOfFile {
  readonly offset: number;
  readonly limit: number;
}

export interface FilePage {
  /** A JSON array of objects. */
  readonly json: Uint8Array;
  readonly rowCount: number;
  /** Texts that were cut because they are longer than is shown. */
  readonly cutCount: number;
}

export interface ColumnProfile {
  readonly name: string;
  readonly type: string;
  /** `null`: kept, and not used by detectors. */
  readonly kind: string | null;
  readonly missing_share: number;
  /** Estimated in large tables, as the quartiles are. */
  readonly distinct_count: number;
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
  readonly columns: readonly ColumnProfile[];
  readonly findings: readonly Finding[];
}

/** What a data set's file is like, read from end to end. */
export interface Inspected {
  readonly format: FileFormat;
  readonly rowCount: number;
  /** Columns that detectors can use. */
  readonly usableCount: number;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly profile: DatasetProfile;
}
