/** Grows isolation trees: random columns, random thresholds, until rows stand alone or the depth is used up. */

import type { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { sampleWithoutReplacement } from "../../random.ts";
import type { AxisTrees } from "../../structures/trees/complete-forest.ts";
import { depthLimit } from "../../structures/trees/sample-size.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { pickedRows } from "../../threads/picked-rows.ts";

export interface GrowOptions {
  /** Rows of each tree. */
  readonly sampleSize: number;
  /** Columns a tree may split on, drawn anew for each. */
  readonly columnSampleSize: number;
  readonly bootstrap: boolean;
}

/** One tree, its children's indexes relative to its own root. */
export type GrownTree = Pick<AxisTrees, "lefts" | "sizes" | "columns" | "thresholds">;

/** One tree on a fresh sample of rows and columns. Costs O(sampleSize (depth + columns that turn out constant)). */
export function* growTree(train: Matrix, options: GrowOptions, random: Random): Pieces<GrownTree> {
  const { sampleSize, columnSampleSize, bootstrap } = options;
  const sample = yield* pickedRows(
    train,
    bootstrap ? drawWithReplacement(train.rowCount, sampleSize, random) : sampleRows(train, sampleSize, random),
  );
  const columns = sampleWithoutReplacement(train.columnCount, columnSampleSize, random);
  return yield* splitSample(sample, columns, depthLimit(sampleSize), random);
}

function sampleRows(train: Matrix, sampleSize: number, random: Random): ArrayLike<number> {
  return sampleWithoutReplacement(train.rowCount, sampleSize, random);
}

function drawWithReplacement(limit: number, count: number, random: Random): Int32Array {
  const drawn = new Int32Array(count);
  for (let i = 0; i < count; i++) drawn[i] = random.integer(limit);
  return drawn;
}

/** Values looked at between two pieces: some ten milliseconds. */
const lookedAtCountMax = 2_000_000;

/** Splits breadth first: the list of nodes is also the queue of work, so that parents stand before their children. */
function* splitSample(sample: Matrix, candidates: Int32Array, depthMax: number, random: Random): Pieces<GrownTree> {
  const nodeCountMax = Math.min(2 * sample.rowCount - 1, 2 ** (depthMax + 1) - 1);
  const lefts = new Int32Array(nodeCountMax);
  const sizes = new Int32Array(nodeCountMax);
  const columns = new Uint16Array(nodeCountMax);
  const thresholds = new Float64Array(nodeCountMax);
  const starts = new Int32Array(nodeCountMax);
  const depths = new Uint8Array(nodeCountMax);
  const order = Int32Array.from({ length: sample.rowCount }, (_, i) => i);
  const range = new Float64Array(2);
  sizes[0] = sample.rowCount;
  let nodeCount = 1;
  let work = 0;
  for (let node = 0; node < nodeCount; node++) {
    const size = sizes[node];
    if (size < 2 || depths[node] >= depthMax) continue;
    const rows = order.subarray(starts[node], starts[node] + size);
    let column = -1;
    // Columns that are constant in these rows are passed over.
    for (let untried = candidates.length; untried > 0 && column < 0; untried--) {
      const drawn = drawColumn(candidates, untried, random);
      work += size;
      if (work > lookedAtCountMax) {
        work = 0;
        yield;
      }
      if (findRange(sample, rows, drawn, range)) column = drawn;
    }
    if (column < 0) continue;
    const threshold = drawThreshold(range[0], range[1], random);
    const leftSize = partition(sample, rows, column, threshold);
    const left = nodeCount;
    nodeCount += 2;
    lefts[node] = left;
    columns[node] = column;
    thresholds[node] = threshold;
    sizes[left] = leftSize;
    sizes[left + 1] = size - leftSize;
    starts[left] = starts[node];
    starts[left + 1] = starts[node] + leftSize;
    depths[left] = depths[node] + 1;
    depths[left + 1] = depths[node] + 1;
  }
  return {
    lefts: lefts.slice(0, nodeCount),
    sizes: sizes.slice(0, nodeCount),
    columns: columns.slice(0, nodeCount),
    thresholds: thresholds.slice(0, nodeCount),
  };
}

/** A random one of the first `untried` columns; it changes places with the last of them. */
function drawColumn(candidates: Int32Array, untried: number, random: Random): number {
  const drawn = random.integer(untried);
  const column = candidates[drawn];
  candidates[drawn] = candidates[untried - 1];
  candidates[untried - 1] = column;
  return column;
}

/** The column's range in these rows; false where it is constant. */
function findRange({ values, columnCount }: Matrix, rows: Int32Array, column: number, range: Float64Array): boolean {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < rows.length; i++) {
    const value = values[rows[i] * columnCount + column];
    if (value < min) min = value;
    if (value > max) max = value;
  }
  range[0] = min;
  range[1] = max;
  return min < max;
}

/** Uniform in [min, max): at least one row stands on either side. */
function drawThreshold(min: number, max: number, random: Random): number {
  const share = random.uniform();
  const spread = max - min;
  // Halves do not overflow where the whole range does.
  const threshold = spread <= Number.MAX_VALUE ? min + share * spread : 2 * (min / 2 + share * (max / 2 - min / 2));
  return threshold >= min && threshold < max ? threshold : min;
}

/** Moves rows with `value <= threshold` to the front; returns their count. */
function partition(sample: Matrix, rows: Int32Array, column: number, threshold: number): number {
  let front = 0;
  let back = rows.length;
  while (front < back) {
    const row = rows[front];
    if (sample.values[row * sample.columnCount + column] > threshold) {
      back--;
      rows[front] = rows[back];
      rows[back] = row;
    } else {
      front++;
    }
  }
  return front;
}
