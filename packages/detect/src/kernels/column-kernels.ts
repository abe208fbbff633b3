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
}
