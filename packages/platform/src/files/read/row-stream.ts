/** A stream of a file's rows, in batches that each fit in memory. */

import type { ColumnKind, Table } from "@nomaly/detect";
import type { FileFormat } from "./format.ts";

export interface Batch extends Table {
  /** Index of the first row in the file. */
  readonly firstRow: number;
}

export interface StreamColumn {
  readonly name: string;
  /** Undefined for types that detectors cannot use, such as lists; the output keeps them. */
  readonly kind: ColumnKind | undefined;
  /** Type in the file. */
  readonly type: string;
}

export interface RowStream {
  /** Name of the file in error messages. */
  readonly name: string;
  readonly format: FileFormat;
  readonly columns: readonly StreamColumn[];
  /** Known before reading if the format or the caller gives it. */
  readonly rowCount: number | undefined;
  /**
   * Reads the named columns, or all that a table can hold, in the order of the file. Each call starts at the first row.
   * @param cut columns that are only shown: their texts are cut to {@link shownTextLengthMax} letters.
   */
  batches(names?: readonly string[], cut?: readonly string[]): AsyncGenerator<Batch>;
  /** Average bytes of the texts in a row of these columns. */
  textSizeBytes(names: readonly string[]): Promise<number>;
  /** How the file was read, in sentences for its user. */
  readonly notes?: readonly string[];
  /** Columns of whole numbers with a value beyond 2^53, which float64 rounds. */
  readonly roundedColumns: ReadonlySet<string>;
  /** Infinite numbers that were read as missing values, by column; none where they are kept. */
  readonly infiniteValues: ReadonlyMap<string, InfiniteValues>;
}

export interface InfiniteValues {
  readonly count: number;
  /** Index in the file of the first row with one. */
  readonly rowIndex: number;
}

/** Most letters read of a text that only names a row. */
export const shownTextLengthMax = 80;
