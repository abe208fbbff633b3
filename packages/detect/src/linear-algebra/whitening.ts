/** Turns a covariance into the map under which squared length is squared Mahalanobis distance. */

import { cholesky, lowerInverse } from "./cholesky.ts";
import { symmetricEigen } from "./symmetric-eigen.ts";

export interface Whitening {
  /** Natural logarithm of the determinant; -Infinity where the covariance is singular. */
  readonly logDeterminant: number;
  /** k x size, k <= size: `factor^T factor` is the inverse of the covariance, or its pseudo-inverse where it is singular. */
  readonly factor: () => Float64Array;
}

/** Below this share of its diagonal entry a pivot has lost half its digits: eigenvalues decide instead. */
const trustedPivot = 1e-8;

/**
 * Whitens a covariance; directions whose eigenvalue is lost in rounding (size * epsilon * the largest) are left out,
 * as the pseudo-inverse leaves them out. That a covariance is singular is seen at a tenth of the cost of its factor.
 */
export function whiten(covariance: Float64Array, size: number): Whitening {
  const lower = cholesky(covariance, size, trustedPivot);
  if (lower !== undefined) {
    let logDeterminant = 0;
    for (let i = 0; i < size; i++) logDeterminant += 2 * Math.log(lower[i * size + i]);
    return { logDeterminant, factor: () => lowerInverse(lower, size) };
  }
  if (cholesky(covariance, size, size * Number.EPSILON) === undefined) {
    return { logDeterminant: Number.NEGATIVE_INFINITY, factor: () => eigenFactor(covariance, size).factor };
  }
  const { factor, logDeterminant } = eigenFactor(covariance, size);
  return { logDeterminant, factor: () => factor };
}

function eigenFactor(covariance: Float64Array, size: number): { factor: Float64Array; logDeterminant: number } {
  const { values, vectors } = symmetricEigen(covariance, size);
  const largest = Math.max(Math.abs(values[0]), Math.abs(values[size - 1]));
  const cutoff = size * Number.EPSILON * largest;
  const factor: number[] = [];
  let logDeterminant = 0;
  for (const [i, value] of values.entries()) {
    // A covariance has no eigenvalue below 0 but by rounding.
    if (value <= cutoff) return { factor: Float64Array.from(factor), logDeterminant: Number.NEGATIVE_INFINITY };
    logDeterminant += Math.log(value);
    const root = Math.sqrt(value);
    for (let j = 0; j < size; j++) factor.push(vectors[i * size + j] / root);
  }
  return { factor: Float64Array.from(factor), logDeterminant };
}
