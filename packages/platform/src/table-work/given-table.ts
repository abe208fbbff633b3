/** A file's rows with whoever gave the file. */

import type { Batch, RowStream } from "../files/read/row-stream.ts";
import type { RowSink } from "../files/write/row-sink.ts";

/**
 * Whom errors about the file are told. `command`: a person, who counts rows from 1, names options by `--` and sees no more than the
 * message. `service`: a program, which counts rows from 0 and is told the field of its request.
 */
export type Caller = "command" | "service";

export interface GivenTable {
  readonly rows: RowStream;
  readonly sink: RowSink;
  readonly caller: Caller;
}

/** Told how far the work has come. */
export interface Progress {
  /** @param share 0 to 1, or undefined where the end is not known. */
  report(stage: "reading" | "fitting" | "scoring", share: number | undefined): void;
}

/** Share of the file that is read with the batch. */
export function shareRead({ rowCount }: RowStream, batch: Batch): number | undefined {
  return rowCount === undefined || rowCount === 0 ? undefined : Math.min(1, (batch.firstRow + batch.rowCount) / rowCount);
}
