/** Lets events in (an abort, a timer, a paint) during long work on the caller's own thread. */

/** Longest time that the event loop is kept waiting, when callers ask this often. */
const sliceMs = 40;

let sliceStart = Number.NEGATIVE_INFINITY;

/** Whether {@link yieldWhenDue} would wait: loops of very short steps ask this first, since every `await` costs. */
export function isYieldDue(): boolean {
  return performance.now() - sliceStart >= sliceMs;
}

/** Returns at once, but after `sliceMs` without a turn of the event loop first lets it turn. Call it between bounded pieces of work. */
export async function yieldWhenDue(): Promise<void> {
  if (!isYieldDue()) return;
  await new Promise((resolve) => setTimeout(resolve, 0));
  sliceStart = performance.now();
}
