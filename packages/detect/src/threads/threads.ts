/** Where pure tasks run: on worker threads, or on the caller's own. The contract only; backends stand beside. */

import type { KernelSet } from "../kernels/kernel-set.ts";

export interface TaskOptions {
  readonly signal?: AbortSignal;
  /** Called after each finished task with the count done so far. */
  readonly onDone?: (doneCount: number) => void;
}

/** Runs named pure tasks. Results come in the order of the inputs, whatever finished first. */
export interface Threads {
  /** Tasks that run at once; 1 means the caller's own thread. */
  readonly count: number;
  /** Sends small work as tasks, too, though that is slower: tests use it to run these paths on small tables. */
  readonly sendsAll?: boolean;
  /**
   * Runs `detectorId/taskName` on every input. Typed arrays on shared memory are shared, others copied.
   * @throws NomalyError ABORTED when the signal fires, WORKER when a thread dies, else what the task threw.
   */
  map<Input, Output>(task: TaskName, inputs: readonly Input[], kernels: KernelSet, options?: TaskOptions): Promise<Output[]>;
  /** Ends the threads; work under way fails. */
  close(): Promise<void>;
}

/** `<detector id>/<task>`; the tasks of the library itself stand under `core`. */
export type TaskName = `${string}/${string}`;

/** Whether sending work of this size pays: `sizeMin`, in the same unit, is what sending a task costs. */
export function isWorthSending(threads: Pick<Threads, "count" | "sendsAll">, size: number, sizeMin: number): boolean {
  return threads.count > 1 && (size >= sizeMin || threads.sendsAll === true);
}

/** Cuts `count` items into at most `pieceCount` ranges of nearly equal size, none empty. */
export function cutRanges(count: number, pieceCount: number): { start: number; end: number }[] {
  const pieces = Math.max(1, Math.min(pieceCount, count));
  const ranges = [];
  for (let i = 0; i < pieces && count > 0; i++) {
    ranges.push({ start: Math.floor((i * count) / pieces), end: Math.floor(((i + 1) * count) / pieces) });
  }
  return ranges;
}
