/** The column family of kernels: its contract. */

export interface ColumnKernels {
  /**
   * Sorts one column ascending, in place. `order[i]` becomes the place that the i-th smallest value had before; equal
   * values keep the order of their places. -0 counts as 0 and becomes 0. Values must not be NaN.
   */
  sortColumn(values: Float64Array, order: Uint32Array): void;
}
