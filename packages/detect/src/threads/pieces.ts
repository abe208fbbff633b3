/** Long work cut into bounded pieces: a generator that yields between them, run at once or with turns of the event loop in between. */

import { throwIfAborted } from "../errors.ts";
import { isYieldDue, yieldWhenDue } from "./yield-when-due.ts";

/** Multiply-adds of a piece made of plain loops: ten to fifty milliseconds. */
export const pieceWorkMax = 16_777_216;

/** Multiply-adds of one call of a kernel: 100 ms at most. */
export const kernelWorkMax = 200_000_000;

/** Each piece should take some tens of milliseconds at most. */
export type Pieces<Result> = Generator<void, Result, void>;

/** All pieces without a pause: for work known to be short, and in worker threads, which a stop ends. */
export function atOnce<Result>(pieces: Pieces<Result>): Result {
  for (;;) {
    const step = pieces.next();
    if (step.done === true) return step.value;
  }
}

/** Looks at the signal before each piece, and lets events in when that is due. @throws NomalyError ABORTED when the signal fires. */
export async function inTurns<Result>(pieces: Pieces<Result>, signal: AbortSignal | undefined): Promise<Result> {
  for (;;) {
    if (isYieldDue()) await yieldWhenDue();
    throwIfAborted(signal);
    const step = pieces.next();
    if (step.done === true) return step.value;
  }
}

/** Whether a task returned pieces that lead to its answer, instead of the answer. */
export function isPieces(output: unknown): output is Pieces<unknown> {
  return typeof output === "object" && output !== null && "next" in output && Symbol.iterator in output;
}
