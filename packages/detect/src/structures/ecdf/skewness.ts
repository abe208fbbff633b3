/** The sign of the skewness of a column's training values. */

import type { CentralSums } from "../../kernels/tail-kernels.ts";
import { constantShare } from "../../kernels/tail-kernels.ts";

/** @param sorted one column in ascending order, so that the sums do not depend on the order of the rows. */
export function centralSums(sorted: Float64Array): CentralSums {
  const count = sorted.length;
  const unit = powerOfTwoNear(Math.max(Math.abs(sorted[0]), Math.abs(sorted[count - 1])));
  // The inverse of a power of two is exact, and multiplying is faster.
  const perUnit = 1 / unit;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += sorted[i] * perUnit;
  const mean = sum / count;
  let squares = 0;
  let cubes = 0;
  for (let i = 0; i < count; i++) {
    const deviation = sorted[i] * perUnit - mean;
    const square = deviation * deviation;
    squares += square;
    cubes += square * deviation;
  }
  return { count, unit, mean, squares, cubes };
}

function powerOfTwoNear(value: number): number {
  return value === 0 ? 1 : 2 ** Math.max(-1022, Math.floor(Math.log2(value)));
}

/** -1, 0 or 1. */
export function skewnessSign(sums: CentralSums): number {
  const { count, mean, squares, cubes } = sums;
  return isConstant(squares / count, mean) ? 0 : Math.sign(cubes);
}

function isConstant(variance: number, mean: number): boolean {
  const limit = constantShare * mean;
  return variance <= limit * limit;
}
