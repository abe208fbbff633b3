/** Turns rows into columns: the layout in which a column can be sorted in place. */

import type { Matrix } from "../../matrix.ts";
import { rowRange } from "../../matrix.ts";
import { sharedFloat64, toSharedMatrix } from "../../shared-memory.ts";
import type { ScoringContext } from "../../threads/score-rows.ts";
import { cutRanges, isWorthSending } from "../../threads/threads.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { inTurns } from "../../threads/pieces.ts";

/** Input of the task `columnMajor`: rows from `start` on go to their places in `out`. */
export interface ColumnMajorTask {
  readonly rows: Matrix;
  readonly start: number;
  /** `out[column * rowCount + row]`, on shared memory, for the whole table. */
  readonly out: Float64Array;
}

/** Rows copied while their lines are in the cache. */
const blockRowCount = 128;
/** Values copied between two pieces: some ten milliseconds. */
const pieceValueCount = 4_000_000;
/** With fewer values, handing work to workers takes longer than copying. */
const threadedValueCountMin = 200_000;

/**
 * `result[column * rowCount + row]`, a fresh array on shared memory.
 * @param detectorId the detector among whose tasks `columnMajor` stands.
 */
export async function columnMajor(detectorId: string, train: Matrix, context: ScoringContext): Promise<Float64Array> {
  const out = sharedFloat64(train.values.length);
  const { threads, kernels, signal } = context;
  if (!isWorthSending(threads, train.values.length, threadedValueCountMin)) {
    await inTurns(columnMajorInto({ rows: train, start: 0, out }), signal);
    return out;
  }
  const shared = toSharedMatrix(train);
  const inputs = cutRanges(train.rowCount, threads.count).map(({ start, end }) => ({
    rows: rowRange(shared, start, end),
    start,
    out,
  }));
  const options = signal === undefined ? {} : { signal };
  await threads.map<ColumnMajorTask, null>(`${detectorId}/columnMajor`, inputs, kernels, options);
  return out;
}

/** The task `columnMajor`. */
export function* columnMajorInto(task: ColumnMajorTask): Pieces<null> {
  const { rows, start, out } = task;
  const { values, columnCount, rowCount } = rows;
  const height = out.length / columnCount;
  for (let blockStart = 0; blockStart < rowCount; blockStart += blockRowCount) {
    const blockEnd = Math.min(blockStart + blockRowCount, rowCount);
    for (let column = 0; column < columnCount; column++) {
      const to = column * height + start;
      for (let row = blockStart, at = row * columnCount + column; row < blockEnd; row++, at += columnCount) {
        out[to + row] = values[at];
      }
    }
    if ((blockEnd * columnCount) % pieceValueCount < blockRowCount * columnCount) yield;
  }
  return null;
}
