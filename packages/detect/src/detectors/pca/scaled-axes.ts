/** The scale of each column, and the axes of the cloud of scaled rows. */

import type { SymmetricEigen } from "../../structures/linear-algebra/symmetric-eigen.ts";

/** Values and vectors in the space of scaled columns. */
export interface ScaledAxes extends SymmetricEigen {
  readonly mean: Float64Array;
  readonly scales: Float64Array;
}

/** Each column's standard deviation, or 1 where columns are not standardised. */
export function columnScales(
  variances: Float64Array,
  mean: Float64Array,
  rowCount: number,
  standardization: boolean,
): Float64Array {
  return variances.map((variance, j) => (standardization ? scaleOf(variance, mean[j], rowCount) : 1));
}

/** The standard deviation, or 1 where the variance is no larger than the rounding of a constant column. */
function scaleOf(variance: number, mean: number, rowCount: number): number {
  const meanError = rowCount * mean * Number.EPSILON;
  return variance <= rowCount * Number.EPSILON * variance + meanError * meanError ? 1 : Math.sqrt(variance);
}
