/** An opened file, with the kind of caller that gave it. */

import type { Batch, RowStream } from "../files/read/row-stream.ts";
import type { RowSink } from "../files/write/row-sink.ts";

/**
 * Who reads errors about the file. `command`: a person, who counts rows from 1, writes options with `--` and sees only the message.
 * `service`: a program, which counts rows from 0 and gets the field of its request.
 */
export type Caller = "command" | "service";

export interface GivenTable {
  readonly rows: RowStream;
  readonly sink: RowSink;
  readonly caller: Caller;
}

/** `estimating`: timing fits of a few rows. Each stage has its own share, which begins at 0. */
export type Stage = "reading" | "estimating" | "fitting" | "scoring" | "explaining" | "writing";

export interface Progress {
  /** @param share 0 to 1, or undefined if the number of rows is unknown. */
  report(stage: Stage, share: number | undefined): void;
}

/** Share of the file read so far, including this batch. */
export function shareRead({ rowCount }: RowStream, batch: Batch): number | undefined {
  return rowCount === undefined || rowCount === 0 ? undefined : Math.min(1, (batch.firstRow + batch.rowCount) / rowCount);
}
