/** cof: how much longer the chain to a row's neighbours is than the chains to theirs. */

import { compatParam } from "../../detector/compat.ts";
import { defineDetector, type FitContext } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { rowRange, type Matrix } from "../../matrix.ts";
import { buildNeighbourIndex } from "../../structures/neighbours/build-index.ts";
import { distinctRows, spreadToAll } from "../../structures/neighbours/distinct-rows.ts";
import type { Neighbours } from "../../structures/neighbours/neighbour-index.ts";
import { trainingNeighbours, trainingNeighboursTask } from "../../structures/neighbours/training-neighbours.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { inTurns } from "../../threads/pieces.ts";
import { chainingDistance, chainingRatio } from "./chaining-distance.ts";
import { createCofModel, fillChain, meanAt, restoreCof } from "./model.ts";

/** Share of the work, for progress, that the search takes. */
const searchShare = 0.6;
/** Rows between two reports of progress. */
const reportedRowCount = 256;

/**
 * Scores a row by how weakly it is connected: how much longer the links to its neighbours are than theirs.
 *
 * Neighbours are joined to the row one after another, each to the nearest one joined already; the mean link, first ones
 * weighted most, is divided by that of the neighbours. Rows along a line or curve have short links though few are near,
 * so thin patterns count as normal and rows beside them stand out.
 *
 * Good at: anomalies beside lines and curves, clusters of different density. Bad at: groups of anomalies larger than k, and
 * remote rows as such; use knn.
 *
 * Shapes  train is n x d, n >= 2; scores has n entries; order kept. k is cut to the number of other distinct rows.
 * Units   a ratio, >= 0, near 1 in a cluster; columns: comparable: scale first.
 * Missing refused.
 * Cost    fit n searches and O(n k^2 d), score one search and O(k^2 d) a row; memory O(n (d + k)).
 * Random  none.
 * Numeric equal training rows count once; where all neighbours' links have length 0 the score is 0, or the largest finite
 *         number for a row that is apart from them.
 * Source  Tang, Chen, Fu and Cheung, Enhancing Effectiveness of Outlier Detections for Low Density Patterns, PAKDD 2002,
 *         definitions 3 to 6; deviates from it, as PyOD, in the order in which neighbours join the chain.
 */
export const cof = defineDetector({
  id: "cof",
  summary: "How much longer the links to a row's neighbours are than theirs: finds rows beside thin patterns.",
  traits: { ...traitDefaults, fitGrowth: "neighbours", unitsMatter: true, shiftInvariant: true },
  params: {
    nNeighbors: {
      kind: "integer",
      default: 20,
      min: 1,
      max: 10_000,
      summary: "Nearest rows joined to the row; cut to the number of other distinct training rows.",
    },
    method: {
      kind: "choice",
      default: "fast",
      choices: ["fast", "memory"],
      summary: "PyOD's two ways to the same scores; here both use the same search.",
    },
    compat: compatParam("equal training rows count as often as they occur (training scores; new rows stay inductive)."),
  },
  async fit(train, params, context) {
    const distinct = params.compat === "pyod" ? undefined : await inTurns(distinctRows(train), context.signal);
    const rows = distinct?.rows ?? train;
    const index = await inTurns(buildNeighbourIndex(rows, { metric: "euclidean" }, context.kernels), context.signal);
    const neighbourCount = Math.min(params.nNeighbors, rows.rowCount - 1);
    const scores = new Float64Array(rows.rowCount).fill(1);
    let chainingDistances: Float64Array = new Float64Array(rows.rowCount);
    if (neighbourCount > 0) {
      const searchContext = { ...context, progress: (done: number) => context.progress?.(done * searchShare) };
      const neighbours = await trainingNeighbours(index, neighbourCount, searchContext);
      chainingDistances = await inTurns(chainAll(rows, neighbours, context.progress), context.signal);
      for (let row = 0; row < rows.rowCount; row++) {
        const own = neighbours.indexes.subarray(row * neighbourCount, (row + 1) * neighbourCount);
        scores[row] = chainingRatio(chainingDistances[row], meanAt(chainingDistances, own));
      }
    }
    context.progress?.(1);
    const model = createCofModel({ index, neighbourCount, skipsEqualRow: distinct !== undefined, chainingDistances });
    return { model, trainingScores: distinct === undefined ? scores : spreadToAll(scores, distinct) };
  },
  sharedTasks: { trainingNeighbours: trainingNeighboursTask },
  restore: restoreCof,
});

/** Each row's average chaining distance. */
function* chainAll(rows: Matrix, { k, indexes }: Neighbours, report: FitContext["progress"]): Pieces<Float64Array> {
  const result = new Float64Array(rows.rowCount);
  const chain = new Float64Array((k + 1) * rows.columnCount);
  for (let row = 0; row < rows.rowCount; row++) {
    fillChain(rowRange(rows, row, row + 1).values, indexes.subarray(row * k, (row + 1) * k), rows, chain);
    result[row] = yield* chainingDistance(chain, rows.columnCount);
    if (row % reportedRowCount === 0) report?.(searchShare + (1 - searchShare) * (row / rows.rowCount));
    yield;
  }
  return result;
}
