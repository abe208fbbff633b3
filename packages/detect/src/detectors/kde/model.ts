/** The fitted kde model: the training rows and a bandwidth. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { damaged, stateFiniteArray, stateInteger, stateNumber } from "../../detector/state.ts";
import type { GaussianPoints } from "../../kernels/dense-kernels.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { capScores } from "../../structures/linear-algebra/finite-scores.ts";
import type { Matrix } from "../../matrix.ts";
import { columnCountMax, pickRows } from "../../matrix.ts";

interface KdeState {
  readonly points: Float64Array;
  readonly columnCount: number;
  readonly bandwidth: number;
}

/** A smaller sum may have lost terms to underflow, and is computed again relative to the nearest point. */
const trustedSum = 1e-280;

export function createKdeModel(state: KdeState, kernels: KernelSet): Model {
  const { points, columnCount, bandwidth } = state;
  const rowCount = points.length / columnCount;
  const factor = 0.5 / bandwidth / bandwidth;
  const logNormalizer = Math.log(rowCount) + columnCount * (Math.log(bandwidth) + 0.5 * Math.log(2 * Math.PI));
  // The kernels copy the points when the first row is scored.
  let held: GaussianPoints | undefined;
  const heldPoints = () => (held ??= kernels.gaussianPoints({ rowCount, columnCount, values: points }));

  function scoreInto(rows: Matrix, scores: Float64Array): void {
    if (rows.rowCount === 0) return;
    const sums = new Float64Array(rows.rowCount);
    heldPoints().sumsInto(rows, { factor, shifts: new Float64Array(rows.rowCount) }, sums);
    const far: number[] = [];
    for (const [row, sum] of sums.entries()) {
      scores[row] = logNormalizer - Math.log(sum);
      if (sum < trustedSum) far.push(row);
    }
    if (far.length === 0) return;
    const farScores = scoresOfFar(pickRows(rows, far));
    for (const [i, row] of far.entries()) scores[row] = farScores[i];
  }

  /** log sum exp(-a_i) = -min a + log sum exp(min a - a_i). */
  function scoresOfFar(rows: Matrix): Float64Array {
    const shifts = new Float64Array(rows.rowCount);
    heldPoints().nearestInto(rows, shifts);
    for (let row = 0; row < shifts.length; row++) shifts[row] *= factor;
    const scores = new Float64Array(rows.rowCount);
    heldPoints().sumsInto(rows, { factor, shifts }, scores);
    for (let row = 0; row < scores.length; row++) scores[row] = logNormalizer + shifts[row] - Math.log(scores[row]);
    capScores(scores);
    return scores;
  }

  return {
    columnCount,
    scoreInto,
    toState: () => ({ values: { columnCount, bandwidth }, arrays: { points } }),
  };
}

export function restoreKde(state: ModelState, kernels: KernelSet): Model {
  const columnCount = stateInteger(state, "columnCount", 1, columnCountMax);
  const bandwidth = stateNumber(state, "bandwidth", Number.MIN_VALUE, 1e100);
  const points = stateFiniteArray(state, "points");
  if (points.length === 0 || points.length % columnCount !== 0) throw damaged("points", `rows of ${columnCount} values`);
  return createKdeModel({ points, columnCount, bandwidth }, kernels);
}
