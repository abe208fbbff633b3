/** ecod: how far out in the tails of its columns a row lies, by the columns' empirical distributions. */

import { defineDetector } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { fitTails, tailTasks } from "../../structures/ecdf/fit-tails.ts";
import { restoreEcod } from "./model.ts";

/**
 * Scores a row by how improbable its values are, each in the tail of its own column; no parameter to set.
 *
 * The share of training rows not above a value is its left tail, the share not below it its right tail. A cell counts
 * minus the logarithm of the smaller of the two: a value beyond all but one row in a thousand counts ln 1000 = 6.9.
 * The row's score is the sum. Nothing is assumed about the shape of a column, so it works on any units at once.
 *
 * Good at: values at the ends of their columns, in many columns at little cost. Bad at: values in a gap in the middle
 * (use hbos) and unusual combinations of usual values (use mcd or knn).
 *
 * Shapes  train is n x d, n >= 2; scores has n entries; order kept.
 * Units   nats (minus natural logarithms of probabilities), 0 to 2 d ln(n + 1); columns: any units.
 * Missing refused.
 * Cost    fit O(n d) by radix sort, score O(d log n) a row, O(d) in large batches; memory O(n d).
 * Random  none.
 * Numeric a training row is one of n rows; a new row is counted in as row n + 1, so beyond the training range its tail
 *         is 1 / (n + 1), never 0. A column whose skewness is exactly 0 counts both tails; a constant column counts 0.
 * Source  Li, Zhao, Hu, Botta, Ionescu and Chen, ECOD: Unsupervised Outlier Detection Using Empirical Cumulative
 *         Distribution Functions, TKDE 2022, algorithm 1; deviates from it in taking the largest of the three sums a
 *         cell instead of a row, as PyOD does.
 */
export const ecod = defineDetector({
  id: "ecod",
  summary: "Sums how improbable each value is in the tails of its own column: no parameters, fast, explains itself.",
  traits: { ...traitDefaults, explains: "sums-to-score", shiftInvariant: true, scaleInvariant: true },
  params: {},
  fit: (train, _params, context) => fitTails(train, "ecod", context),
  restore: restoreEcod,
  tasks: tailTasks,
});
