/** The exact minimum covariance determinant of one column: the shortest interval that holds enough values. */

import type { Matrix } from "../../matrix.ts";
import type { Estimate } from "./concentration.ts";
import { indexesOfSmallest } from "./nearest-rows.ts";

/**
 * Location: the middle of the shortest interval over `supportCount + 1` sorted values (the mean of middles where several
 * are shortest); covariance: the variance of the values nearest to it.
 * Source  Rousseeuw and Leroy, Robust Regression and Outlier Detection, 1987, chapter 4; details as in scikit-learn.
 */
export function oneColumnMcd(train: Matrix, supportCount: number): Estimate {
  const { values, rowCount } = train;
  const location = supportCount < rowCount ? shortestMiddle(values, supportCount) : mean(values);
  const distances = values.map((value) => Math.abs(value - location));
  const support = Float64Array.from(indexesOfSmallest(distances, supportCount), (row) => values[row]);
  const center = mean(support);
  const variance = mean(support.map((value) => (value - center) ** 2));
  return { location: Float64Array.of(location), covariance: Float64Array.of(variance), logDeterminant: Math.log(variance) };
}

function shortestMiddle(values: Float64Array, supportCount: number): number {
  const sorted = values.slice().sort();
  let shortest = Number.POSITIVE_INFINITY;
  let sum = 0;
  let count = 0;
  for (let start = 0; start + supportCount < sorted.length; start++) {
    const length = sorted[start + supportCount] - sorted[start];
    if (length > shortest) continue;
    if (length < shortest) {
      shortest = length;
      sum = 0;
      count = 0;
    }
    sum += sorted[start + supportCount] / 2 + sorted[start] / 2;
    count++;
  }
  return sum / count;
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value / values.length;
  return sum;
}
