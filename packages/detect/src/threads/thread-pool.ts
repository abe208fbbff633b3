/** A pool of workers that run named pure tasks; workers start when first needed and are replaced when they die. */

import type { KernelSet } from "../kernels/kernel-set.ts";
import { assert, NomalyError, throwIfAborted } from "../errors.ts";
import { unpackError } from "../travelling-error.ts";
import type { TaskName, TaskOptions, Threads } from "./threads.ts";
import type { WorkerHandle, WorkerHost } from "./worker-host.ts";
import type { TaskReply, TaskRequest } from "./worker-protocol.ts";

/** More workers than this are refused as a mistake. */
export const threadCountMax = 256;

interface QueuedTask {
  readonly request: TaskRequest;
  readonly resolve: (output: unknown) => void;
  readonly reject: (reason: Error) => void;
}

interface Slot {
  worker: WorkerHandle | undefined;
  running: QueuedTask | undefined;
}

/** No worker of the pool ever started: its file is missing, or the system gives no threads. Nothing has been done yet. */
export class NotStartedError extends NomalyError {
  constructor(reason: string, cause?: unknown) {
    super("WORKER", `no worker thread starts: ${reason}`, { cause });
  }
}

/** @param threadCount workers that run at once, 2 to {@link threadCountMax}. */
export function createThreadPool(threadCount: number, host: WorkerHost): Threads {
  assert(threadCount >= 2 && threadCount <= threadCountMax, `a pool has 2 to ${threadCountMax} threads, got ${threadCount}`);
  const slots: Slot[] = Array.from({ length: threadCount }, () => ({ worker: undefined, running: undefined }));
  const queue: QueuedTask[] = [];
  let requestCount = 0;
  let closed = false;
  /** Some worker has loaded. */
  let hasStarted = false;

  function spawnInto(slot: Slot): WorkerHandle {
    const worker: WorkerHandle = host.spawn({
      onReply: (reply) => {
        hasStarted = true;
        finish(slot, reply);
      },
      onDeath: (reason) => {
        if (slot.worker !== worker) return;
        const stopped = () => new NomalyError("WORKER", `a worker thread stopped: ${reason}`);
        abandon(slot, hasStarted ? stopped() : new NotStartedError(reason));
      },
    });
    return worker;
  }

  /** @throws NotStartedError when none ever started, else what the platform threw. */
  function workerOf(slot: Slot): WorkerHandle {
    try {
      return (slot.worker ??= spawnInto(slot));
    } catch (error) {
      throw hasStarted ? error : new NotStartedError(error instanceof Error ? error.message : String(error), error);
    }
  }

  function dispatch(): void {
    for (const slot of slots) {
      if (slot.running !== undefined) continue;
      const next = queue.shift();
      if (next === undefined) return;
      slot.running = next;
      try {
        const worker = workerOf(slot);
        worker.setBusy(true);
        worker.post(next.request);
      } catch (error) {
        // No worker could be started, or the input cannot be cloned: only this task fails, and no worker has seen it.
        slot.running = undefined;
        slot.worker?.setBusy(false);
        next.reject(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  function finish(slot: Slot, reply: TaskReply): void {
    const task = slot.running;
    if (reply.kind === "ready" || task === undefined || task.request.id !== reply.id) return;
    slot.running = undefined;
    slot.worker?.setBusy(false);
    if (reply.kind === "done") task.resolve(reply.output);
    else task.reject(unpackError(reply.error));
    dispatch();
  }

  /** Gives up the slot's worker; the next task gets a fresh one. */
  function abandon(slot: Slot, reason: Error): void {
    const { worker, running } = slot;
    slot.worker = undefined;
    slot.running = undefined;
    void worker?.terminate(); // Not awaited: messages of an abandoned worker are ignored.
    running?.reject(reason);
    dispatch();
  }

  /** Takes this call's tasks off the queue, and ends the workers that are in the middle of one. */
  function cancel(ids: ReadonlySet<number>, reason: Error): void {
    for (let i = queue.length - 1; i >= 0; i--) if (ids.has(queue[i].request.id)) queue.splice(i, 1);
    for (const slot of slots) {
      if (slot.running !== undefined && ids.has(slot.running.request.id)) abandon(slot, reason);
    }
    dispatch();
  }

  async function map<Input, Output>(
    task: TaskName,
    inputs: readonly Input[],
    kernels: KernelSet,
    options: TaskOptions = {},
  ): Promise<Output[]> {
    if (closed) throw new NomalyError("WORKER", "the thread pool is closed");
    throwIfAborted(options.signal);
    const ids = new Set<number>();
    let doneCount = 0;
    const runs = inputs.map(
      (input) =>
        new Promise<Output>((resolve, reject) => {
          const request = { id: ++requestCount, task, kernels: kernels.name, input };
          ids.add(request.id);
          queue.push({
            request,
            resolve: (output) => {
              doneCount++;
              try {
                options.onDone?.(doneCount);
                resolve(output as Output);
              } catch (error) {
                // The caller's own progress function failed: its call fails, not the pool.
                reject(error instanceof Error ? error : new Error(String(error)));
              }
            },
            reject,
          });
        }),
    );
    const { aborted, stopWatching } = watch(options.signal);
    dispatch();
    try {
      return await Promise.race([Promise.all(runs), aborted]);
    } catch (error) {
      // One task failed or the caller stopped: the call fails, so its other tasks are cancelled.
      cancel(ids, error as Error);
      throw error;
    } finally {
      stopWatching();
    }
  }

  async function close(): Promise<void> {
    closed = true;
    const reason = new NomalyError("WORKER", "the thread pool was closed while work was under way");
    for (const task of queue.splice(0)) task.reject(reason);
    const workers = slots.flatMap((slot) => slot.worker ?? []);
    for (const slot of slots) abandon(slot, reason);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  return { count: threadCount, map, close };
}

/** A promise that rejects with ABORTED when the signal fires; `stopWatching` takes the listener off again. */
function watch(signal: AbortSignal | undefined): { aborted: Promise<never>; stopWatching: () => void } {
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new NomalyError("ABORTED", "the work was stopped by its caller", { cause: signal?.reason }));
  });
  signal?.addEventListener("abort", onAbort, { once: true });
  return { aborted, stopWatching: () => signal?.removeEventListener("abort", onAbort) };
}
