/** extended-isolation-forest: how few random planes it takes to set a row apart. */

import { defineDetector } from "../../detector/detector.ts";
import { refusedParam } from "../../detector/params.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { NomalyError } from "../../errors.ts";
import { scoreRows } from "../../threads/score-rows.ts";
import { inTurns } from "../../threads/pieces.ts";
import { joinSkeletons, treeCountMax } from "../../structures/trees/linked-trees.ts";
import { depthLimit, maxSamplesParam, sampleSize } from "../../structures/trees/sample-size.ts";
import { type GrowOptions, type GrownTree, growTree } from "./grow.ts";
import { createExtendedModel, type ObliqueTrees, restoreExtended } from "./model.ts";

const autoSampleSize = 256;
/** Most weights in all trees: 1 GiB of them. */
const weightCountMax = 268_435_456;

/**
 * Scores a row by how few random planes set it apart from a sample of the others.
 *
 * An isolation forest cuts along columns, so that places without rows look dense where the dense ranges of two columns cross.
 * Here each cut is a plane in a random direction through a random point of the box around the rows, so that what counts
 * as empty follows the shape of the rows. The rest is the same: few cuts give a high score.
 *
 * Good at: unusual combinations of usual values, rows in several clusters, smooth maps of scores. Bad at: columns of different
 * units (scale first), anomalies in one of many columns (isolation-forest).
 *
 * Shapes  train is n x d, n >= 2; scores has n entries; order kept.
 * Units   (0, 1]: near 1 anomalous, 0.5 as isolated as in a random tree; columns: comparable, scale first.
 * Missing refused.
 * Cost    fit O(t s log s d) with t trees on s rows, score O(t log s d) a row; memory O(t s d).
 * Random  seed decides; equal seeds give equal bits on any kernel set and number of threads.
 * Numeric a row's weighted sum is that of even terms plus that of odd ones; rows all alike score 0.5; where sums overflow,
 *         rows go to one side.
 * Errors  PARAM: extensionLevel not below the number of columns; a number above 1 for maxSamples that is not whole; more
 *         weights in all trees than a gibibyte holds.
 * Source  Hariri, Carrasco Kind and Brunner, Extended Isolation Forest, IEEE TKDE 33(4), 2021, algorithms 1 to 3; deviates
 *         from it in that planes of some columns take those that vary first, and rows all alike are not cut further.
 */
export const extendedIsolationForest = defineDetector({
  id: "extended-isolation-forest",
  summary: "How few random planes set a row apart: an isolation forest that sees unusual combinations.",
  traits: {
    ...traitDefaults,
    fitGrowth: "fixed-and-linear",
    usesRandomness: true,
    rowOrderMatters: true,
    trainingScoresAreRescores: true,
    unitsMatter: true,
    shiftInvariant: true,
    columnOrderMatters: true,
  },
  params: {
    nEstimators: { kind: "integer", default: 100, min: 1, max: treeCountMax, summary: "Trees; more give steadier scores." },
    maxSamples: maxSamplesParam(autoSampleSize),
    extensionLevel: {
      kind: "number-or-word",
      default: "auto",
      words: ["auto"],
      integer: true,
      min: 0,
      max: 9999,
      summary: 'Columns in each plane, less one: 0 cuts along columns, "auto" takes all.',
    },
  },
  async fit(train, params, context) {
    const options: GrowOptions = {
      sampleSize: sampleSize("extended-isolation-forest", params.maxSamples, autoSampleSize, train.rowCount),
      termCount: termCountOf(params, train.columnCount),
    };
    requireMemory(params.nEstimators * 2 ** depthLimit(options.sampleSize) * options.termCount);
    const grown: GrownTree[] = [];
    for (let tree = 0; tree < params.nEstimators; tree++) {
      grown.push(await inTurns(growTree(train, options, context.random.stream(tree)), context.signal));
    }
    const model = createExtendedModel(
      joinTrees(grown, train.columnCount, options.termCount),
      options.sampleSize,
      context.kernels,
    );
    return { model, trainingScores: await scoreRows("extended-isolation-forest", model, train, context) };
  },
  restore: restoreExtended,
});

function termCountOf(params: { readonly extensionLevel: number | "auto" }, columnCount: number): number {
  const { extensionLevel } = params;
  if (extensionLevel === "auto") return columnCount;
  if (extensionLevel < columnCount) return extensionLevel + 1;
  const expected = `below the number of columns, ${columnCount}`;
  throw refusedParam("extended-isolation-forest", params, "extensionLevel", { expected, received: extensionLevel });
}

function requireMemory(weightCount: number): void {
  if (weightCount <= weightCountMax) return;
  const expected = `at most ${weightCountMax} weights in all trees`;
  throw new NomalyError(
    "PARAM",
    `extended-isolation-forest: n_estimators * max_samples * (extension_level + 1) must make ${expected}, got ${weightCount}; lower one`,
    { field: "extensionLevel", expected, received: String(weightCount) },
  );
}

function joinTrees(grown: readonly GrownTree[], columnCount: number, termCount: number): ObliqueTrees {
  const splitCount = grown.reduce((sum, tree) => sum + tree.offsets.length, 0);
  const columns = new Uint16Array(splitCount * termCount);
  const weights = new Float32Array(splitCount * termCount);
  const offsets = new Float64Array(splitCount);
  let split = 0;
  for (const tree of grown) {
    columns.set(tree.columns, split * termCount);
    weights.set(tree.weights, split * termCount);
    offsets.set(tree.offsets, split);
    split += tree.offsets.length;
  }
  return { ...joinSkeletons(grown), columnCount, termCount, columns, weights, offsets };
}
