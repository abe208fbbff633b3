/** hbos: how rare a row's values are in a histogram of each column. */

import { compatParam } from "../../detector/compat.ts";
import { defineDetector } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import type { CountedBins } from "../../structures/histograms/fit-bins.ts";
import { binTasks, fitBins } from "../../structures/histograms/fit-bins.ts";
import { scoreRows } from "../../threads/score-rows.ts";
import { createHbosModel, restoreHbos } from "./model.ts";

/**
 * Scores a row by how thinly populated the histogram bins of its values are.
 *
 * Each column gets a histogram; a value counts minus log2 of its bin's density, with `alpha` added so that an empty bin
 * does not count without limit. The row's score is the sum: the likelihood of the row, were its columns independent.
 *
 * Good at: rare values anywhere in a column, in gaps as well as at the ends, at almost no cost. Bad at: unusual
 * combinations of usual values (use mcd or knn), and structure finer than the bins.
 *
 * Shapes  train is n x d, n >= 2; scores has n entries; order kept.
 * Units   bits, from -d log2(largest density + alpha) to -d log2(alpha); columns: comparable, since `alpha` is a density.
 * Missing refused.
 * Cost    fit O(n d) (sorted bins: O(n d) by radix sort), score O(d) a row; memory O(bins).
 * Random  none.
 * Numeric bins are closed on the left, the last on both sides, counting and looking up; with `compat: "pyod"` a value on
 *         an inner edge is counted above it and looked up below it (README). A constant column gets bins around its value.
 * Source  Goldstein and Dengel, Histogram-based Outlier Score (HBOS), KI 2012; deviates from it in densities that are
 *         not divided by the largest, in `alpha` and in `tol`, as PyOD does.
 */
export const hbos = defineDetector({
  id: "hbos",
  summary: "Sums how rare each value is in a histogram of its column: the fastest of all, explains itself.",
  traits: {
    ...traitDefaults,
    trainingScoresAreRescores: true,
    explains: "sums-to-score",
    unitsMatter: true,
    shiftInvariant: true,
  },
  params: {
    nBins: {
      kind: "number-or-word",
      default: 10,
      words: ["auto"],
      min: 2,
      max: 10_000,
      integer: true,
      summary: "Bins of each column's histogram; auto: as many as the column is worth, by penalised likelihood.",
    },
    alpha: {
      kind: "number",
      default: 0.1,
      min: 0,
      max: 1,
      minExclusive: true,
      maxExclusive: true,
      summary: "Added to every density: bounds what an empty bin counts.",
    },
    tol: {
      kind: "number",
      default: 0.5,
      min: 0,
      max: 1,
      minExclusive: true,
      maxExclusive: true,
      summary: "How far beyond the outermost bin a value still counts to it, in bin widths.",
    },
    binning: {
      kind: "choice",
      default: "static",
      choices: ["static", "dynamic"],
      summary: "static: bins of equal width; dynamic: bins with equal numbers of rows, for columns with long tails.",
    },
    compat: compatParam("values on an edge are counted above it and looked up below it; nBins auto by another penalty."),
  },
  async fit(train, params, context) {
    const asPyod = params.compat === "pyod";
    const rule = asPyod ? "pyod" : "birge-rozenholc";
    const choice = { binning: params.binning, binCount: params.nBins, rule } as const;
    const counted = await fitBins("hbos", train, choice, context);
    const cells = binCells(counted, params.alpha);
    const { firstBins, edges } = counted.bins;
    const closed = asPyod && params.binning === "static" ? "right" : "left";
    const model = createHbosModel({ firstBins, edges, cells, tol: params.tol, closed }, context.kernels);
    return { model, trainingScores: await scoreRows("hbos", model, train, context) };
  },
  restore: restoreHbos,
  tasks: binTasks,
});

/** Minus log2(density + alpha) of each bin. */
function binCells({ bins, counts }: CountedBins, alpha: number): Float64Array {
  const { firstBins, edges } = bins;
  const cells = new Float64Array(counts.length);
  for (let column = 0; column < firstBins.length - 1; column++) {
    let rowCount = 0;
    for (let bin = firstBins[column]; bin < firstBins[column + 1]; bin++) rowCount += counts[bin];
    for (let bin = firstBins[column]; bin < firstBins[column + 1]; bin++) {
      const width = edges[bin + column + 1] - edges[bin + column];
      // A bin as narrow as the smallest numbers has a density beyond float64.
      const density = Math.min(counts[bin] / width / rowCount, Number.MAX_VALUE);
      cells[bin] = 0 - Math.log2(density + alpha);
    }
  }
  return cells;
}
