/** Turns a covariance into the map under which squared length is squared Mahalanobis distance. */

import type { DenseKernels } from "../../kernels/dense-kernels.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { cholesky, lowerInverse } from "./cholesky.ts";
import { scaledAxes, standardized } from "./scaled.ts";
import { eigenPieces } from "./symmetric-eigen.ts";

export interface Whitening {
  /** Natural logarithm of the determinant; -Infinity where the covariance is singular. */
  readonly logDeterminant: number;
  /** k x size, k <= size: `factor^T factor` is the inverse of the covariance, or its pseudo-inverse where it is singular. */
  readonly factor: () => Pieces<Float64Array>;
}

/** Below this share of its diagonal entry a pivot has lost half its digits: eigenvalues decide instead. */
const trustedPivot = 1e-8;

/**
 * Whitens a covariance; directions whose eigenvalue is lost in rounding (size * epsilon * the largest) are left out,
 * as the pseudo-inverse leaves them out. Whether a covariance is singular is known at a tenth of the cost of its factor.
 */
export function* whiten(covariance: Float64Array, size: number, kernels: DenseKernels): Pieces<Whitening> {
  const lower = yield* cholesky(covariance, size, trustedPivot);
  if (lower !== undefined) {
    let logDeterminant = 0;
    for (let i = 0; i < size; i++) logDeterminant += 2 * Math.log(lower[i * size + i]);
    return { logDeterminant, factor: () => lowerInverse(lower, size) };
  }
  if ((yield* cholesky(covariance, size, size * Number.EPSILON)) === undefined) {
    return { logDeterminant: Number.NEGATIVE_INFINITY, factor: () => pseudoFactor(covariance, size, kernels) };
  }
  const { factor, logDeterminant } = yield* eigenFactor(covariance, size, kernels);
  return { logDeterminant, factor: () => known(factor) };
}

/** Least variance of a direction, with columns in units of their spread: five digits of that unit. */
const varianceFloor = 1e-10;

/**
 * As {@link whiten}, but where the covariance is singular every direction has at least a little variance, so that a row
 * off the plane that holds the others is far away instead of near.
 *
 * @param spreads each column's standard deviation over all rows, the unit of that little; 0 counts as 1.
 */
export function* whitenWithFloor(covariance: Float64Array, spreads: Float64Array, kernels: DenseKernels): Pieces<Float64Array> {
  const size = spreads.length;
  const whitening = yield* whiten(covariance, size, kernels);
  if (whitening.logDeterminant !== Number.NEGATIVE_INFINITY) return yield* whitening.factor();
  const units = spreads.map((spread) => (spread > 0 ? spread : 1));
  const scaled = yield* standardized(covariance, units, 1);
  const { values, vectors } = yield* eigenPieces(scaled, size, kernels);
  const roots = values.map((value) => Math.sqrt(Math.max(value, varianceFloor)));
  return yield* scaledAxes(vectors, roots, units);
}

// oxlint-disable-next-line require-yield -- known already: no pieces are left
function* known(factor: Float64Array): Pieces<Float64Array> {
  return factor;
}

function* pseudoFactor(covariance: Float64Array, size: number, kernels: DenseKernels): Pieces<Float64Array> {
  return (yield* eigenFactor(covariance, size, kernels)).factor;
}

/** Directions of eigenvalues above rounding, each divided by its root. */
function* eigenFactor(
  covariance: Float64Array,
  size: number,
  kernels: DenseKernels,
): Pieces<{ factor: Float64Array; logDeterminant: number }> {
  const { values, vectors } = yield* eigenPieces(covariance, size, kernels);
  const largest = Math.max(Math.abs(values[0]), Math.abs(values[size - 1]));
  const cutoff = size * Number.EPSILON * largest;
  let count = 0;
  let logDeterminant = 0;
  // A covariance has no eigenvalue below 0 but by rounding.
  for (; count < size && values[count] > cutoff; count++) {
    logDeterminant += Math.log(values[count]);
    const root = Math.sqrt(values[count]);
    for (let at = count * size; at < (count + 1) * size; at++) vectors[at] /= root;
    if (count % 1024 === 1023) yield;
  }
  if (count === size) return { factor: vectors, logDeterminant };
  return { factor: vectors.slice(0, count * size), logDeterminant: Number.NEGATIVE_INFINITY };
}
