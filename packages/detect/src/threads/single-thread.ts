/** Threads of count 1: tasks run on the caller's own thread, yielding between them and their pieces so that abort and progress are seen. */

import type { Task } from "../detector/detector.ts";
import { throwIfAborted } from "../errors.ts";
import { inTurns, isPieces } from "./pieces.ts";
import type { Threads } from "./threads.ts";
import { yieldWhenDue } from "./yield-when-due.ts";

/** @param tasks every task that may be asked for, by `<detector id>/<task>`. */
export function singleThread(tasks: ReadonlyMap<string, Task>): Threads {
  return {
    count: 1,
    async map<Input, Output>(
      name: string,
      inputs: readonly Input[],
      kernels: Parameters<Task>[1],
      options = {} as Parameters<Threads["map"]>[3],
    ) {
      const task = tasks.get(name);
      if (task === undefined) throw new Error(`internal: no task "${name}"`);
      const outputs: Output[] = [];
      for (const input of inputs) {
        await yieldWhenDue();
        throwIfAborted(options?.signal);
        const output = (task as (input: Input, k: typeof kernels) => unknown)(input, kernels);
        outputs.push((isPieces(output) ? await inTurns(output, options?.signal) : output) as Output);
        options?.onDone?.(outputs.length);
      }
      return outputs;
    },
    close: () => Promise.resolve(),
  };
}
