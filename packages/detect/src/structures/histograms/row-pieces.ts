/** Ranges and counts of a table by pieces of its rows: exact whatever the pieces are, so threads change nothing. */

import type { Matrix } from "../../matrix.ts";
import { rowRange } from "../../matrix.ts";
import { toSharedMatrix } from "../../shared-memory.ts";
import type { ScoringContext } from "../../threads/score-rows.ts";
import type { TaskName } from "../../threads/threads.ts";
import { cutRanges, isWorthSending } from "../../threads/threads.ts";
import type { Pieces } from "../../threads/pieces.ts";

/** With fewer values, handing work to workers takes longer than doing it. */
const threadedValueCountMin = 200_000;
/** Pieces for each thread, so that a slow one does not hold up the rest. */
const piecesPerThread = 4;
/** Rows of a piece on the caller's own thread. */
const pieceRowCountMax = 131_072;
/** Steps between two looks at the signal. */
const blockStepCount = 4_000_000;

export function rowPieces(train: Matrix, { threads }: ScoringContext): Matrix[] {
  const threaded = isWorthSending(threads, train.values.length, threadedValueCountMin);
  const shared = threaded ? toSharedMatrix(train) : train;
  const count = threaded ? threads.count * piecesPerThread : Math.ceil(train.rowCount / pieceRowCountMax);
  return cutRanges(train.rowCount, count).map(({ start, end }) => rowRange(shared, start, end));
}

/** Calls `run` on blocks of rows, each of a bounded number of steps: for results that do not depend on the blocks. */
export function* inBlocks(rows: Matrix, stepsPerRow: number, run: (block: Matrix) => void): Pieces<void> {
  const blockRowCount = Math.max(1, Math.floor(blockStepCount / stepsPerRow));
  for (let start = 0; start < rows.rowCount; start += blockRowCount) {
    run(rowRange(rows, start, Math.min(start + blockRowCount, rows.rowCount)));
    yield;
  }
}

export function mapTask<Input, Output>(name: TaskName, inputs: Input[], context: ScoringContext): Promise<Output[]> {
  const { threads, kernels, signal } = context;
  return threads.map<Input, Output>(name, inputs, kernels, signal === undefined ? {} : { signal });
}

/** Pairs of a least and a largest: the least of the leasts and the largest of the largest. */
export function mergeRanges(parts: readonly Float64Array[]): Float64Array {
  const merged = parts[0].slice();
  for (const part of parts) {
    for (let i = 0; i < merged.length; i += 2) {
      merged[i] = Math.min(merged[i], part[i]);
      merged[i + 1] = Math.max(merged[i + 1], part[i + 1]);
    }
  }
  return merged;
}

export function sumCounts(parts: readonly Int32Array[]): Int32Array {
  const sums = parts[0].slice();
  for (const part of parts.slice(1)) for (let i = 0; i < sums.length; i++) sums[i] += part[i];
  return sums;
}
