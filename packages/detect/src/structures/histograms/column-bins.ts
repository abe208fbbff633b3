/** One histogram a column: the edges of all, and what finding a value's bin needs. */

import type { BinSearch } from "../../kernels/column-kernels.ts";

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
 * Starts of the bins: their edges, or, where a bin is closed on the right, the next number above.
 * @param closed the side on which a bin takes in its edge; the outermost edges always belong to the outermost bins.
 */
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
  return { firstBins, starts, scales };
}

const bytes = new DataView(new ArrayBuffer(8));

/** The next larger float64; of the largest, infinity. */
function nextAbove(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  bytes.setFloat64(0, value);
  bytes.setBigInt64(0, bytes.getBigInt64(0) + (value > 0 ? 1n : -1n));
  return bytes.getFloat64(0);
}

/** Bins for each unit, if multiplying by it ends in the right bin or beside it; else 0. */
function equalWidthScale(edges: Float64Array): number {
  const binCount = edges.length - 1;
  const scale = binCount / (edges[binCount] - edges[0]);
  if (!(scale > 0 && scale < Number.POSITIVE_INFINITY)) return 0;
  for (let i = 0; i <= binCount; i++) if (Math.abs((edges[i] - edges[0]) * scale - i) > 0.25) return 0;
  return scale;
}
