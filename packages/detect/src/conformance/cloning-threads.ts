/** Runs tasks on the caller's thread, but clones their inputs and outputs and reverses their order. */

import type { Task } from "../detector/detector.ts";
import { throwIfAborted } from "../errors.ts";
import { atOnce, isPieces } from "../threads/pieces.ts";
import type { Threads } from "../threads/threads.ts";

export interface CloningThreads extends Threads {
  /** Names of the tasks run so far. */
  readonly ran: ReadonlySet<string>;
}

/**
 * Imitates worker threads, repeatably and for tables of any size. A task that writes into an input outside shared memory, that
 * depends on the order of tasks, or whose input or output cannot be cloned, fails here as it would on a worker.
 */
export function cloningThreads(tasks: ReadonlyMap<string, Task>, count: number): CloningThreads {
  const ran = new Set<string>();

  const map: Threads["map"] = async <Input, Output>(
    name: string,
    inputs: readonly Input[],
    kernels: Parameters<Task>[1],
    options: Parameters<Threads["map"]>[3] = {},
  ) => {
    const task = tasks.get(name) as ((input: Input, kernels: Parameters<Task>[1]) => unknown) | undefined;
    if (task === undefined) throw new Error(`no task "${name}"`);
    const outputs: Output[] = [];
    for (let i = inputs.length - 1; i >= 0; i--) {
      throwIfAborted(options.signal);
      const output = task(structuredClone(inputs[i]), kernels);
      outputs[i] = structuredClone(isPieces(output) ? atOnce(output) : output) as Output;
      ran.add(name);
      options.onDone?.(inputs.length - i);
      await Promise.resolve();
    }
    return outputs;
  };

  return { count, sendsAll: true, map, close: () => Promise.resolve(), ran };
}
