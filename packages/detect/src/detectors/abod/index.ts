/** abod: how little the directions to a row's neighbours vary. */

import { compatParam } from "../../detector/compat.ts";
import { defineDetector } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { buildNeighbourIndex } from "../../structures/neighbours/build-index.ts";
import { distinctRows } from "../../structures/neighbours/distinct-rows.ts";
import { metricParams } from "../../structures/neighbours/metric-params.ts";
import { scoreRows } from "../../threads/score-rows.ts";
import { inTurns } from "../../threads/pieces.ts";
import { createAbodModel, restoreAbod } from "./model.ts";

/**
 * Scores a row by how little the directions to its neighbours vary.
 *
 * A row inside a cluster has neighbours on all sides, near and far; a row outside has all of them on one side. The score is
 * minus the variance of the angles between neighbours, near ones weighted more: 0 at most, near 0 for anomalies.
 *
 * Good at: rows at the rim and outside, many columns. Bad at: anomalies amid others, and clusters of unequal density, since the
 * weights make density count more than shape; use lof or knn.
 *
 * Shapes  train is n x d, n >= 2; scores has n entries; order kept. k is cut to the number of other distinct rows.
 * Units   minus 1/length^2 squared, <= 0; columns: comparable: scale first.
 * Missing refused.
 * Cost    fit n searches and O(n k^2 d), score one search and O(k^2 d) a row; method "default" O(n^2 d) a row; memory O(n d).
 * Random  none.
 * Numeric rows equal to the one scored form no angle and are passed over, and equal training rows count once; without a
 *         pair of neighbours the score is 0.
 * Source  Kriegel, Schubert and Zimek, Angle-Based Outlier Detection in High-Dimensional Data, KDD 2008: FastABOD, and ABOD
 *         (definition 2); deviates from it, as PyOD, in the plain variance of the weighted cosines.
 */
export const abod = defineDetector({
  id: "abod",
  summary: "How little the directions to a row's neighbours vary: finds rows that see all others on one side.",
  traits: {
    ...traitDefaults,
    fitGrowth: "single-neighbours",
    trainingScoresAreRescores: true,
    unitsMatter: true,
    shiftInvariant: true,
  },
  params: {
    nNeighbors: {
      kind: "integer",
      default: 5,
      min: 2,
      max: 10_000,
      summary: "Nearest rows whose directions are compared; cut to the number of other distinct training rows.",
    },
    method: {
      kind: "choice",
      default: "fast",
      choices: ["fast", "default"],
      summary: "Look at the nearest rows, or (default) at all rows: cubic in their number.",
    },
    ...metricParams,
    compat: compatParam(
      "a training row is one of its own nearest rows, and equal rows take as many places as there are of them.",
    ),
  },
  async fit(train, params, context) {
    const { metric, p } = params;
    const countsEqualRows = params.compat === "pyod";
    const rows = countsEqualRows ? train : (await inTurns(distinctRows(train), context.signal)).rows;
    const index = await inTurns(buildNeighbourIndex(rows, { metric, p }, context.kernels), context.signal);
    const others = Math.max(1, rows.rowCount - 1);
    const isCubic = params.method === "default";
    // PyOD's cubic method compares a row with all rows, including itself, and skips equal ones.
    const neighbourCount = isCubic && countsEqualRows ? rows.rowCount : isCubic ? others : Math.min(params.nNeighbors, others);
    const model = createAbodModel({ index, neighbourCount, countsEqualRows });
    return { model, trainingScores: await scoreRows("abod", model, train, context) };
  },
  restore: restoreAbod,
});
