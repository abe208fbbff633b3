/** Threads that go on as one where no worker starts, as when a bundler has left the worker's file behind. */

import { NotStartedError } from "./thread-pool.ts";
import type { Threads } from "./threads.ts";

/**
 * The pool, and the caller's own thread from the first time that no worker starts: the same results, later.
 * @param onLost called each time that work was meant for the pool and no worker started.
 */
export function orOneThread(pool: Threads, caller: Threads, onLost: (error: NotStartedError) => void): Threads {
  let isLost = false;
  return {
    count: pool.count,
    async map(task, inputs, kernels, options) {
      if (isLost) return caller.map(task, inputs, kernels, options);
      try {
        return await pool.map(task, inputs, kernels, options);
      } catch (error) {
        if (!(error instanceof NotStartedError)) throw error;
        isLost = true;
        onLost(error);
        // No task has begun: progress goes on from nothing.
        return caller.map(task, inputs, kernels, options);
      }
    },
    close: () => pool.close(),
  };
}
