/** One histogram a column: where a value falls, and how many rows fell there. */

import type { Matrix } from "../matrix.ts";

/**
 * The bins of every column, one after the other. Column c has bins `firstBins[c]` to `firstBins[c + 1]`, and one edge
 * more than bins: edge e stands at `firstBins[c] + c + e`.
 */
export interface ColumnBins {
  readonly firstBins: Int32Array;
  readonly edges: Float64Array;
}

export function joinBins(edgesOfColumns: readonly Float64Array[]): ColumnBins {
  const firstBins = new Int32Array(edgesOfColumns.length + 1);
  for (const [column, edges] of edgesOfColumns.entries()) firstBins[column + 1] = firstBins[column] + edges.length - 1;
  const joined = new Float64Array(firstBins[edgesOfColumns.length] + edgesOfColumns.length);
  for (const [column, edges] of edgesOfColumns.entries()) joined.set(edges, firstBins[column] + column);
  return { firstBins, edges: joined };
}

/**
 * What a search needs beside the edges. Bin b of a column takes values from `starts[b]` up to, not with,
 * `starts[b + 1]`, places as those of the edges. A bin closed on the right starts just above its edge instead.
 */
export interface BinSearch extends ColumnBins {
  readonly starts: Float64Array;
  /** Bins for each unit of a column whose bins are equally wide; 0 where a binary search is needed. */
  readonly scales: Float64Array;
}

/** @param closed the side on which a bin takes in its edge; the outermost edges always belong to the outermost bins. */
export function binSearch(bins: ColumnBins, closed: "left" | "right"): BinSearch {
  const { firstBins, edges } = bins;
  const columnCount = firstBins.length - 1;
  const starts = Float64Array.from(edges);
  const scales = new Float64Array(columnCount);
  for (let column = 0; column < columnCount; column++) {
    const first = firstBins[column] + column;
    const last = firstBins[column + 1] + column;
    if (closed === "right") for (let i = first + 1; i < last; i++) starts[i] = nextAbove(edges[i]);
    starts[last] = nextAbove(edges[last]);
    scales[column] = equalWidthScale(edges.subarray(first, last + 1));
  }
  return { firstBins, edges, starts, scales };
}

const bytes = new DataView(new ArrayBuffer(8));

/** The next larger float64; of the largest, infinity. */
function nextAbove(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  bytes.setFloat64(0, value);
  bytes.setBigInt64(0, bytes.getBigInt64(0) + (value > 0 ? 1n : -1n));
  return bytes.getFloat64(0);
}

/** Bins for each unit, if multiplying by it always ends at most one bin beside; else 0. */
function equalWidthScale(edges: Float64Array): number {
  const binCount = edges.length - 1;
  const scale = binCount / (edges[binCount] - edges[0]);
  if (!(scale > 0 && scale < Number.POSITIVE_INFINITY)) return 0;
  for (let i = 0; i <= binCount; i++) if (Math.abs((edges[i] - edges[0]) * scale - i) > 0.25) return 0;
  return scale;
}

/** The bin of a value, counted over all columns; -1 below the first and -2 above the last bin of its column. */
export function binOf(search: BinSearch, column: number, value: number): number {
  const { firstBins, starts, scales } = search;
  const firstBin = firstBins[column];
  const lastBin = firstBins[column + 1] - 1;
  const first = firstBin + column;
  if (!(value >= starts[first])) return -1;
  if (!(value < starts[lastBin + column + 1])) return -2;
  if (scales[column] === 0) return binByHalving(starts, first, lastBin + column, value) - column;
  const near = first + Math.min(lastBin - firstBin, ((value - starts[first]) * scales[column]) | 0);
  if (value < starts[near]) return near - 1 - column;
  return (value >= starts[near + 1] ? near + 1 : near) - column;
}

/** The last place in `[first, last]` whose start is not above the value. */
function binByHalving(starts: Float64Array, first: number, last: number, value: number): number {
  let low = first;
  let high = last;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (starts[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Adds the rows to the counts of their bins; every value lies in a bin. */
export function addBinCounts(search: BinSearch, rows: Matrix, counts: Int32Array): void {
  const { columnCount, values } = rows;
  for (let at = 0; at < values.length; at += columnCount) {
    for (let column = 0; column < columnCount; column++) counts[binOf(search, column, values[at + column])]++;
  }
}

/** Smallest and largest value of each column: `result[2 * column]` and `result[2 * column + 1]`. */
export function columnRanges(rows: Matrix): Float64Array {
  const { columnCount, values } = rows;
  const ranges = new Float64Array(2 * columnCount);
  for (let column = 0; column < columnCount; column++) {
    ranges[2 * column] = Number.POSITIVE_INFINITY;
    ranges[2 * column + 1] = Number.NEGATIVE_INFINITY;
  }
  for (let at = 0; at < values.length; at += columnCount) {
    for (let column = 0; column < columnCount; column++) {
      const value = values[at + column];
      if (value < ranges[2 * column]) ranges[2 * column] = value;
      if (value > ranges[2 * column + 1]) ranges[2 * column + 1] = value;
    }
  }
  return ranges;
}
