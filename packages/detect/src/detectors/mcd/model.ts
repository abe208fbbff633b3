/** The fitted mcd model: a robust location and the map under which squared length is squared Mahalanobis distance. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { damaged, stateFiniteArray } from "../../detector/state.ts";
import type { CenteredTransform } from "../../kernels/dense-kernels.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { capScores } from "../../structures/linear-algebra/finite-scores.ts";
import { quadraticContributions } from "../../structures/linear-algebra/quadratic-contributions.ts";
import { columnCountMax } from "../../matrix.ts";

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
  const center = stateFiniteArray(state, "location");
  const factor = stateFiniteArray(state, "factor");
  const columnCount = center.length;
  if (columnCount < 1 || columnCount > columnCountMax) throw damaged("location", `1 to ${columnCountMax} entries`);
  if (factor.length % columnCount !== 0 || factor.length > columnCount * columnCount) {
    throw damaged("factor", `at most ${columnCount} rows of ${columnCount} values`);
  }
  return createMcdModel({ center, factor }, kernels);
}
