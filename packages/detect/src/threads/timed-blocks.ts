/** Goes through many rows in blocks that the clock makes longer or shorter, with looks at the signal in between. */

import { throwIfAborted } from "../errors.ts";
import { yieldWhenDue } from "./yield-when-due.ts";

/** Rows of the first block: with a large model one row may cost ten milliseconds. */
export const firstBlockRowCount = 8;
const longestBlockRowCount = 65_536;
/** A block that took less is followed by one eight times as long, one that took more by one a quarter as long. */
const shortBlockMs = 5;
const longBlockMs = 50;

export interface BlocksContext {
  readonly signal?: AbortSignal;
  readonly progress?: (done: number) => void;
  /** Where a row of a block takes memory meanwhile. */
  readonly blockRowCountMax?: number;
}

/**
 * Calls `run` on ranges of rows, in order. Where blocks end changes from run to run: only for work that no block changes.
 * @throws NomalyError ABORTED when the signal fires.
 */
export async function inTimedBlocks(
  rowCount: number,
  { signal, progress, blockRowCountMax = longestBlockRowCount }: BlocksContext,
  run: (start: number, end: number) => void,
): Promise<void> {
  let blockRowCount = firstBlockRowCount;
  for (let start = 0; start < rowCount;) {
    await yieldWhenDue();
    throwIfAborted(signal);
    const began = performance.now();
    const end = Math.min(start + blockRowCount, rowCount);
    run(start, end);
    progress?.(end / rowCount);
    start = end;
    blockRowCount = Math.min(nextBlockRowCount(blockRowCount, performance.now() - began), blockRowCountMax);
  }
}

export function nextBlockRowCount(rowCount: number, tookMs: number): number {
  if (tookMs < shortBlockMs) return 8 * rowCount;
  if (tookMs > longBlockMs) return Math.max(1, Math.floor(rowCount / 4));
  return rowCount;
}
