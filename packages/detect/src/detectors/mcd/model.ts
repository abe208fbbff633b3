/** The fitted mcd model: a robust location and the map under which squared length is squared Mahalanobis distance. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { damaged, stateArray } from "../../detector/state.ts";
import type { CenteredTransform } from "../../kernels/dense-kernels.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { capScores } from "../../linear-algebra/finite-scores.ts";
import { quadraticContributions } from "../../linear-algebra/quadratic-contributions.ts";

/** @param transform `factor` has no row where the covariance is zero: every score is then 0. */
export function createMcdModel(transform: CenteredTransform, kernels: KernelSet): Model {
  return {
    columnCount: transform.center.length,
    scoreInto(rows, scores) {
      kernels.squaredNormsInto(rows, transform, scores);
      capScores(scores.subarray(0, rows.rowCount));
    },
    contributionsInto: (rows, out) => quadraticContributions(rows, transform, out),
    toState: () => ({ values: {}, arrays: { location: transform.center, factor: transform.factor } }),
  };
}

export function restoreMcd(state: ModelState, kernels: KernelSet): Model {
  const center = stateArray(state, "location", Float64Array);
  const factor = stateArray(state, "factor", Float64Array);
  if (center.length === 0) throw damaged("location", "at least one column");
  if (factor.length % center.length !== 0) throw damaged("factor", `rows of ${center.length} values`);
  if (![...center, ...factor].every(Number.isFinite)) throw damaged("factor", "finite numbers");
  return createMcdModel({ center, factor }, kernels);
}
