/** kde: how thinly the training rows lie around a row. */

import { defineDetector } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { scoreRows } from "../../threads/score-rows.ts";
import { createKdeModel, restoreKde } from "./model.ts";

/**
 * Scores a row by minus the logarithm of a Gaussian kernel density estimate.
 *
 * Every training row is a small hill of the width `bandwidth`; the density at a row is the height of all hills there.
 * Anomalies lie where the density is low.
 *
 * Good at: rows away from every cluster, whatever the clusters' shapes. Bad at: clusters of different density (one
 * bandwidth serves all: use lof) and many columns, where every row is far from every other.
 *
 * Shapes  train is n x d, n >= 1; scores has n entries; order kept.
 * Units   nats, any sign; columns: comparable, scale first.
 * Missing refused.
 * Cost    fit O(n) and O(n^2 d) for the training scores, score O(n d) a row; memory O(n d).
 * Random  none.
 * Numeric the sum is exact up to rounding, with no cut-off; a row too far for every hill is scored by logarithms. A
 *         training row counts itself. Distances whose squares overflow give the largest float64.
 * Errors  TOO_FEW_ROWS.
 * Source  Latecki, Lazarevic and Pokrajac, Outlier Detection with Kernel Density Functions, MLDM 2007; the plain
 *         estimate of Parzen 1962, as in PyOD.
 */
export const kde = defineDetector({
  id: "kde",
  summary: "Minus the log density under a Gaussian hill on every training row: exact, for a few ten thousand rows.",
  traits: {
    ...traitDefaults,
    fitGrowth: "quadratic",
    trainingScoresAreRescores: true,
    rowMinimum: 1,
    unitsMatter: true,
    shiftInvariant: true,
  },
  params: {
    bandwidth: {
      kind: "number",
      default: 1,
      min: 0,
      max: 1e100,
      minExclusive: true,
      summary: "Standard deviation of each hill, in the units of the columns.",
    },
  },
  async fit(train, params, context) {
    const model = createKdeModel({ points: train.values.slice(), columnCount: train.columnCount, ...params }, context.kernels);
    return { model, trainingScores: await scoreRows("kde", model, train, context) };
  },
  restore: restoreKde,
});
