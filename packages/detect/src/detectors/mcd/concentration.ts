/** Concentration steps: each finds the rows nearest to an estimate, and makes the next estimate from those rows. */

import type { KernelSet } from "../../kernels/kernel-set.ts";
import { momentsOf } from "../../structures/linear-algebra/moments.ts";
import { pickedRows } from "../../threads/picked-rows.ts";
import { squaredNorms } from "../../structures/linear-algebra/squared-norms.ts";
import { whiten } from "../../structures/linear-algebra/whitening.ts";
import type { Matrix } from "../../matrix.ts";
import { zeros } from "../../matrix.ts";
import { createRandom, sampleWithoutReplacement } from "../../random.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { indexesOfSmallest } from "./nearest-rows.ts";

export interface Estimate {
  readonly location: Float64Array;
  readonly covariance: Float64Array;
  readonly logDeterminant: number;
  /** The covariance of the step before, where this one is singular: that one still measures distances off the plane. */
  readonly regularCovariance?: Float64Array;
}

/** Input of the task `mcd/candidates`: random starts on a part of the rows. */
export interface CandidatesTask {
  readonly rows: Matrix;
  readonly supportCount: number;
  readonly startCount: number;
  readonly keptCount: number;
  readonly seed: number;
  readonly stream: number;
}

/** Input of the task `mcd/concentrate`: steps from given estimates. */
export interface ConcentrateTask {
  readonly rows: Matrix;
  readonly supportCount: number;
  readonly stepCountMax: number;
  readonly estimates: readonly Estimate[];
  /** The estimates were made from other rows: the first step only finds the support among these. */
  readonly foreign: boolean;
}

export interface Concentrated {
  readonly estimate: Estimate;
  readonly converged: boolean;
}

/** Steps from a random start: the paper's two are enough to tell good starts from bad ones. */
const startStepCount = 2;

/** Makes many random starts and keeps only the best of them, best first. */
export function* candidatesTask(input: CandidatesTask, kernels: KernelSet): Pieces<Estimate[]> {
  const { rows, supportCount, startCount, keptCount } = input;
  const random = createRandom(input.seed).stream(input.stream);
  const options = { supportCount, stepCountMax: startStepCount, scratch: zeros(supportCount, rows.columnCount) };
  let kept: Estimate[] = [];
  for (let start = 0; start < startCount; start++) {
    const support = sampleWithoutReplacement(rows.rowCount, supportCount, random);
    const { estimate } = yield* concentrate(rows, yield* estimateOf(rows, support, options.scratch, kernels), options, kernels);
    kept = bestOf([...kept, estimate], keptCount);
    // No estimate is better than a singular one, and of equal estimates the first are kept.
    if (kept.length === keptCount && isSingular(kept[keptCount - 1])) break;
  }
  return kept;
}

export function* concentrateTask(input: ConcentrateTask, kernels: KernelSet): Pieces<Concentrated[]> {
  const { rows, supportCount, stepCountMax, estimates, foreign } = input;
  const results: Concentrated[] = [];
  const scratch = zeros(supportCount, rows.columnCount);
  for (const estimate of estimates) {
    const start = foreign
      ? yield* estimateOf(rows, yield* nearestTo(rows, estimate, supportCount, kernels), scratch, kernels)
      : estimate;
    results.push(yield* concentrate(rows, start, { supportCount, stepCountMax, scratch }, kernels));
  }
  return results;
}

/** The `count` estimates of smallest determinant, smallest first; of equals the first. */
export function bestOf(estimates: readonly Estimate[], count: number): Estimate[] {
  // Singular ones are all -Infinity, whose difference is NaN: compare, do not subtract.
  const order = (a: Estimate, b: Estimate) =>
    a.logDeterminant < b.logDeterminant ? -1 : a.logDeterminant > b.logDeterminant ? 1 : 0;
  return estimates.toSorted(order).slice(0, count);
}

function isSingular({ logDeterminant }: Estimate): boolean {
  return logDeterminant === Number.NEGATIVE_INFINITY;
}

interface ConcentrateOptions {
  readonly supportCount: number;
  readonly stepCountMax: number;
  /** Memory for `supportCount` rows, written in every step. */
  readonly scratch: Matrix;
}

/** Steps until the determinant no longer falls (it never rises but by rounding), or the covariance is singular. */
function* concentrate(rows: Matrix, start: Estimate, options: ConcentrateOptions, kernels: KernelSet): Pieces<Concentrated> {
  let estimate = start;
  for (let step = 0; step < options.stepCountMax; step++) {
    if (isSingular(estimate)) return { estimate, converged: true };
    const support = yield* nearestTo(rows, estimate, options.supportCount, kernels);
    const next = yield* estimateOf(rows, support, options.scratch, kernels);
    if (!(next.logDeterminant < estimate.logDeterminant)) return { estimate, converged: true };
    estimate = isSingular(next) ? { ...next, regularCovariance: estimate.covariance } : next;
  }
  return { estimate, converged: isSingular(estimate) };
}

/** The rows of smallest Mahalanobis distance. */
function* nearestTo(rows: Matrix, estimate: Estimate, count: number, kernels: KernelSet): Pieces<Int32Array> {
  const factor = yield* (yield* whiten(estimate.covariance, rows.columnCount, kernels)).factor();
  return indexesOfSmallest(yield* squaredNorms(rows, { center: estimate.location, factor }, kernels), count);
}

function* estimateOf(rows: Matrix, support: Int32Array, scratch: Matrix, kernels: KernelSet): Pieces<Estimate> {
  const { mean, covariance } = yield* momentsOf(yield* pickedRows(rows, support, scratch), undefined, kernels);
  const { logDeterminant } = yield* whiten(covariance, rows.columnCount, kernels);
  return { location: mean, covariance, logDeterminant };
}
