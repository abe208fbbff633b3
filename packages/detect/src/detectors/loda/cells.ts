/** What each bin of each cut adds to a score: minus the logarithm of its probability, corrected or as PyOD computes it. */

import type { ProjectedSteps } from "../../kernels/column-kernels.ts";

export interface StepCells {
  readonly steps: ProjectedSteps;
  /** One number for each place of each step function. */
  readonly cells: Float64Array;
  /** The sum over cuts is divided by this. */
  readonly divisor: number;
}

/** Added to every count: half a row, as Krichevsky and Trofimov estimate probabilities of what may not have been seen. */
const unseenRows = 0.5;
/** PyOD adds this to every count. */
const pyodUnseenRows = 1e-12;

/** Minus ln((count + 1/2) / (rows + bins / 2)); outside the bins the count is 0. */
export function correctedCells(steps: ProjectedSteps, counts: Int32Array, rowCount: number): StepCells {
  const cells = new Float64Array(counts.length);
  for (let cut = 0; cut < steps.count; cut++) {
    const binCount = steps.mosts[cut];
    const start = steps.starts[cut];
    const total = rowCount + unseenRows * binCount;
    for (let at = start; at < start + binCount + 2; at++) cells[at] = 0 - Math.log((counts[at] + unseenRows) / total);
  }
  return { steps, cells, divisor: steps.count };
}

/**
 * PyOD counts bins closed on the left, then looks a value up among all edges but the last two, closed on the right:
 * every bin but the last is read one too high, and what lies outside counts as the first or last bin. Its weights are
 * 1 / cuts already, and the sum is divided by the cuts once more.
 */
export function pyodCells(steps: ProjectedSteps, counts: Int32Array, ranges: Float64Array): StepCells {
  const histograms = Array.from({ length: steps.count }, (_, cut) => {
    const start = steps.starts[cut] + 1;
    const raised = Array.from(counts.subarray(start, start + steps.mosts[cut]), (count) => count + pyodUnseenRows);
    const total = raised.reduce((sum, count) => sum + count, 0);
    return Float64Array.from(raised, (count) => count / total);
  });
  return pyodSteps(steps, ranges, histograms);
}

/** Steps and cells from what PyOD has fitted: the range of each cut and the probability of each bin. */
export function pyodSteps(
  projections: Pick<ProjectedSteps, "count" | "width" | "columns" | "weights">,
  ranges: Float64Array,
  histograms: readonly Float64Array[],
): StepCells {
  const { count, width, columns, weights } = projections;
  const starts = new Int32Array(count);
  for (let cut = 1; cut < count; cut++) starts[cut] = starts[cut - 1] + histograms[cut - 1].length;
  const cells = new Float64Array(starts[count - 1] + histograms[count - 1].length);
  const scales = new Float64Array(count);
  for (const [cut, histogram] of histograms.entries()) {
    const binCount = histogram.length;
    // Counted downwards, so that rounding down the place rounds the bin up: ceil(x) = -floor(-x).
    scales[cut] = -Math.min(binCount / (ranges[2 * cut + 1] - ranges[2 * cut]), Number.MAX_VALUE);
    for (let bin = 0; bin < binCount; bin++) {
      cells[starts[cut] + binCount - 1 - bin] = (0 - Math.log(histogram[bin])) / count;
    }
  }
  const steps: ProjectedSteps = {
    count,
    width,
    columns,
    weights,
    lows: Float64Array.from({ length: count }, (_, cut) => ranges[2 * cut]),
    scales,
    leasts: Int32Array.from(histograms, (histogram) => 1 - histogram.length),
    mosts: new Int32Array(count),
    starts,
  };
  return { steps, cells, divisor: count };
}
