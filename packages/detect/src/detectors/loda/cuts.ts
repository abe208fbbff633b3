/** The random cuts of loda: sparse projections, and a histogram along each. */

import type { KernelSet } from "../../kernels/kernel-set.ts";
import type { Projections, ProjectedSteps } from "../../kernels/column-kernels.ts";
import type { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { sampleWithoutReplacement } from "../../random.ts";
import type { BinRule } from "../../structures/histograms/bins.ts";
import { bestBinCount } from "../../structures/histograms/bins.ts";
import { sortColumn } from "../../structures/histograms/sorted-column.ts";
import type { Pieces } from "../../threads/pieces.ts";

/** Weights of each cut on floor(sqrt(columns)) columns chosen at random, standard normal; columns ascending. */
export function drawProjections(count: number, columnCount: number, random: Random): Projections {
  const width = Math.max(1, Math.floor(Math.sqrt(columnCount)));
  const columns = new Int32Array(count * width);
  const weights = new Float64Array(count * width);
  for (let cut = 0; cut < count; cut++) {
    const own = random.stream(cut);
    columns.set(sampleWithoutReplacement(columnCount, width, own).sort(), cut * width);
    for (let term = 0; term < width; term++) weights[cut * width + term] = own.normal();
  }
  return { count, width, columns, weights };
}

/**
 * Equal bins over the range of each cut: places 0 to bins - 1, and one place more at either side for what lies outside.
 * A cut whose projections are all equal has them in place 0, and everything else outside.
 */
export function equalSteps(projections: Projections, ranges: Float64Array, binCounts: Int32Array): ProjectedSteps {
  const { count } = projections;
  const lows = new Float64Array(count);
  const scales = new Float64Array(count);
  const starts = new Int32Array(count);
  let next = 0;
  for (let cut = 0; cut < count; cut++) {
    lows[cut] = ranges[2 * cut];
    scales[cut] = scaleInside(ranges[2 * cut + 1] - ranges[2 * cut], binCounts[cut]);
    starts[cut] = next;
    next += binCounts[cut] + 2;
  }
  return { ...projections, lows, scales, leasts: new Int32Array(count).fill(-1), mosts: binCounts, starts };
}

/** Bins per unit, rounded down just enough that the largest value falls into the last bin. */
function scaleInside(range: number, binCount: number): number {
  let scale = Math.min(binCount / range, Number.MAX_VALUE);
  while (range * scale >= binCount) scale *= 1 - Number.EPSILON;
  return scale;
}

/** Input of the task `bestBinCounts`. */
export interface BestBinCountsTask {
  readonly train: Matrix;
  readonly projections: Projections;
  readonly start: number;
  readonly end: number;
  readonly rule: BinRule;
}

/** The best number of bins for each of the cuts from `start` to `end`. */
export function* bestBinCounts(task: BestBinCountsTask, kernels: KernelSet): Pieces<Int32Array> {
  const { train, projections, start, end, rule } = task;
  const projected = new Float64Array(train.rowCount);
  const order = new Uint32Array(train.rowCount);
  const counts = new Int32Array(end - start);
  for (let i = 0; i < counts.length; i++) {
    projectInto(train, projections, start + i, projected);
    yield;
    yield* sortColumn(projected, order, kernels);
    counts[i] = yield* bestBinCount(projected, rule);
    yield;
  }
  return counts;
}

function projectInto(rows: Matrix, projections: Projections, cut: number, out: Float64Array): void {
  for (let row = 0; row < rows.rowCount; row++) out[row] = projectRow(rows, row, projections, cut);
}

/** Projects one row on one cut, with the terms in the order of the kernels. */
export function projectRow(rows: Matrix, row: number, projections: Projections, cut: number): number {
  const { width, columns, weights } = projections;
  const start = row * rows.columnCount;
  let sum = rows.values[start + columns[cut * width]] * weights[cut * width];
  for (let at = cut * width + 1; at < (cut + 1) * width; at++) sum += rows.values[start + columns[at]] * weights[at];
  return sum;
}
