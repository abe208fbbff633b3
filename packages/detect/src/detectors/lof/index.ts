/** lof: how much thinner the data is around a row than around its neighbours. */

import { compatParam } from "../../detector/compat.ts";
import { defineDetector } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { buildNeighbourIndex } from "../../structures/neighbours/build-index.ts";
import { distinctRows, spreadToAll } from "../../structures/neighbours/distinct-rows.ts";
import { metricParams } from "../../structures/neighbours/metric-params.ts";
import { trainingNeighbours, trainingNeighboursTask } from "../../structures/neighbours/training-neighbours.ts";
import { inTurns } from "../../threads/pieces.ts";
import { createLofModel, factorsOf, restoreLof } from "./model.ts";

/** scikit-learn adds this to a mean reachability, so that copies of one row do not divide by zero. */
const scikitSmoothing = 1e-10;

/**
 * Scores a row by how much thinner the data is around it than around its neighbours (the local outlier factor).
 *
 * Each row has a density: one over the mean distance at which it reaches its k nearest rows, where no distance counts
 * less than the neighbour's own k-distance. The score is the mean density of the neighbours over the row's own:
 * about 1 inside a cluster however dense that is, larger at its edge and beyond. Equal training rows are one place
 * with a weight, as the paper defines it for data with copies.
 *
 * Good at: rows that are odd for their own neighbourhood, next to clusters of different density. Bad at: anomalies that
 * form a group of more than k rows, and scattered noise; use knn or isolation-forest.
 *
 * Shapes  train is n x d, n >= 2; scores has n entries; order kept. k is cut to the number of other distinct rows.
 * Units   a ratio of densities, about 1 is usual; columns: comparable, scale first.
 * Missing refused.
 * Cost    fit up to O(n^2 d), about O(n log n) in few columns; score up to O(n d) a row; memory O(n d): the rows are kept.
 * Random  none.
 * Numeric distances are float64-exact; neighbours at equal distance are cut at k by row order; when all training rows
 *         are equal their scores are 1.
 * Source  Breunig, Kriegel, Ng, Sander, LOF: identifying density-based local outliers, SIGMOD 2000, definitions 3 to 7
 *         and the remark on k-distinct-distance; deviates from it in keeping k places where more are equally far.
 */
export const lof = defineDetector({
  id: "lof",
  summary: "Density around a row against the density around its neighbours: finds what is odd for its surroundings.",
  traits: { ...traitDefaults, fitGrowth: "neighbours", unitsMatter: true, shiftInvariant: true },
  params: {
    nNeighbors: {
      kind: "integer",
      default: 20,
      min: 1,
      max: 10_000,
      summary: "Nearest rows that make a neighbourhood; cut to the number of other distinct training rows.",
    },
    ...metricParams,
    compat: compatParam("equal training rows are neighbours of each other, and 1e-10 is added to each mean reachability."),
  },
  async fit(train, params, context) {
    const { metric, p, compat, nNeighbors } = params;
    const distinct = compat === "pyod" ? undefined : await inTurns(distinctRows(train), context.signal);
    const smoothing = compat === "pyod" ? scikitSmoothing : 0;
    const index = await inTurns(buildNeighbourIndex(distinct?.rows ?? train, { metric, p }, context.kernels), context.signal);
    const counts = distinct?.counts ?? new Int32Array(index.rowCount).fill(1);
    if (index.rowCount === 1) {
      // All training rows are equal: the one distinct row is its own neighbour.
      const alone = { k: 1, distances: new Float64Array(1), indexes: new Int32Array(1) };
      const { reaches, densities } = factorsOf(alone, counts, smoothing);
      const model = createLofModel({ index, neighbourCount: 1, smoothing, counts, reaches, densities });
      return { model, trainingScores: new Float64Array(train.rowCount).fill(1) };
    }
    const neighbourCount = Math.min(nNeighbors, index.rowCount - 1);
    const neighbours = await trainingNeighbours(index, neighbourCount, context);
    const { reaches, densities, scores } = factorsOf(neighbours, counts, smoothing);
    const model = createLofModel({ index, neighbourCount, smoothing, counts, reaches, densities });
    return { model, trainingScores: distinct === undefined ? scores : spreadToAll(scores, distinct) };
  },
  sharedTasks: { trainingNeighbours: trainingNeighboursTask },
  restore: restoreLof,
});
