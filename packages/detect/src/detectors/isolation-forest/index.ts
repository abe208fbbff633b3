/** isolation-forest: how few random cuts it takes to set a row apart. */

import { defineDetector, type FitContext } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import type { Matrix } from "../../matrix.ts";
import { inTurns, type Pieces } from "../../threads/pieces.ts";
import { scoreRows } from "../../threads/score-rows.ts";
import type { AxisTrees } from "../../structures/trees/complete-forest.ts";
import { joinSkeletons, treeCountMax } from "../../structures/trees/linked-trees.ts";
import { countOf, maxSamplesParam, sampleSize } from "../../structures/trees/sample-size.ts";
import { type GrowOptions, type GrownTree, growTree } from "./grow.ts";
import { createIsolationForestModel, restoreIsolationForest } from "./model.ts";

const autoSampleSize = 256;
/** Share of the progress that growing takes; scoring the training rows takes the rest. */
const growingShare = 0.1;

/**
 * Scores a row by how few random cuts set it apart from a sample of the others.
 *
 * Each tree cuts a small sample of rows at random: a random column, a random threshold between its smallest and largest
 * value, again and again until rows stand alone. A row far from the others is alone after few cuts, one in a cluster after
 * many. The mean path length over the trees, against that of a random tree, is the score. No distances, no density.
 *
 * Good at: rows far out in several columns, large tables, columns of any units. Bad at: rows far out in one column of many
 * (use knn, pca, mcd or robust-z), rows unusual only among their neighbours (use lof or inne), clusters of many similar
 * anomalies, unusual combinations of usual values (use extended-isolation-forest or mcd).
 *
 * Shapes  train is n x d, n >= 2; scores has n entries; order kept.
 * Units   (0, 1]: near 1 anomalous, 0.5 as isolated as in a random tree, well below 0.5 usual; columns: any units.
 * Missing refused.
 * Cost    fit O(t s log s) with t trees on s rows, score O(t log s) a row; memory O(t s).
 * Random  seed decides; equal seeds give equal bits on any kernel set and number of threads.
 * Numeric constant columns are passed over; all rows alike score 0.5; thresholds and values are compared as float64.
 * Errors  PARAM: a number above 1 for maxSamples or maxFeatures that is not whole.
 * Source  Liu, Ting and Zhou, Isolation Forest, ICDM 2008, equations 1 and 2, algorithms 1 to 3.
 */
export const isolationForest = defineDetector({
  id: "isolation-forest",
  summary: "How few random cuts set a row apart: fast, any units, good at rows that are far out in several columns.",
  traits: {
    ...traitDefaults,
    fitGrowth: "fixed-and-linear",
    usesRandomness: true,
    rowOrderMatters: true,
    trainingScoresAreRescores: true,
    explains: "sums-to-score-less-baseline",
    shiftInvariant: true,
    scaleInvariant: true,
    columnOrderMatters: true,
  },
  params: {
    nEstimators: { kind: "integer", default: 100, min: 1, max: treeCountMax, summary: "Trees; more give steadier scores." },
    maxSamples: maxSamplesParam(autoSampleSize),
    maxFeatures: {
      kind: "number",
      default: 1,
      min: 0,
      max: 10_000,
      minExclusive: true,
      summary: "Columns each tree may cut: a share up to 1, or a count of at least 2.",
    },
    bootstrap: { kind: "boolean", default: false, summary: "Draw each tree's rows with replacement." },
  },
  async fit(train, params, context) {
    const options = {
      sampleSize: sampleSize("isolation-forest", params.maxSamples, autoSampleSize, train.rowCount),
      columnSampleSize: countOf("isolation-forest", "maxFeatures", params.maxFeatures, train.columnCount),
      bootstrap: params.bootstrap,
    };
    const grown = await inTurns(growTrees(train, options, params.nEstimators, context), context.signal);
    const trees = joinTrees(grown, train.columnCount);
    const model = createIsolationForestModel({ trees, sampleSize: options.sampleSize }, context.kernels);
    const { progress } = context;
    const scoring =
      progress === undefined
        ? context
        : { ...context, progress: (done: number) => progress(growingShare + (1 - growingShare) * done) };
    return { model, trainingScores: await scoreRows("isolation-forest", model, train, scoring) };
  },
  restore: restoreIsolationForest,
});

function* growTrees(train: Matrix, options: GrowOptions, treeCount: number, context: FitContext): Pieces<GrownTree[]> {
  const grown: GrownTree[] = [];
  for (let tree = 0; tree < treeCount; tree++) {
    grown.push(yield* growTree(train, options, context.random.stream(tree)));
    context.progress?.((growingShare * (tree + 1)) / treeCount);
    yield;
  }
  return grown;
}

function joinTrees(grown: readonly GrownTree[], columnCount: number): AxisTrees {
  const skeletons = joinSkeletons(grown);
  const columns = new Uint16Array(skeletons.lefts.length);
  const thresholds = new Float64Array(skeletons.lefts.length);
  for (const [index, tree] of grown.entries()) {
    columns.set(tree.columns, skeletons.roots[index]);
    thresholds.set(tree.thresholds, skeletons.roots[index]);
  }
  return { ...skeletons, columnCount, columns, thresholds };
}
