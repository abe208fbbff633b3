/** Whether work of d^2 operations a row gains from worker threads, which need rows on shared memory. */

import type { Matrix } from "../../matrix.ts";
import { hasSharedMemory } from "../../shared-memory.ts";
import type { Threads } from "../../threads/threads.ts";

/** With fewer columns, one thread sums or scores rows in the time that copying them takes (10 columns: 25 to 80 ns a row). */
const copiedColumnCountMin = 32;

/** True when the rows are shared already, or wide enough to be worth a copy. */
export function isWorthSharing(rows: Matrix, threads: Threads): boolean {
  const isShared = hasSharedMemory && rows.values.buffer instanceof SharedArrayBuffer;
  return isShared || threads.sendsAll === true || rows.columnCount >= copiedColumnCountMin;
}

/** The same context, but with the caller's thread only, where the rows are not worth sharing. */
export function threadsFor<C extends { readonly threads: Threads }>(rows: Matrix, context: C): C {
  const { threads } = context;
  if (threads.count === 1 || isWorthSharing(rows, threads)) return context;
  return { ...context, threads: { count: 1, map: threads.map.bind(threads), close: () => threads.close() } };
}
