/** The fitted gmm model: a mixture of Gaussians. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { damaged, stateFiniteArray, stateInteger } from "../../detector/state.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { capScores } from "../../structures/linear-algebra/finite-scores.ts";
import { columnCountMax } from "../../matrix.ts";
import type { Mixture } from "./mixture.ts";
import { logSums, weightedLogDensity } from "./mixture.ts";

/** Score: minus the log density. */
export function createGmmModel(mixture: Mixture, kernels: KernelSet): Model {
  const columnCount = mixture.gaussians[0].mean.length;
  return {
    columnCount,
    scoreInto(rows, scores) {
      const own = scores.subarray(0, rows.rowCount);
      logSums(
        mixture.gaussians.map((_, k) => weightedLogDensity(rows, mixture, k, kernels)),
        own,
      );
      for (let row = 0; row < own.length; row++) own[row] = -own[row];
      capScores(own);
    },
    toState: () => stateOf(mixture, columnCount),
  };
}

function stateOf(mixture: Mixture, columnCount: number): ModelState {
  const { gaussians, logWeights } = mixture;
  const count = gaussians.length;
  const means = new Float64Array(count * columnCount);
  const factors = new Float64Array(count * columnCount * columnCount);
  for (const [k, { mean, factor }] of gaussians.entries()) {
    means.set(mean, k * columnCount);
    factors.set(factor, k * columnCount * columnCount);
  }
  const logPeaks = Float64Array.from(gaussians, ({ logPeak }) => logPeak);
  return { values: { columnCount }, arrays: { logWeights, logPeaks, means, factors } };
}

export function restoreGmm(state: ModelState, kernels: KernelSet): Model {
  const columnCount = stateInteger(state, "columnCount", 1, columnCountMax);
  const logWeights = stateFiniteArray(state, "logWeights");
  const count = logWeights.length;
  if (count === 0) throw damaged("logWeights", "at least one component");
  const logPeaks = stateFiniteArray(state, "logPeaks", count);
  const means = stateFiniteArray(state, "means", count * columnCount);
  const factors = stateFiniteArray(state, "factors", count * columnCount * columnCount);
  const gaussians = Array.from(logPeaks, (logPeak, k) => ({
    mean: means.subarray(k * columnCount, (k + 1) * columnCount),
    factor: factors.subarray(k * columnCount * columnCount, (k + 1) * columnCount * columnCount),
    logPeak,
  }));
  return createGmmModel({ gaussians, logWeights }, kernels);
}
