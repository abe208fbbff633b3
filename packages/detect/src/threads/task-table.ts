/** Every task that can be asked for by name: those of the detectors, of the shared structures they use, and scoring. */

import type { AnyDetector, Model, Task } from "../detector/detector.ts";
import { assert } from "../errors.ts";
import type { KernelSet } from "../kernels/kernel-set.ts";
import type { ScoreTask } from "./score-rows.ts";
import { scorePrepared } from "./score-rows.ts";

/** Restored models kept by a worker, so that the pieces of one scoring restore it once. */
const keptModelCountMax = 2;

/** @returns tasks by `<detector id>/<task>` and `core/<task>`. */
export function taskTable(given: readonly AnyDetector[]): ReadonlyMap<string, Task> {
  const detectors = [...given, ...given.flatMap((detector) => detector.parts ?? [])];
  const table = new Map<string, Task>();
  for (const detector of detectors) {
    for (const [name, task] of Object.entries(detector.tasks ?? {})) table.set(`${detector.id}/${name}`, task);
    for (const [name, task] of Object.entries(detector.sharedTasks ?? {})) table.set(`core/${name}`, task);
  }
  table.set("core/score", scoreTask(detectors));
  return table;
}

function scoreTask(detectors: readonly AnyDetector[]): Task {
  const restored = new Map<string, Model>();

  function modelOf(input: ScoreTask, kernels: KernelSet): Model {
    const held = restored.get(input.modelKey);
    if (held !== undefined) return held;
    const detector = detectors.find((candidate) => candidate.id === input.detectorId);
    assert(detector !== undefined, `no detector "${input.detectorId}" in this task table`);
    const model = detector.restore(input.state, kernels);
    if (restored.size >= keptModelCountMax) restored.delete(restored.keys().next().value as string);
    restored.set(input.modelKey, model);
    return model;
  }

  return (input: ScoreTask, kernels: KernelSet) => {
    scorePrepared(modelOf(input, kernels), input.rows, input.scores, input.preparation);
    return null;
  };
}
