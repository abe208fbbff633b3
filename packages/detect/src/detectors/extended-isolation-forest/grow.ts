/** Grows trees that split by random planes: a random direction, through a random point of the box around the rows. */

import type { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { sampleWithoutReplacement } from "../../random.ts";
import { depthLimit } from "../../structures/trees/sample-size.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { pickedRows } from "../../threads/picked-rows.ts";

export interface GrowOptions {
  /** Rows of each tree. */
  readonly sampleSize: number;
  /** Columns in each plane: 1 cuts as an isolation forest does, all is the full extension. */
  readonly termCount: number;
}

/** One tree, its children's indexes relative to its own root; splits in the order of their nodes. */
export interface GrownTree {
  readonly lefts: Int32Array;
  readonly sizes: Int32Array;
  readonly columns: Uint16Array;
  readonly weights: Float32Array;
  readonly offsets: Float64Array;
}

/** Values read in one piece: some ten milliseconds. */
const lookedAtCountMax = 4_000_000;

/** Grows one tree. Costs O(sampleSize * depth * columns looked at). */
export function* growTree(train: Matrix, options: GrowOptions, random: Random): Pieces<GrownTree> {
  const sample = yield* pickedRows(train, sampleWithoutReplacement(train.rowCount, options.sampleSize, random));
  const depthMax = depthLimit(options.sampleSize);
  const plane = emptyPlane(sample, options.termCount);
  const order = Int32Array.from({ length: sample.rowCount }, (_, i) => i);
  // A side may be empty, so the number of nodes is not known beforehand: the lists grow, bounded by the depth.
  const lefts = [0];
  const sizes = [sample.rowCount];
  const starts = [0];
  const depths = [0];
  const columns: number[] = [];
  const weights: number[] = [];
  const offsets: number[] = [];
  for (let node = 0, work = 0; node < lefts.length; node++) {
    const size = sizes[node];
    if (size < 2 || depths[node] >= depthMax) continue;
    // An upper bound: the node reads its rows for the ranges of all columns, and again to part them.
    work += 2 * size * sample.columnCount;
    if (work > lookedAtCountMax) {
      work = 0;
      yield;
    }
    const rows = order.subarray(starts[node], starts[node] + size);
    if (!drawPlane(sample, rows, plane, random)) continue;
    const leftSize = partition(sample, rows, plane);
    columns.push(...plane.columns);
    weights.push(...plane.weights);
    offsets.push(plane.offset);
    lefts[node] = lefts.length;
    lefts.push(0, 0);
    sizes.push(leftSize, size - leftSize);
    starts.push(starts[node], starts[node] + leftSize);
    depths.push(depths[node] + 1, depths[node] + 1);
  }
  return {
    lefts: Int32Array.from(lefts),
    sizes: Int32Array.from(sizes),
    columns: Uint16Array.from(columns),
    weights: Float32Array.from(weights),
    offsets: Float64Array.from(offsets),
  };
}

/** The plane that splits a node; one object is filled anew for each node. */
interface Plane {
  readonly candidates: Int32Array;
  readonly columns: Uint16Array;
  readonly weights: Float32Array;
  /** By column, for the columns looked at: its range in the node's rows, and a random value in that range. */
  readonly lows: Float64Array;
  readonly highs: Float64Array;
  readonly point: Float64Array;
  offset: number;
}

function emptyPlane(sample: Matrix, termCount: number): Plane {
  return {
    candidates: Int32Array.from({ length: sample.columnCount }, (_, column) => column),
    columns: new Uint16Array(termCount),
    weights: new Float32Array(termCount),
    lows: new Float64Array(sample.columnCount),
    highs: new Float64Array(sample.columnCount),
    point: new Float64Array(sample.columnCount),
    offset: 0,
  };
}

/** Fills the plane; false when every column is constant in these rows, so that none can part them. */
function drawPlane(sample: Matrix, rows: Int32Array, plane: Plane, random: Random): boolean {
  const { candidates, columns, weights, lows, highs, point } = plane;
  const termCount = columns.length;
  // Columns that vary move to the front, in random order, until there are enough; constant columns fill the rest.
  let varyingCount = 0;
  for (let tried = 0; tried < candidates.length && varyingCount < termCount; tried++) {
    // Where the plane takes all columns, their order does not matter.
    const drawn = termCount === candidates.length ? tried : tried + random.integer(candidates.length - tried);
    const column = candidates[drawn];
    candidates[drawn] = candidates[tried];
    candidates[tried] = column;
    findRange(sample, rows, column, plane);
    if (lows[column] === highs[column]) continue;
    candidates[tried] = candidates[varyingCount];
    candidates[varyingCount] = column;
    varyingCount++;
  }
  if (varyingCount === 0) return false;
  for (let term = 0; term < termCount; term++) columns[term] = candidates[term];
  columns.sort();
  for (let term = 0; term < termCount; term++) {
    const column = columns[term];
    const share = random.uniform();
    weights[term] = random.normal();
    // In two parts, so that a range wider than float64 does not overflow.
    point[column] = lows[column] * (1 - share) + highs[column] * share;
  }
  const offset = weightedSum(plane, point, 0);
  // A sum that overflows parts no rows: one side stays empty, and the depth limit ends the branch.
  plane.offset = Number.isNaN(offset) ? 0 : Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, offset));
  return true;
}

function findRange({ values, columnCount }: Matrix, rows: Int32Array, column: number, { lows, highs }: Plane): void {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < rows.length; i++) {
    const value = values[rows[i] * columnCount + column];
    if (value < low) low = value;
    if (value > high) high = value;
  }
  lows[column] = low;
  highs[column] = high;
}

/** Sums even terms, then odd ones, as the kernel does, so that scoring finds the training rows on the sides they were put. */
function weightedSum({ columns, weights }: Plane, values: Float64Array, at: number): number {
  let even = 0;
  let odd = 0;
  for (let term = 0; term < columns.length; term++) {
    const product = weights[term] * values[at + columns[term]];
    if (term % 2 === 0) even += product;
    else odd += product;
  }
  return even + odd;
}

/** Moves rows on the left side of the plane to the front; returns their count. */
function partition(sample: Matrix, rows: Int32Array, plane: Plane): number {
  let front = 0;
  let back = rows.length;
  while (front < back) {
    const row = rows[front];
    if (weightedSum(plane, sample.values, row * sample.columnCount) > plane.offset) {
      back--;
      rows[front] = rows[back];
      rows[back] = row;
    } else {
      front++;
    }
  }
  return front;
}
