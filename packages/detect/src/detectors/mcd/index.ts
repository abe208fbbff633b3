/** mcd: Mahalanobis distance from a centre and shape that anomalies cannot pull. */

import { compatParam } from "../../detector/compat.ts";
import { defineDetector } from "../../detector/detector.ts";
import { refusedParam } from "../../detector/params.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { NomalyError } from "../../errors.ts";
import type { Matrix } from "../../matrix.ts";
import { toSharedMatrix } from "../../shared-memory.ts";
import { scoreRows } from "../../threads/score-rows.ts";
import { candidatesTask, concentrateTask } from "./concentration.ts";
import { fastMcd } from "./fast-mcd.ts";
import { createMcdModel, restoreMcd } from "./model.ts";
import { oneColumnMcd } from "./one-column.ts";
import { reweight } from "./reweighting.ts";
import { scatterTask } from "../../structures/linear-algebra/moments.ts";

/**
 * Scores a row by its squared Mahalanobis distance under the minimum covariance determinant estimate.
 *
 * Of all halves of the rows, the most compact one shows where the bulk lies and how its columns vary together.
 * Rows near it give the final ellipsoid. Anomalies are among neither, so they cannot stretch the ellipsoid.
 *
 * Good at: one bulk of correlated columns with up to a third of the rows anomalous. Bad at: several clusters (use gmm or
 * knn), columns with few different values, and more columns than a fifth of the rows.
 *
 * Shapes  train is n x d, n >= 2; scores has n entries; order kept.
 * Units   squared standard deviations, >= 0; normal rows follow chi-square with d degrees; columns: any units.
 * Missing refused.
 * Cost    fit O(n d^2 + d^3) times a few dozen steps, no more than some 500 starts; score O(d^2) a row; memory O(n d + d^2):
 *         all candidates together take 128 MB at most, or d^2 numbers where that is more.
 * Random  seed decides the starts; equal seeds give equal bits on every kernel set.
 * Numeric where the covariance is singular, a variance is at least 1e-10 of the column's, so that rows off the plane of the
 *         others score high. Overflow gives the largest float64.
 * Errors  TOO_FEW_ROWS when more than 100 columns have no more rows than columns; PARAM when support_fraction leaves fewer than 2 rows; NOT_FINITE when squares of values overflow.
 * Source  Rousseeuw and Van Driessen, A Fast Algorithm for the Minimum Covariance Determinant Estimator, Technometrics
 *         1999; Hardin and Rocke 2004. Deviates from it in the sizes of the stages, which are scikit-learn's.
 */
export const mcd = defineDetector({
  id: "mcd",
  summary: "Mahalanobis distance from the tightest half of the rows: correlated columns, robust to the anomalies themselves.",
  traits: {
    ...traitDefaults,
    fitGrowth: "parts",
    usesRandomness: true,
    rowOrderMatters: true,
    trainingScoresAreRescores: true,
    explains: "sums-to-score",
    shiftInvariant: true,
    scaleInvariant: true,
  },
  params: {
    supportFraction: {
      kind: "number-or-word",
      default: "auto",
      words: ["auto"],
      min: 0,
      max: 1,
      minExclusive: true,
      summary: "Share of the rows that must be packed tightly; auto is (n + d + 1) / 2 rows, the most robust.",
    },
    assumeCentered: {
      kind: "boolean",
      default: false,
      summary: "The bulk is known to lie at the origin: location is not estimated.",
    },
    compat: compatParam("where half the rows lie on a plane, distances off that plane do not count."),
  },
  async fit(given, params, context) {
    // Shared once for all stages.
    const train = context.threads.count > 1 ? toSharedMatrix(given) : given;
    const { columnCount } = train;
    requireMoreRowsThanColumns(train);
    const supportCount = supportCountOf(params, train.rowCount, columnCount);
    const raw = columnCount === 1 ? oneColumnMcd(train, supportCount) : await fastMcd(train, supportCount, context);
    context.progress?.(0.9);
    const model = createMcdModel(await reweight(train, raw, params, context), context.kernels);
    // Scoring must not report progress: it would start from 0 again.
    const { progress: _reported, ...quiet } = context;
    const trainingScores = await scoreRows("mcd", model, train, quiet);
    context.progress?.(1);
    return { model, trainingScores };
  },
  sharedTasks: { scatter: scatterTask },
  restore: restoreMcd,
  tasks: { candidates: candidatesTask, concentrate: concentrateTask },
});

/** Up to this many columns, a table with fewer rows than columns is fitted too: with the floor on variances that costs little. */
const singularColumnCountMax = 100;

function requireMoreRowsThanColumns({ rowCount, columnCount }: Matrix): void {
  if (rowCount > columnCount || columnCount <= singularColumnCountMax) return;
  throw new NomalyError(
    "TOO_FEW_ROWS",
    `mcd: needs more rows than columns, got ${rowCount} rows of ${columnCount} columns: every half of them has a singular covariance; use fewer columns, or pca`,
    { field: "rows", expected: `at least ${columnCount + 1} rows`, received: String(rowCount) },
  );
}

function supportCountOf(params: { readonly supportFraction: number | "auto" }, rowCount: number, columnCount: number): number {
  const fraction = params.supportFraction;
  if (fraction === "auto") return Math.min(rowCount, Math.ceil((rowCount + columnCount + 1) / 2));
  const count = Math.floor(fraction * rowCount);
  if (count >= 2) return count;
  const expected = `at least ${2 / rowCount} for ${rowCount} rows, so that 2 are left`;
  throw refusedParam("mcd", params, "supportFraction", { expected, received: fraction });
}
