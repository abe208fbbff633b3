/** Fits a detector in tests as the library does, on one thread: parsed parameters, seeded randomness, chosen kernels. */

import type { AnyDetector, Fitted, Model } from "../src/detector/detector.ts";
import { parseParams } from "../src/detector/params.ts";
import { chooseKernels } from "../src/kernels/choose.ts";
import type { KernelSet } from "../src/kernels/kernel-set.ts";
import type { Matrix } from "../src/matrix.ts";
import { createRandom } from "../src/random.ts";
import { singleThread } from "../src/threads/single-thread.ts";
import { taskTable } from "../src/threads/task-table.ts";
import { useEveryFamily } from "../src/kernels/every-family.ts";

useEveryFamily();

export interface FitForTestOptions {
  readonly seed?: number;
  readonly kernels?: KernelSet;
}

export function fitForTest(
  detector: unknown,
  train: Matrix,
  params: Readonly<Record<string, unknown>> = {},
  options: FitForTestOptions = {},
): Promise<Fitted> {
  const known = detector as AnyDetector;
  const parsed = parseParams(known.id, known.params, params);
  return known.fit(train, parsed as never, {
    random: createRandom(options.seed ?? 1),
    kernels: options.kernels ?? chooseKernels(),
    threads: singleThread(taskTable([known])),
  });
}

export function scoresOf(model: Model, rows: Matrix): Float64Array {
  const scores = new Float64Array(rows.rowCount);
  model.scoreInto(rows, scores);
  return scores;
}

/** Largest relative difference, `|a - b| / max(1e-300, |b|)`; equal values (infinities too) count 0. */
export function largestRelativeDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < actual.length; i++) {
    if (Object.is(actual[i], expected[i]) || actual[i] === expected[i]) continue;
    const difference = Math.abs(actual[i] - expected[i]) / Math.max(1e-300, Math.abs(expected[i]));
    largest = Math.max(largest, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
  }
  return largest;
}
