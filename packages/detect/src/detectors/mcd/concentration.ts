/** Concentration steps: from an estimate to the rows nearest to it, and to the estimate from those rows. */

import type { KernelSet } from "../../kernels/kernel-set.ts";
import { capScores } from "../../linear-algebra/finite-scores.ts";
import { momentsOf } from "../../linear-algebra/moments.ts";
import { whiten } from "../../linear-algebra/whitening.ts";
import type { Matrix } from "../../matrix.ts";
import { pickRows } from "../../matrix.ts";
import { createRandom, sampleWithoutReplacement } from "../../random.ts";
import { indexesOfSmallest } from "./nearest-rows.ts";

export interface Estimate {
  readonly location: Float64Array;
  readonly covariance: Float64Array;
  readonly logDeterminant: number;
  /** The covariance of the step before, where this one came out singular: it still measures distances off the plane. */
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

/** The best of many random starts, best first. */
export function candidatesTask(input: CandidatesTask, kernels: KernelSet): Estimate[] {
  const { rows, supportCount, startCount, keptCount } = input;
  const random = createRandom(input.seed).stream(input.stream);
  const estimates: Estimate[] = [];
  for (let start = 0; start < startCount; start++) {
    const support = sampleWithoutReplacement(rows.rowCount, supportCount, random);
    estimates.push(
      concentrate(rows, estimateOf(rows, support, kernels), { supportCount, stepCountMax: startStepCount }, kernels).estimate,
    );
  }
  return bestOf(estimates, keptCount);
}

export function concentrateTask(input: ConcentrateTask, kernels: KernelSet): Concentrated[] {
  const { rows, supportCount, stepCountMax, estimates, foreign } = input;
  return estimates.map((estimate) => {
    const start = foreign ? estimateOf(rows, nearestTo(rows, estimate, supportCount, kernels), kernels) : estimate;
    return concentrate(rows, start, { supportCount, stepCountMax }, kernels);
  });
}

/** Those of smallest determinant, smallest first; of equals the first. */
export function bestOf(estimates: readonly Estimate[], count: number): Estimate[] {
  // Singular ones are all -Infinity, whose difference is NaN: compare, do not subtract.
  const order = (a: Estimate, b: Estimate) =>
    a.logDeterminant < b.logDeterminant ? -1 : a.logDeterminant > b.logDeterminant ? 1 : 0;
  return estimates.toSorted(order).slice(0, count);
}

/** Squared Mahalanobis distances of all rows. */
export function distancesTo(
  rows: Matrix,
  shape: { readonly location: Float64Array; readonly covariance: Float64Array },
  kernels: KernelSet,
): Float64Array {
  const distances = new Float64Array(rows.rowCount);
  const factor = whiten(shape.covariance, rows.columnCount).factor();
  kernels.squaredNormsInto(rows, { center: shape.location, factor }, distances);
  capScores(distances);
  return distances;
}

/** Steps until the determinant no longer falls (it never rises but by rounding), or the covariance is singular. */
function concentrate(
  rows: Matrix,
  start: Estimate,
  options: { readonly supportCount: number; readonly stepCountMax: number },
  kernels: KernelSet,
): Concentrated {
  let estimate = start;
  for (let step = 0; step < options.stepCountMax; step++) {
    if (estimate.logDeterminant === Number.NEGATIVE_INFINITY) return { estimate, converged: true };
    const support = nearestTo(rows, estimate, options.supportCount, kernels);
    const next = estimateOf(rows, support, kernels);
    if (!(next.logDeterminant < estimate.logDeterminant)) return { estimate, converged: true };
    const singular = next.logDeterminant === Number.NEGATIVE_INFINITY;
    estimate = singular ? { ...next, regularCovariance: estimate.covariance } : next;
  }
  return { estimate, converged: estimate.logDeterminant === Number.NEGATIVE_INFINITY };
}

function nearestTo(rows: Matrix, estimate: Estimate, count: number, kernels: KernelSet): Int32Array {
  return indexesOfSmallest(distancesTo(rows, estimate, kernels), count);
}

function estimateOf(rows: Matrix, support: Int32Array, kernels: KernelSet): Estimate {
  const { mean, covariance } = momentsOf(pickRows(rows, support), undefined, kernels);
  return { location: mean, covariance, logDeterminant: whiten(covariance, rows.columnCount).logDeterminant };
}
