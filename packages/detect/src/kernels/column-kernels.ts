/** The column family of kernels: its contract. */

import type { Matrix } from "../matrix.ts";

/**
 * Sparse projections: projection p of a row is the sum of `width` of its columns times their weights, in this order;
 * its columns and weights stand at `p * width` and after.
 */
export interface Projections {
  readonly count: number;
  readonly width: number;
  readonly columns: Int32Array;
  readonly weights: Float64Array;
}

/**
 * A step function for each projection p. With the place `floor((projection - lows[p]) * scales[p])`, clamped to
 * `leasts[p]` to `mosts[p]` (NaN counts as the least), its cell is `starts[p] + place - leasts[p]`.
 */
export interface ProjectedSteps extends Projections {
  readonly lows: Float64Array;
  readonly scales: Float64Array;
  readonly leasts: Int32Array;
  readonly mosts: Int32Array;
  readonly starts: Int32Array;
}

/**
 * One histogram a column, its bins one after the other: column c has bins `firstBins[c]` to `firstBins[c + 1]`, and one
 * start more than bins, the first at `firstBins[c] + c`. A bin takes values from its start up to, not with, the next.
 */
export interface BinSearch {
  readonly firstBins: Int32Array;
  readonly starts: Float64Array;
  /** Bins for each unit of a column whose bins are equally wide, to guess the bin; 0 where a guess does not help. */
  readonly scales: Float64Array;
}

/** The value of each bin. Rows up to `tol` bin widths beyond an outermost bin get its value, others beyond get `outside`. */
export interface BinCells extends BinSearch {
  /** Edges at the places of the starts: the same numbers, or those just below where bins are closed on the right. */
  readonly edges: Float64Array;
  readonly cells: Float64Array;
  readonly tol: number;
  /** One number a column. */
  readonly outside: Float64Array;
}

export interface ColumnKernels {
  /**
   * Sorts one column ascending, in place. `order[i]` becomes the place that the i-th smallest value had before; equal
   * values keep the order of their places. -0 counts as 0 and becomes 0. Values must not be NaN.
   */
  sortColumn(values: Float64Array, order: Uint32Array): void;
  /** Lowers `ranges[2 * p]` to the least and raises `ranges[2 * p + 1]` to the largest of each projection p; no -0. */
  projectedRangesInto(rows: Matrix, projections: Projections, ranges: Float64Array): void;
  /** Adds 1 to the cell of each row in each step function. */
  projectedCountsInto(rows: Matrix, steps: ProjectedSteps, counts: Int32Array): void;
  /** The sum of the values of each row's cells, in the order of the step functions. */
  projectedSumsInto(rows: Matrix, steps: ProjectedSteps, cells: Float64Array, sums: Float64Array): void;
  /** Lowers `ranges[2 * c]` to the least and raises `ranges[2 * c + 1]` to the largest of each column c; no -0. */
  columnRangesInto(rows: Matrix, ranges: Float64Array): void;
  /** Adds 1 to the bin of each value; every value lies in a bin. */
  binCountsInto(rows: Matrix, search: BinSearch, counts: Int32Array): void;
  /** Writes the value that each cell of `rows` counts: `out[row * columnCount + column]`. */
  binnedCellsInto(rows: Matrix, bins: BinCells, out: Float64Array): void;
  /** The sum of what each row's values count, in the order of the columns. */
  binnedSumsInto(rows: Matrix, bins: BinCells, sums: Float64Array): void;
}
