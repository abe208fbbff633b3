/** half-space-trees: how many of the last window's rows lay where this one lies; learns row by row. */

import { defineDetector } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { NomalyError, throwIfAborted } from "../../errors.ts";
import { rowRange } from "../../matrix.ts";
import { scoreRows } from "../../threads/score-rows.ts";
import { yieldWhenDue } from "../../threads/yield-when-due.ts";
import { columnRanges, drawCuts } from "./grow.ts";
import { createHalfSpaceModel, heightMax, restoreHalfSpaceTrees, treeCountMax, windowSizeMax } from "./model.ts";
import { inTurns } from "../../threads/pieces.ts";

/** Most cells in all trees, 36 bytes each. */
const cellCountMax = 4_194_304;
/** Steps down the trees between two checks of the clock and the signal. */
const blockStepCount = 4_000_000;

/**
 * Scores a row by how few rows of the last full window lay in its neighbourhood, and learns from every row shown to it.
 *
 * Trees that halve space at random are drawn once, before rows are counted; only counts of rows change. Each node counts the
 * rows of the window that is filling; when it is full, rows are scored by its counts and the next window begins. So
 * memory and time a row are constant, and what is usual may drift.
 *
 * Good at: endless streams, drifting data, few columns, microseconds a row. Bad at: many columns (a tree cuts `height` of
 * them), small differences of density; on a table that stands still use isolation-forest.
 *
 * Shapes  train is n x d, n >= 2, in the order in which rows came; scores has n entries; order kept.
 * Units   [0, 1]: 1 where no row of the last window lay near, 0.5 at the mean density of the work range; columns: any units.
 * Missing refused.
 * Cost    fit O(n d + w t h), score and update O(t h) a row with t trees of height h; memory O(t 2^h).
 * Random  seed decides; equal seeds give equal bits.
 * Numeric columns that are constant in training are not cut, unless all are. The range of a column is that of the rows fitted
 *         on: later rows beyond it count where its outermost cell is. A fit on fewer rows than windowSize takes them as window.
 * Errors  PARAM: more than 4,194,304 cells in all, nTrees * 2^height.
 * Source  Tan, Ting and Liu, Fast Anomaly Detection for Streaming Data, IJCAI 2011, algorithms 1 to 3; the paper's score s
 *         (high is usual) stands here as 1 / (1 + s / (t w)), and ranges are learned where the paper takes [0, 1].
 */
export const halfSpaceTrees = defineDetector({
  id: "half-space-trees",
  summary: "How many rows of the last window lay nearby: learns row by row from endless streams in constant memory.",
  traits: {
    ...traitDefaults,
    usesRandomness: true,
    learnsIncrementally: true,
    rowOrderMatters: true,
    trainingScoresAreRescores: true,
    shiftInvariant: true,
    scaleInvariant: true,
    columnOrderMatters: true,
  },
  params: {
    nTrees: { kind: "integer", default: 10, min: 1, max: treeCountMax, summary: "Trees; more give steadier scores." },
    height: { kind: "integer", default: 8, min: 1, max: heightMax, summary: "Cuts on the way from a root to a leaf." },
    windowSize: {
      kind: "integer",
      default: 250,
      min: 1,
      max: windowSizeMax,
      summary: "Rows in a window: rows are scored by the counts of the last full window.",
    },
  },
  async fit(train, params, context) {
    throwIfAborted(context.signal);
    const { nTrees, height } = params;
    requireMemory(nTrees, height);
    const windowSize = Math.min(params.windowSize, train.rowCount);
    const ranges = await inTurns(columnRanges(train), context.signal);
    const model = createHalfSpaceModel({
      cuts: await inTurns(drawCuts(ranges, nTrees, height, context.random), context.signal),
      windowSize,
      referenceMasses: new Int32Array(nTrees << (height + 1)),
      latestMasses: new Int32Array(nTrees << (height + 1)),
      latestCount: 0,
    });
    // Only the counts of the last full window survive the fit, so earlier windows are not counted.
    const fullWindowCount = Math.floor(train.rowCount / windowSize);
    const blockRowCount = Math.max(1, Math.floor(blockStepCount / (nTrees * height)));
    for (let start = (fullWindowCount - 1) * windowSize; start < train.rowCount; start += blockRowCount) {
      throwIfAborted(context.signal);
      model.update(rowRange(train, start, Math.min(start + blockRowCount, train.rowCount)));
      await yieldWhenDue();
    }
    return { model, trainingScores: await scoreRows("half-space-trees", model, train, context) };
  },
  restore: restoreHalfSpaceTrees,
});

function requireMemory(treeCount: number, height: number): void {
  const cellCount = treeCount * 2 ** height;
  if (cellCount <= cellCountMax) return;
  throw new NomalyError(
    "PARAM",
    `half-space-trees: n_trees * 2^height must be at most ${cellCountMax}, got ${treeCount} * 2^${height} = ${cellCount}`,
    { field: "height", expected: `n_trees * 2^height of at most ${cellCountMax}`, received: String(height) },
  );
}
