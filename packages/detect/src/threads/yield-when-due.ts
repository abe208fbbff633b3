/** Lets events in (an abort, a timer, a paint) during long work on the caller's own thread. */

/** Longest time that the event loop is kept waiting, when callers ask this often. */
const sliceMs = 40;

let sliceStart = 0;

/** Returns at once, but after `sliceMs` of work first lets the event loop turn. Call it between bounded pieces of work. */
export async function yieldWhenDue(): Promise<void> {
  const now = performance.now();
  if (sliceStart === 0 || now - sliceStart > 10 * sliceMs) sliceStart = now;
  if (now - sliceStart < sliceMs) return;
  await new Promise((resolve) => setTimeout(resolve, 0));
  sliceStart = performance.now();
}
