/** Goes through many rows in blocks that the clock makes longer or shorter, with looks at the signal in between. */

import { throwIfAborted } from "../errors.ts";
import { yieldWhenDue } from "./yield-when-due.ts";

/** Rows of the first block: with a large model one row may cost ten milliseconds. */
export const firstBlockRowCount = 8;
const longestBlockRowCount = 65_536;
/** What a block should take. */
const blockMs = 25;
/** A block that took no time to speak of is followed by one so many times as long. */
const growthMax = 256;

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
  return Math.max(1, Math.floor(rowCount * Math.min(growthMax, blockMs / tookMs)));
}
