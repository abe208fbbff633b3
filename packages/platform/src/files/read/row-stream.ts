/** What reads the rows of a file, in batches that each fit memory. */

import type { ColumnKind, Table } from "@nomaly/detect";
import type { FileFormat } from "./format.ts";

export interface Batch extends Table {
  /** Index of the first row in the file. */
  readonly firstRow: number;
}

export interface StreamColumn {
  readonly name: string;
  /** Undefined for types that are passed through and not used, such as lists. */
  readonly kind: ColumnKind | undefined;
  /** As the file has it. */
  readonly type: string;
}

export interface RowStream {
  /** As messages call the file. */
  readonly name: string;
  readonly format: FileFormat;
  readonly columns: readonly StreamColumn[];
  /** Known before reading where the format or whoever opened the file says so. */
  readonly rowCount: number | undefined;
  /**
   * The named columns, or all that a table can hold, in the order of the file. Each call reads the file from its first row.
   * @param cut columns that are only shown: their texts are read up to {@link shownTextLengthMax} letters.
   */
  batches(names?: readonly string[], cut?: readonly string[]): AsyncGenerator<Batch>;
  /** Bytes of the texts in a row of these columns, on average over the file. */
  textSizeBytes(names: readonly string[]): Promise<number>;
  /** Whole number columns in which a value beyond 2^53 was read: compared at float64 precision. */
  readonly roundedColumns: ReadonlySet<string>;
}

/** Letters of a text that only names a row. */
export const shownTextLengthMax = 80;
