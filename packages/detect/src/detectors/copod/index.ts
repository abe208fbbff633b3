/** copod: how far out in the skewed tail of its columns a row lies, by the columns' empirical distributions. */

import { defineDetector } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { fitTails, tailTasks } from "../../structures/ecdf/fit-tails.ts";
import { restoreCopod } from "./model.ts";

/**
 * Scores a row by how improbable its values are, mostly in the longer tail of each column; no parameter to set.
 *
 * The empirical copula puts each value at its place in its column's distribution. A cell counts minus the logarithm of
 * the tail on the side to which the column is skewed, or the mean of both tails where that is larger; the row's score
 * is the sum. This suits columns whose anomalies lie in the long tail (amounts, durations, counts): the short one weighs less.
 *
 * Good at: extreme values in skewed columns, in many columns at little cost. Bad at: extremes on the short side (use
 * ecod), values in a gap (use hbos), unusual combinations of usual values (use mcd or knn).
 *
 * Shapes  train is n x d, n >= 2; scores has n entries; order kept.
 * Units   nats (minus natural logarithms of probabilities), 0 to 2 d ln(n + 1); columns: any units.
 * Missing refused.
 * Cost    fit O(n d) by radix sort, score O(d log n) a row, O(d) in large batches; memory O(n d).
 * Random  none.
 * Numeric a training row is one of n rows; a new row is counted in as row n + 1, its skewness too, so beyond the
 *         training range its tail is 1 / (n + 1), never 0. Zero skewness counts both tails; a constant column counts 0.
 * Source  Li, Zhao, Botta, Ionescu and Hu, COPOD: Copula-Based Outlier Detection, ICDM 2020, algorithm 1; deviates from
 *         it in taking the larger of the sums a cell instead of a row, as PyOD does.
 */
export const copod = defineDetector({
  id: "copod",
  summary: "Sums how improbable each value is in the skewed tail of its column: no parameters, fast, explains itself.",
  traits: { ...traitDefaults, explains: "sums-to-score", shiftInvariant: true, scaleInvariant: true },
  params: {},
  fit: (train, _params, context) => fitTails(train, "copod", context),
  restore: restoreCopod,
  tasks: tailTasks,
});
