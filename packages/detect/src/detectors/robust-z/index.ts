/** robust-z: distance of each value from its column's median, in robust standard deviations. */

import { defineDetector } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { columnInto } from "../../matrix.ts";
import { createRobustZModel, restoreRobustZ } from "./model.ts";

/** Makes the median absolute deviation estimate the standard deviation of normal data: 1 / Phi^-1(3/4). */
const consistency = 0.6745;

/**
 * Scores a row by its most unusual column, in robust standard deviations.
 *
 * Each column is centred on its median and divided by its median absolute deviation (MAD), so that the anomalies
 * themselves hardly move the yardstick. A row's score combines its columns' absolute z-scores.
 *
 * Good at: one value far from the rest of its column. Bad at: unusual combinations of usual values; use mcd or knn.
 *
 * Shapes  train is n x d, n >= 2; scores has n entries; order kept.
 * Units   robust standard deviations, >= 0; columns: any units.
 * Missing refused.
 * Cost    fit O(n d log n), score O(d) a row; memory O(d).
 * Random  none.
 * Numeric a column with MAD 0 falls back to the mean absolute deviation; a constant column counts any other value as
 *         `constantColumnZ`.
 * Source  Iglewicz and Hoaglin, How to Detect and Handle Outliers, ASQC 1993, section 3.3: M = 0.6745 (x - median) / MAD.
 */
export const robustZ = defineDetector({
  id: "robust-z",
  summary: "Distance from the column median in robust standard deviations: simple, instant, explains itself.",
  traits: {
    ...traitDefaults,
    trainingScoresAreRescores: true,
    explains: "sums-to-score",
    shiftInvariant: true,
    scaleInvariant: true,
  },
  params: {
    aggregate: {
      kind: "choice",
      default: "max",
      choices: ["max", "mean"],
      summary: "How a row's columns combine: the largest absolute z-score, or their mean.",
    },
  },
  async fit(train, params) {
    const { columnCount, rowCount } = train;
    const centers = new Float64Array(columnCount);
    const scales = new Float64Array(columnCount);
    const column = new Float64Array(rowCount);
    for (let index = 0; index < columnCount; index++) {
      columnInto(train, index, column);
      centers[index] = sortedMedian(column.sort());
      scales[index] = robustScale(column, centers[index]);
    }
    const model = createRobustZModel({ centers, scales, aggregate: params.aggregate });
    const trainingScores = new Float64Array(rowCount);
    model.scoreInto(train, trainingScores);
    return { model, trainingScores };
  },
  restore: restoreRobustZ,
});

function sortedMedian(sorted: Float64Array): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** MAD / 0.6745; where more than half the column is one value, the mean absolute deviation; 0 for a constant column. */
function robustScale(sorted: Float64Array, center: number): number {
  const deviations = sorted.map((value) => Math.abs(value - center)).sort();
  const median = sortedMedian(deviations);
  if (median > 0) return median / consistency;
  let sum = 0;
  for (const deviation of deviations) sum += deviation;
  // 1.2533 = sqrt(pi / 2) makes the mean deviation consistent for normal data (ibid., section 3.3).
  return (1.2533 * sum) / deviations.length;
}
