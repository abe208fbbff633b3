/** Mean and variance of each column, without the covariances between them. */

import type { Matrix } from "../../matrix.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { pieceWorkMax } from "../../threads/pieces.ts";
import { requireFiniteVariance } from "./moments.ts";

export interface ColumnMoments {
  readonly mean: Float64Array;
  /** Divided by the number of rows. */
  readonly variances: Float64Array;
}

/** @throws NomalyError NOT_FINITE when values are so large that their squares overflow. */
export function* columnMoments({ rowCount, columnCount, values }: Matrix): Pieces<ColumnMoments> {
  const mean = new Float64Array(columnCount);
  const variances = new Float64Array(columnCount);
  for (let at = 0, row = 0; row < rowCount; row++) {
    for (let column = 0; column < columnCount; column++) mean[column] += values[at++] / rowCount;
    if (at % pieceWorkMax < columnCount) yield;
  }
  for (let at = 0, row = 0; row < rowCount; row++) {
    for (let column = 0; column < columnCount; column++) {
      const deviation = values[at++] - mean[column];
      variances[column] += (deviation * deviation) / rowCount;
    }
    if (at % pieceWorkMax < columnCount) yield;
  }
  for (const [column, variance] of variances.entries()) requireFiniteVariance(variance, column);
  return { mean, variances };
}
