/** Runs over many rows in blocks whose length follows the clock, and checks the signal between blocks. */

import { throwIfAborted } from "../errors.ts";
import { yieldWhenDue } from "./yield-when-due.ts";

/** Rows of the first block: with a large model one row may cost ten milliseconds. */
export const firstBlockRowCount = 8;
const longestBlockRowCount = 65_536;
/** Target duration of a block. */
const blockMs = 25;
/** Largest growth from one block to the next, after a block too short to measure. */
const growthMax = 256;

export interface BlocksContext {
  readonly signal?: AbortSignal;
  readonly progress?: (done: number) => void;
  /** Most rows in a block, for work that needs memory for each row of it. */
  readonly blockRowCountMax?: number;
}

/**
 * Calls `run` on ranges of rows, in order. Ranges differ from run to run: only for results that do not depend on them.
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
