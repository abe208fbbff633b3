/** Makes the final estimate from the raw minimum determinant estimate: rescales it, then uses only the rows near it. */

import type { CenteredTransform } from "../../kernels/dense-kernels.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { diagonalOf, fitMoments } from "../../structures/linear-algebra/moments.ts";
import type { MomentsContext } from "../../structures/linear-algebra/moments.ts";
import { pickedRows } from "../../threads/picked-rows.ts";
import { squaredNorms } from "../../structures/linear-algebra/squared-norms.ts";
import { whiten, whitenWithFloor } from "../../structures/linear-algebra/whitening.ts";
import type { Matrix } from "../../matrix.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { inTurns } from "../../threads/pieces.ts";
import { chiSquareQuantile } from "./chi-square.ts";
import type { Estimate } from "./concentration.ts";
import { kthSmallest } from "./nearest-rows.ts";

/** Rows beyond this quantile of their distances' distribution are left out of the final estimate. */
const keptShare = 0.975;

export interface Shape {
  readonly location: Float64Array;
  readonly covariance: Float64Array;
}

export interface ReweightingParams {
  readonly assumeCentered: boolean;
  readonly compat: "none" | "pyod";
}

/**
 * Distances are scaled so that their median is that of normal data, and rows within the 97.5 % quantile give location and
 * covariance anew. With `assumeCentered` both are taken about the origin.
 *
 * @returns the map under which squared length is the score.
 * Source  Rousseeuw and Van Driessen 1999, section 5 (as in scikit-learn 1.2: without the small-sample factors).
 */
export async function reweight(
  train: Matrix,
  raw: Estimate,
  params: ReweightingParams,
  context: MomentsContext,
): Promise<CenteredTransform> {
  const { kernels, signal } = context;
  const width = train.columnCount;
  const spreads = diagonalOf((await fitMoments(train, undefined, context)).covariance, width).map(Math.sqrt);
  const transformOf = (shape: Shape) => inTurns(whitened(shape, params.compat, spreads, kernels), signal);
  const rawTransform = await transformOf(rawShape(raw, params));
  const distances = await inTurns(squaredNorms(train, rawTransform, kernels), signal);
  const correction = median(distances) / chiSquareQuantile(0.5, width);
  const limit = chiSquareQuantile(keptShare, width) * correction;
  // Where half the distances are 0 the scale is undefined: all rows at distance 0 stay.
  const near = Array.from(distances.keys()).filter((row) => distances[row] < limit || distances[row] === 0);
  // Copied, not weighted: sums about a point near these rows keep a constant column's variance at 0.
  const { mean, covariance } = await fitMoments(await inTurns(pickedRows(train, near), signal), undefined, context);
  const shape = { location: mean, covariance };
  return transformOf(params.assumeCentered ? aboutOrigin(shape) : shape);
}

function* whitened(
  { location, covariance }: Shape,
  compat: ReweightingParams["compat"],
  spreads: Float64Array,
  kernels: KernelSet,
): Pieces<CenteredTransform> {
  const factor =
    compat === "pyod"
      ? yield* (yield* whiten(covariance, spreads.length, kernels)).factor()
      : yield* whitenWithFloor(covariance, spreads, kernels);
  return { center: location, factor };
}

/** The shape from which scikit-learn measures: for a singular estimate, the covariance of the step before. */
function rawShape(raw: Estimate, params: ReweightingParams): Shape {
  if (params.assumeCentered) return aboutOrigin(raw);
  const covariance = params.compat === "pyod" ? (raw.regularCovariance ?? raw.covariance) : raw.covariance;
  return { location: raw.location, covariance };
}

/** Second moments about 0 instead of about the mean. */
function aboutOrigin({ location, covariance }: Shape): Shape {
  const width = location.length;
  return {
    location: new Float64Array(width),
    covariance: covariance.map((value, at) => value + location[Math.floor(at / width)] * location[at % width]),
  };
}

function median(values: Float64Array): number {
  const middle = values.length >> 1;
  const scratch = values.slice();
  const upper = kthSmallest(scratch, middle);
  return values.length % 2 === 1 ? upper : (upper + kthSmallest(scratch, middle - 1)) / 2;
}
