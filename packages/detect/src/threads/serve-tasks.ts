/** A worker's side: runs the named task on the named kernels and sends back its result or error. */

import type { Task } from "../detector/detector.ts";
import { assert } from "../errors.ts";
import { kernelsByName } from "../kernels/choose.ts";
import type { KernelSet } from "../kernels/kernel-set.ts";
import { packError } from "../travelling-error.ts";
import { atOnce, isPieces } from "./pieces.ts";
import type { WorkerHost } from "./worker-host.ts";

/** Call once, from the module that a worker starts with. */
export function serveTasks(tasks: ReadonlyMap<string, Task>, host: WorkerHost): void {
  const kernelSets = new Map<string, KernelSet>();
  host.listen(({ id, task: name, kernels: kernelSet, input }) => {
    try {
      const kernels = kernelSets.get(kernelSet) ?? kernelsByName(kernelSet);
      kernelSets.set(kernelSet, kernels);
      const task = tasks.get(name);
      assert(task !== undefined, `no task "${name}"`);
      const output = task(input as never, kernels);
      return { id, kind: "done", output: isPieces(output) ? atOnce(output) : output };
    } catch (error) {
      // An error of the task becomes the reply to its request; the worker itself is well and goes on.
      return { id, kind: "failed", error: packError(error) };
    }
  });
}
