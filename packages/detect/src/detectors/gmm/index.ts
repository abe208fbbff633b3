/** gmm: how unlikely a row is under a mixture of Gaussians. */

import { defineDetector } from "../../detector/detector.ts";
import { refusedParam } from "../../detector/params.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { createRandom } from "../../random.ts";
import { toSharedMatrix } from "../../shared-memory.ts";
import { scoreRows } from "../../threads/score-rows.ts";
import { covarianceTypes } from "./covariance-shape.ts";
import { expectTask, maximize } from "./expectation.ts";
import type { FittedMixture } from "./expectation.ts";
import { createGmmModel, restoreGmm } from "./model.ts";
import { starts, startShares } from "./start.ts";
import { kMeansRunTask } from "../../structures/clusters/k-means.ts";
import { scatterTask } from "../../structures/linear-algebra/moments.ts";

/**
 * Scores a row by minus its log density under a mixture of Gaussians.
 *
 * A few ellipsoids are laid over the training rows, each with its own centre, shape and share of the rows, so that the
 * rows are as likely as can be. Anomalies lie outside every ellipsoid. With one component it is a Gaussian.
 *
 * Good at: bulks that are roughly elliptic, also several of them. Bad at: curved shapes (use knn), small samples with many
 * columns, and anomalies numerous enough to get a component of their own (use mcd).
 *
 * Shapes  train is n x d, n >= max(2, nComponents); scores has n entries; order kept.
 * Units   nats, any sign; columns: comparable, scale first, since `regCovar` is in their squared units.
 * Missing refused.
 * Cost    fit O(n k d^2) a round, at most maxIter rounds; score O(k d^2) a row; memory O(n k + k d^2).
 * Random  seed decides the starts; with one component nothing is random.
 * Numeric `regCovar` is added to every variance. Overflow gives the largest float64.
 * Errors  PARAM when there are more components than rows, or a covariance is singular in spite of reg_covar.
 * Source  Dempster, Laird and Rubin, Maximum Likelihood from Incomplete Data via the EM Algorithm, JRSS B 1977.
 */
export const gmm = defineDetector({
  id: "gmm",
  summary: "Minus the log density under a mixture of Gaussians: elliptic bulks, one or several.",
  traits: {
    ...traitDefaults,
    usesRandomness: true,
    rowOrderMatters: true,
    trainingScoresAreRescores: true,
    unitsMatter: true,
    shiftInvariant: true,
  },
  params: {
    nComponents: { kind: "integer", default: 1, min: 1, max: 1000, summary: "Number of Gaussians." },
    covarianceType: {
      kind: "choice",
      default: "full",
      choices: covarianceTypes,
      summary: "One ellipsoid for each component, one shape for all, axes along the columns, or spheres.",
    },
    tol: {
      kind: "number",
      default: 1e-3,
      min: 0,
      max: 1e6,
      summary: "Rounds end when the mean log density gains less than this.",
    },
    regCovar: {
      kind: "number",
      default: 1e-6,
      min: 0,
      max: 1e100,
      summary: "Added to every variance, in squared units of the columns: keeps covariances invertible.",
    },
    maxIter: { kind: "integer", default: 100, min: 1, max: 100_000, summary: "Most rounds of improvement." },
    nInit: { kind: "integer", default: 1, min: 1, max: 1000, summary: "Starts, of which the likeliest result is kept." },
    initParams: {
      kind: "choice",
      default: "kmeans",
      choices: starts,
      summary: "A start assigns rows to components by k-means, or at random.",
    },
  },
  async fit(given, params, context) {
    // Shared once for all rounds.
    const train = context.threads.count > 1 ? toSharedMatrix(given) : given;
    const { nComponents, nInit, initParams } = params;
    if (nComponents > train.rowCount) {
      const expected = `at most the number of rows, ${train.rowCount}`;
      throw refusedParam("gmm", params, "nComponents", { expected, received: nComponents });
    }
    let best: FittedMixture | undefined;
    // With one component every start gives the same result.
    const startCount = nComponents === 1 ? 1 : nInit;
    for (let start = 0; start < startCount; start++) {
      // k-means draws from streams of its seed, so each start needs a seed of its own.
      const random = createRandom(context.random.stream(start).uint32());
      const progress = (done: number) => context.progress?.((0.9 * (start + done)) / startCount);
      const startContext = { ...context, random, progress };
      const shares = await startShares(train, nComponents, initParams, startContext);
      const fitted = await maximize(train, shares, params, startContext);
      if (best === undefined || fitted.meanLogDensity > best.meanLogDensity) best = fitted;
      context.progress?.((0.9 * (start + 1)) / startCount);
    }
    const model = createGmmModel((best as FittedMixture).mixture, context.kernels);
    // Scoring must not report progress: it would start from 0 again.
    const { progress: _reported, ...quiet } = context;
    const trainingScores = await scoreRows("gmm", model, train, quiet);
    context.progress?.(1);
    return { model, trainingScores };
  },
  sharedTasks: { kMeansRun: kMeansRunTask, scatter: scatterTask },
  restore: restoreGmm,
  tasks: { expect: expectTask },
});
