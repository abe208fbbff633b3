/** Cholesky factors of symmetric positive definite matrices. */

import type { Pieces } from "../../threads/pieces.ts";
import { pieceWorkMax } from "../../threads/pieces.ts";

/**
 * The lower triangular L with L L^T = matrix, or undefined where a pivot is not above `relativePivotMin` times its
 * diagonal entry: the matrix is then not positive definite, or too close to singular to trust.
 */
export function* cholesky(matrix: Float64Array, size: number, relativePivotMin = 0): Pieces<Float64Array | undefined> {
  const lower = new Float64Array(matrix.length);
  for (let i = 0, work = 0; i < size; i++, work += (i * i) / 2) {
    if (work > pieceWorkMax) {
      work = 0;
      yield;
    }
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j];
      for (let k = 0; k < j; k++) sum -= lower[i * size + k] * lower[j * size + k];
      if (i > j) lower[i * size + j] = sum / lower[j * size + j];
      else if (sum > 0 && sum > relativePivotMin * matrix[i * size + i]) lower[i * size + i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return lower;
}

/** The inverse of a lower triangular matrix with no zero on its diagonal. */
export function* lowerInverse(lower: Float64Array, size: number): Pieces<Float64Array> {
  const inverse = new Float64Array(lower.length);
  for (let i = 0, work = 0; i < size; i++, work += (i * i) / 2) {
    if (work > pieceWorkMax) {
      work = 0;
      yield;
    }
    const row = inverse.subarray(i * size, (i + 1) * size);
    for (let k = 0; k < i; k++) {
      const factor = lower[i * size + k];
      for (let j = 0; j <= k; j++) row[j] -= factor * inverse[k * size + j];
    }
    const pivot = lower[i * size + i];
    for (let j = 0; j < i; j++) row[j] /= pivot;
    row[i] = 1 / pivot;
  }
  return inverse;
}
