/** The sign of a column's skewness, of the training rows and of the training rows with one row more. */

/**
 * Central sums of one column: what its skewness needs, and what one more value updates at constant cost.
 * Values are divided by `unit`, a power of two near the largest, so that cubes neither overflow nor lose a bit.
 */
export interface CentralSums {
  readonly count: number;
  readonly unit: number;
  readonly mean: number;
  /** Sum of squared deviations from the mean. */
  readonly squares: number;
  /** Sum of cubed deviations from the mean. */
  readonly cubes: number;
}

/** A column whose standard deviation is below this share of its mean is constant but for rounding: no skewness. */
const constantShare = 1e-15;
const deltaMax = 1e100;

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

/**
 * For each of the first `length` values the sign with that one value counted in, by the update formulas for central moments
 * (Pébay, Formulas for robust, one-pass parallel computation of covariances and moments, Sandia 2008, eq. 2.1).
 */
export function skewnessSignsWith(sums: CentralSums, values: Float64Array, length: number, signs: Int8Array): void {
  const { count, mean, squares, cubes } = sums;
  const total = count + 1;
  const perUnit = 1 / sums.unit;
  const squareWeight = count / total;
  const cubeWeight = (count * (count - 1)) / (total * total);
  const cross = (3 * squares) / total;
  // Far from constant, no further value makes the column so: it adds to the variance at least 1 / total of what it adds
  // to the square of the mean.
  const spread = squares / total > 4 * constantShare * constantShare * mean * mean;
  for (let i = 0; i < length; i++) {
    // The bound keeps cubes finite; so far out, only the side matters.
    const delta = Math.min(deltaMax, Math.max(-deltaMax, values[i] * perUnit - mean));
    const square = delta * delta;
    if (!spread && isConstant((squares + square * squareWeight) / total, mean + delta / total)) signs[i] = 0;
    else {
      const newCubes = cubes + delta * (square * cubeWeight - cross);
      signs[i] = newCubes > 0 ? 1 : newCubes < 0 ? -1 : 0;
    }
  }
}

function isConstant(variance: number, mean: number): boolean {
  const limit = constantShare * mean;
  return variance <= limit * limit;
}
