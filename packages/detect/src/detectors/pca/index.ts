/** pca: how far a row lies along the directions in which the training rows hardly vary. */

import { compatParam } from "../../detector/compat.ts";
import { defineDetector } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { threadsFor } from "../../structures/linear-algebra/worth-sharing.ts";
import { inTurns } from "../../threads/pieces.ts";
import { scoreRows } from "../../threads/score-rows.ts";
import { fitComponents, selectComponents } from "./components.ts";
import { endPointsOf } from "./end-points.ts";
import { createEndPointModel, createProjectionModel, projectionOf, restorePca } from "./model.ts";
import { scatterTask } from "../../structures/linear-algebra/moments.ts";

/**
 * Scores a row by its squared projections on the principal components, those of small variance counting most.
 *
 * The components are the axes of the cloud of training rows. A row that breaks the usual relation of its columns has
 * a projection on a narrow axis that is large for that axis: its square is divided by the axis' standard deviation.
 *
 * Good at: broken linear relations between columns, and far rows. Bad at: clusters and curved shapes (use knn or gmm);
 * anomalies numerous enough to turn the axes (use mcd).
 *
 * Shapes  train is n x d, n >= 2; scores has n entries; order kept.
 * Units   squared standard deviations over the root of a variance, >= 0; columns: any (they are standardised).
 * Missing refused.
 * Cost    with m the smaller of n and d: fit O(n d m + m^3), score O(d m) a row; memory O(d m).
 * Random  none.
 * Numeric variances below 1e-10 of the largest count as that much, so that a row off a plane that holds every training
 *         row scores high, and rounding does not. Constant columns are not scaled. Overflow gives the largest float64.
 * Errors  PARAM when more components are asked for than there are; NOT_FINITE when squares of values overflow.
 * Source  Shyu, Chen, Sarinnapakorn and Chang, A Novel Anomaly Detection Scheme Based on Principal Component
 *         Classifier, ICDM 2003, equation 4; deviates from it in dividing by the root of the variance.
 */
export const pca = defineDetector({
  id: "pca",
  summary: "Squared projections on principal components, narrow ones counting most: broken relations between columns.",
  traits: {
    ...traitDefaults,
    trainingScoresAreRescores: true,
    explains: "sums-to-score",
    shiftInvariant: true,
    scaleInvariant: true,
  },
  params: {
    nComponents: {
      kind: "number-or-word",
      default: "all",
      words: ["all"],
      min: 0,
      max: 10_000,
      minExclusive: true,
      summary: "Components kept, widest first: their number, or below 1 the share of variance they must explain.",
    },
    nSelectedComponents: {
      kind: "number-or-word",
      default: "all",
      words: ["all"],
      min: 1,
      max: 10_000,
      integer: true,
      summary: "Of the components kept, how many of the narrowest make the score.",
    },
    weighted: {
      kind: "boolean",
      default: true,
      summary: "Narrow components count more; otherwise all count alike.",
    },
    standardization: {
      kind: "boolean",
      default: true,
      summary: "Columns are brought to mean 0 and standard deviation 1 first.",
    },
    compat: compatParam("the score sums distances to the unit vectors of the components instead of projections on them."),
  },
  async fit(train, params, context) {
    const all = await fitComponents(train, params, context);
    const chosen = selectComponents(all, params);
    const { kernels, signal } = context;
    const model =
      params.compat === "pyod"
        ? createEndPointModel(await inTurns(endPointsOf(train, all, chosen, params), signal))
        : createProjectionModel(await inTurns(projectionOf(chosen, params.weighted), signal), kernels);
    return { model, trainingScores: await scoreRows("pca", model, train, threadsFor(train, context)) };
  },
  sharedTasks: { scatter: scatterTask },
  restore: restorePca,
});
