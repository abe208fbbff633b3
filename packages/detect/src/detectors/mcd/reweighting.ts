/** From the raw minimum determinant estimate to the final one: made consistent, then made again from the rows near it. */

import { fitMoments } from "../../linear-algebra/moments.ts";
import type { MomentsContext } from "../../linear-algebra/moments.ts";
import type { Matrix } from "../../matrix.ts";
import { pickRows } from "../../matrix.ts";
import { chiSquareQuantile } from "./chi-square.ts";
import { distancesTo } from "./concentration.ts";
import type { Estimate } from "./concentration.ts";
import { kthSmallest } from "./nearest-rows.ts";

/** Rows beyond this quantile of their distances' distribution are left out of the final estimate. */
const keptShare = 0.975;

export interface Shape {
  readonly location: Float64Array;
  readonly covariance: Float64Array;
}

/**
 * Distances are scaled so that their median is that of normal data, and rows within the 97.5 % quantile give location and
 * covariance anew. With `assumeCentered` both are taken about the origin.
 * Source  Rousseeuw and Van Driessen 1999, section 5 (as in scikit-learn 1.2: without the small-sample factors).
 */
export async function reweight(train: Matrix, raw: Estimate, assumeCentered: boolean, context: MomentsContext): Promise<Shape> {
  const width = train.columnCount;
  const start = assumeCentered
    ? aboutOrigin(raw)
    : { location: raw.location, covariance: raw.regularCovariance ?? raw.covariance };
  const distances = distancesTo(train, start, context.kernels);
  const correction = median(distances) / chiSquareQuantile(0.5, width);
  const limit = chiSquareQuantile(keptShare, width) * correction;
  // Where half the rows are at no distance the scale says nothing: all rows at no distance stay.
  const near = Array.from(distances.keys()).filter((row) => distances[row] < limit || distances[row] === 0);
  // Copied rather than weighted: sums about a point near these rows keep a constant column's variance at 0.
  const { mean, covariance } = await fitMoments(pickRows(train, near), undefined, context);
  return assumeCentered ? aboutOrigin({ location: mean, covariance }) : { location: mean, covariance };
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
