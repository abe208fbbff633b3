/** The covariance types of a mixture, and the whitening transform of each component. */

import { NomalyError } from "../../errors.ts";
import { cholesky, lowerInverse } from "../../structures/linear-algebra/cholesky.ts";
import type { Moments } from "../../structures/linear-algebra/moments.ts";
import type { Pieces } from "../../threads/pieces.ts";

export const covarianceTypes = ["full", "tied", "diag", "spherical"] as const;
export type CovarianceType = (typeof covarianceTypes)[number];

/** One Gaussian: log density at x is `logPeak - |factor (x - mean)|^2 / 2`. */
export interface Gaussian {
  readonly mean: Float64Array;
  /** d x d. */
  readonly factor: Float64Array;
  readonly logPeak: number;
}

/**
 * Gaussians from the moments of their (weighted) rows. `regCovar` is added to every variance.
 * @throws NomalyError PARAM when a covariance is not positive definite in spite of `regCovar`.
 */
export function* gaussiansOf(moments: readonly Moments[], type: CovarianceType, regCovar: number): Pieces<Gaussian[]> {
  const shaped = type === "tied" ? yield* tied(moments) : moments.map(({ covariance }) => covariance);
  const gaussians: Gaussian[] = [];
  for (const [k, { mean }] of moments.entries()) {
    const covariance = restrict(shaped[k], mean.length, type);
    for (let at = 0; at < covariance.length; at += mean.length + 1) covariance[at] += regCovar;
    gaussians.push(yield* gaussianOf(mean, covariance, regCovar));
    yield;
  }
  return gaussians;
}

/** One covariance for all components: the mean of theirs, weighted by their rows. */
function* tied(moments: readonly Moments[]): Pieces<Float64Array[]> {
  const shared = new Float64Array(moments[0].covariance.length);
  let total = 0;
  for (const { weight } of moments) total += weight;
  for (const { covariance, weight } of moments) {
    for (let at = 0; at < shared.length; at++) shared[at] += covariance[at] * (weight / total);
    yield;
  }
  return moments.map(() => shared);
}

/** A copy with only the entries that the type allows. */
function restrict(covariance: Float64Array, size: number, type: CovarianceType): Float64Array {
  if (type === "full" || type === "tied") return covariance.slice();
  const result = new Float64Array(covariance.length);
  let trace = 0;
  for (let at = 0; at < covariance.length; at += size + 1) trace += covariance[at];
  for (let at = 0; at < covariance.length; at += size + 1) result[at] = type === "diag" ? covariance[at] : trace / size;
  return result;
}

function* gaussianOf(mean: Float64Array, covariance: Float64Array, regCovar: number): Pieces<Gaussian> {
  const size = mean.length;
  const lower = yield* cholesky(covariance, size);
  if (lower === undefined) {
    throw new NomalyError(
      "PARAM",
      `gmm: reg_covar must be large enough to make every covariance positive definite, got ${regCovar}; raise it, or scale the columns`,
      { field: "regCovar", received: String(regCovar) },
    );
  }
  let logDeterminant = 0;
  for (let at = 0; at < lower.length; at += size + 1) logDeterminant += 2 * Math.log(lower[at]);
  const factor = yield* lowerInverse(lower, size);
  return { mean, factor, logPeak: -0.5 * (size * Math.log(2 * Math.PI) + logDeterminant) };
}
