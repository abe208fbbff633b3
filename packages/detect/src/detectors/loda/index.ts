/** loda: how rare a row is in histograms along many random directions. */

import { compatParam } from "../../detector/compat.ts";
import type { FitContext, Task } from "../../detector/detector.ts";
import { defineDetector } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { inBlocks, mapTask, mergeRanges, rowPieces, sumCounts } from "../../structures/histograms/row-pieces.ts";
import type { ProjectedSteps, Projections } from "../../kernels/column-kernels.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import type { Matrix } from "../../matrix.ts";
import { toSharedMatrix } from "../../shared-memory.ts";
import { scoreRows } from "../../threads/score-rows.ts";
import { cutRanges } from "../../threads/threads.ts";
import { correctedCells, pyodCells } from "./cells.ts";
import type { BestBinCountsTask } from "./cuts.ts";
import { bestBinCounts, drawProjections, equalSteps } from "./cuts.ts";
import { createLodaModel, cutCountMax, restoreLoda } from "./model.ts";
import type { Pieces } from "../../threads/pieces.ts";

/** Factor on all weights where projections overflow. */
const hugeScale = 2 ** -600;

/**
 * Scores a row by how thinly populated its place is along many random directions, on average.
 *
 * Each cut projects the rows on a random direction that uses about sqrt(d) columns, and keeps a histogram of the
 * projections. One cut is a weak detector; the mean of minus the logarithms of a hundred is a strong one, and fast.
 *
 * Good at: anomalies that show along lines through several columns; very many rows; new rows in microseconds. Bad at:
 * local anomalies between clusters (use lof or knn); columns in different units (scale first).
 *
 * Shapes  train is n x d, n >= 2; scores has n entries; order kept.
 * Units   nats: mean over cuts of minus the logarithm of a probability, > 0; columns: comparable.
 * Missing refused.
 * Cost    fit and score O(cuts sqrt(d)) a row; memory O(cuts (bins + sqrt(d))).
 * Random  seed decides; equal seeds give equal bits on every kernel set.
 * Numeric a place where no training row fell, inside the range or outside, counts as half a row.
 * Source  Pevný, Loda: Lightweight on-line detector of anomalies, Machine Learning 102, 2016, algorithms 1 and 2;
 *         deviates from it in 10 bins by default, as PyOD does.
 */
export const loda = defineDetector({
  id: "loda",
  summary: "Histograms along random directions, averaged: light, fast, good on very many rows.",
  traits: {
    ...traitDefaults,
    usesRandomness: true,
    trainingScoresAreRescores: true,
    explains: "sums-to-one",
    unitsMatter: true,
    shiftInvariant: true,
    columnOrderMatters: true,
  },
  params: {
    nBins: {
      kind: "number-or-word",
      default: 10,
      words: ["auto"],
      min: 2,
      max: 10_000,
      integer: true,
      summary: "Bins along each direction; auto: as many as it is worth (Birgé and Rozenholc).",
    },
    nRandomCuts: { kind: "integer", default: 100, min: 1, max: cutCountMax, summary: "Random directions." },
    compat: compatParam("its bins read one too high, rows outside the range never rare, scores divided twice by the cuts."),
  },
  async fit(train, params, context) {
    const asPyod = params.compat === "pyod";
    const { projections, ranges } = await fitRanges(train, params.nRandomCuts, context);
    const binCounts =
      params.nBins === "auto"
        ? await fitBinCounts({ train, projections, rule: asPyod ? "pyod" : "birge-rozenholc" }, context)
        : new Int32Array(projections.count).fill(params.nBins);
    if (asPyod) widenConstants(ranges);
    const steps = equalSteps(projections, ranges, binCounts);
    const inputs = rowPieces(train, context).map((rows) => ({ rows, steps }));
    const counts = sumCounts(await mapTask<CountsTask, Int32Array>("loda/counts", inputs, context));
    const fitted = asPyod ? pyodCells(steps, counts, ranges) : correctedCells(steps, counts, train.rowCount);
    const model = createLodaModel(fitted, train.columnCount, context.kernels);
    return { model, trainingScores: await scoreRows("loda", model, train, context) };
  },
  restore: restoreLoda,
  tasks: { ranges: projectedRanges, counts: projectedCounts, bestBinCounts } satisfies Record<string, Task>,
});

/** Draws the cuts and finds the range of each; where projections overflow, all weights are made smaller. */
async function fitRanges(train: Matrix, cutCount: number, context: FitContext) {
  const drawn = drawProjections(cutCount, train.columnCount, context.random);
  const pieces = rowPieces(train, context);
  const rangesOf = async (projections: Projections) => {
    const inputs = pieces.map((rows) => ({ rows, projections }));
    return mergeRanges(await mapTask<RangesTask, Float64Array>("loda/ranges", inputs, context));
  };
  const ranges = await rangesOf(drawn);
  const finite = ranges.every((end, i) => i % 2 === 0 || Number.isFinite(end - ranges[i - 1]));
  if (finite) return { projections: drawn, ranges };
  const projections = { ...drawn, weights: drawn.weights.map((weight) => weight * hugeScale) };
  return { projections, ranges: await rangesOf(projections) };
}

async function fitBinCounts(
  task: Pick<BestBinCountsTask, "train" | "projections" | "rule">,
  context: FitContext,
): Promise<Int32Array> {
  const train = context.threads.count > 1 ? toSharedMatrix(task.train) : task.train;
  const inputs = Array.from(cutRanges(task.projections.count, task.projections.count), (range) => ({ ...task, train, ...range }));
  const parts = await mapTask<BestBinCountsTask, Int32Array>("loda/bestBinCounts", inputs, context);
  return Int32Array.from(parts.flatMap((part) => [...part]));
}

/** Widens the range of a constant projection by half a unit to either side, as numpy's histogram does. */
function widenConstants(ranges: Float64Array): void {
  for (let i = 0; i < ranges.length; i += 2) {
    if (ranges[i] !== ranges[i + 1]) continue;
    ranges[i] -= 0.5;
    ranges[i + 1] += 0.5;
  }
}

interface RangesTask {
  readonly rows: Matrix;
  readonly projections: Projections;
}

function* projectedRanges({ rows, projections }: RangesTask, kernels: KernelSet): Pieces<Float64Array> {
  const ranges = new Float64Array(2 * projections.count);
  for (let i = 0; i < ranges.length; i += 2) {
    ranges[i] = Number.POSITIVE_INFINITY;
    ranges[i + 1] = Number.NEGATIVE_INFINITY;
  }
  const stepsPerRow = projections.count * projections.width;
  yield* inBlocks(rows, stepsPerRow, (block) => kernels.projectedRangesInto(block, projections, ranges));
  return ranges;
}

interface CountsTask {
  readonly rows: Matrix;
  readonly steps: ProjectedSteps;
}

function* projectedCounts({ rows, steps }: CountsTask, kernels: KernelSet): Pieces<Int32Array> {
  const last = steps.count - 1;
  const counts = new Int32Array(steps.starts[last] + steps.mosts[last] + 2);
  yield* inBlocks(rows, steps.count * steps.width, (block) => kernels.projectedCountsInto(block, steps, counts));
  return counts;
}
