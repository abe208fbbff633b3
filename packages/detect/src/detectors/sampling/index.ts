/** sampling: distance to the nearest of a few sampled rows. */

import { defineDetector } from "../../detector/detector.ts";
import { refusedParam } from "../../detector/params.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { pickRows } from "../../matrix.ts";
import { sampleWithoutReplacement } from "../../random.ts";
import { buildNeighbourIndex } from "../../structures/neighbours/build-index.ts";
import { metricParams } from "../../structures/neighbours/metric-params.ts";
import { scoreRows } from "../../threads/score-rows.ts";
import { inTurns } from "../../threads/pieces.ts";
import { createSamplingModel, restoreSampling } from "./model.ts";

/**
 * Scores a row by its distance from the nearest of a few rows drawn once.
 *
 * Usual rows are many, so a small sample holds rows like them; anomalies are few and hardly ever in it, so they lie far
 * from all of it. Twenty rows often do as well as all, at a fraction of the cost.
 *
 * Good at: remote rows in large tables. Bad at: rare clusters that the sample misses, and repeatability: another seed gives
 * other scores; use knn where its cost does not matter.
 *
 * Shapes  train is n x d, n >= subsetSize; scores has n entries; order kept.
 * Units   a distance, >= 0; columns: comparable: scale first.
 * Missing refused.
 * Cost    fit and score O(subsetSize d) a row; memory O(subsetSize d).
 * Random  seed chooses the sample; equal seeds give equal bits on every kernel set and thread count.
 * Numeric a sampled row has itself in the sample, as in the reference: its training score is 0.
 * Errors  PARAM: a sample larger than the rows, or none.
 * Source  Sugiyama and Borgwardt, Rapid Distance-Based Outlier Detection via Sampling, NIPS 2013, equation 3, which
 *         leaves a row out of its own sample: this does not.
 */
export const sampling = defineDetector({
  id: "sampling",
  summary: "Distance to the nearest of a few sampled rows: neighbours for very many rows, in one pass.",
  traits: {
    ...traitDefaults,
    usesRandomness: true,
    rowOrderMatters: true,
    trainingScoresAreRescores: true,
    unitsMatter: true,
    shiftInvariant: true,
  },
  params: {
    subsetSize: {
      kind: "number",
      default: 20,
      min: 0,
      max: 1_000_000,
      minExclusive: true,
      summary: "Rows to sample; below 1, the share of the rows.",
    },
    ...metricParams,
  },
  async fit(train, params, context) {
    const { metric, p } = params;
    const sampleCount = sampleCountOf(params, train.rowCount);
    const sample = pickRows(train, sampleWithoutReplacement(train.rowCount, sampleCount, context.random));
    const index = await inTurns(buildNeighbourIndex(sample, { metric, p }, context.kernels), context.signal);
    const model = createSamplingModel(index, p, context.kernels);
    return { model, trainingScores: await scoreRows("sampling", model, train, context) };
  },
  restore: restoreSampling,
});

function sampleCountOf(params: { readonly subsetSize: number }, rowCount: number): number {
  const { subsetSize } = params;
  const count = subsetSize < 1 ? Math.floor(subsetSize * rowCount) : subsetSize;
  if (Number.isInteger(count) && count >= 1 && count <= rowCount) return count;
  const expected = `a whole number from 1 to the number of rows, ${rowCount}, or a share below 1 that gives one row at least`;
  throw refusedParam("sampling", params, "subsetSize", { expected, received: subsetSize });
}
