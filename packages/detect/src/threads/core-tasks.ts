/** Named tasks of the library's own structures: the part of the task table that belongs to no single detector. */

import type { Task } from "../detector/detector.ts";
import { kMeansRunTask } from "../clusters/k-means.ts";
import { scatterTask } from "../linear-algebra/moments.ts";
import { kernelSumsTask } from "../support-vectors/kernel-sums.ts";
import { trainingNeighboursTask } from "../neighbours/training-neighbours.ts";

/** `core/<name>` -> task. `core/score` is added by the task table, which knows the detectors. */
export const coreTasks: Readonly<Record<string, Task>> = {
  kMeansRun: kMeansRunTask,
  kernelSums: kernelSumsTask,
  scatter: scatterTask,
  trainingNeighbours: trainingNeighboursTask,
};
