/** knn: distance to the nearest training rows. */

import { compatParam } from "../../detector/compat.ts";
import { defineDetector } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { buildNeighbourIndex } from "../../structures/neighbours/build-index.ts";
import { distinctRows, spreadToAll } from "../../structures/neighbours/distinct-rows.ts";
import { metricParams } from "../../structures/neighbours/metric-params.ts";
import { trainingNeighbours, trainingNeighboursTask } from "../../structures/neighbours/training-neighbours.ts";
import { inTurns } from "../../threads/pieces.ts";
import { combineInto, createKnnModel, knnMethods, restoreKnn } from "./model.ts";

/**
 * Scores a row by how far it lies from its nearest training rows.
 *
 * Usual rows have near neighbours, anomalies do not: the distance to the k-th nearest row (or the mean or median of the k
 * distances) is small in a cluster and large far out. Equal training rows count once: otherwise copies of an anomaly
 * would be each other's nearest neighbours and score low.
 *
 * Good at: rows far from all others, clusters of any shape, few columns. Bad at: clusters of different density (use
 * lof), and irrelevant columns, which add to every distance.
 *
 * Shapes  train is n x d, n >= 2; scores has n entries; order kept. k is cut to the number of other distinct rows.
 * Units   a distance, >= 0; columns: comparable, scale first.
 * Missing refused.
 * Cost    fit up to O(n^2 d), about O(n log n) in few columns; score up to O(n d) a row; memory O(n d): the rows are kept.
 * Random  none.
 * Numeric distances are float64-exact; without other distinct rows the training scores are 0.
 * Source  Ramaswamy, Rastogi, Shim, Efficient algorithms for mining outliers from large data sets, SIGMOD 2000
 *         (largest); Angiulli and Pizzuti, Fast outlier detection in high dimensional spaces, PKDD 2002 (mean, as a sum).
 */
export const knn = defineDetector({
  id: "knn",
  summary: "Distance to the nearest training rows: strong on lone rows and clusters of any shape.",
  traits: { ...traitDefaults, fitGrowth: "neighbours", unitsMatter: true, shiftInvariant: true },
  params: {
    nNeighbors: {
      kind: "integer",
      default: 5,
      min: 1,
      max: 10_000,
      summary: "Nearest rows looked at; cut to the number of other distinct training rows.",
    },
    method: {
      kind: "choice",
      default: "largest",
      choices: knnMethods,
      summary: "The score: distance to the farthest of the nearest rows, or the mean or median of the distances.",
    },
    ...metricParams,
    compat: compatParam("equal training rows count as often as they occur."),
  },
  async fit(train, params, context) {
    const { metric, p, method, compat, nNeighbors } = params;
    const distinct = compat === "pyod" ? undefined : await inTurns(distinctRows(train), context.signal);
    const index = await inTurns(buildNeighbourIndex(distinct?.rows ?? train, { metric, p }, context.kernels), context.signal);
    const neighbourCount = Math.max(1, Math.min(nNeighbors, index.rowCount - 1));
    const model = createKnnModel({ index, neighbourCount, method });
    const scores = new Float64Array(index.rowCount);
    if (index.rowCount > 1) combineInto(await trainingNeighbours(index, neighbourCount, context), method, scores);
    return { model, trainingScores: distinct === undefined ? scores : spreadToAll(scores, distinct) };
  },
  sharedTasks: { trainingNeighbours: trainingNeighboursTask },
  restore: restoreKnn,
});
