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

/** Variances below this share of the column's spread count as that much: five digits of it. */
const varianceFloor = 1e-10;

/**
 * As {@link whiten}, but where the covariance is singular every direction has at least a little variance, so that a row
 * off the plane that holds the others is far away instead of near.
 *
 * @param spreads each column's standard deviation over all rows, the unit of that little; 0 counts as 1.
 */
export function whitenWithFloor(covariance: Float64Array, spreads: Float64Array): Float64Array {
  const size = spreads.length;
  const whitening = whiten(covariance, size);
  if (whitening.logDeterminant !== Number.NEGATIVE_INFINITY) return whitening.factor();
  const units = spreads.map((spread) => (spread > 0 ? spread : 1));
  const scaled = covariance.map((value, at) => value / units[Math.floor(at / size)] / units[at % size]);
  const { values, vectors } = symmetricEigen(scaled, size);
  const roots = values.map((value) => Math.sqrt(Math.max(value, varianceFloor)));
  return vectors.map((value, at) => value / units[at % size] / roots[Math.floor(at / size)]);
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
