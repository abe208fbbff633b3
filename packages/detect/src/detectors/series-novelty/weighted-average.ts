/** The exponentially weighted mean and variance of a series, two numbers that forget. */

/** Where a pair of numbers lies in an array of state: its mean, then its variance. */
export const averageWidth = 2;

/** The weight of row `index`, from 0: that of a plain average until forgetting, `least`, weighs more. */
export function weightAt(index: number, least: number): number {
  return Math.max(1 / (index + 1), least);
}

/** The least weight for which a row counts half after `halfLife` rows. */
export function leastWeight(halfLife: number): number {
  return 1 - 2 ** (-1 / halfLife);
}

/** The standard deviation of a variance, never 0: a millionth of a millionth, and a billionth of the mean, stand in for rounding. */
export function spreadOf(mean: number, variance: number): number {
  return Math.sqrt(variance) + 1e-9 * Math.abs(mean) + 1e-12;
}

/** The mean after one more value. */
export function nextMean(mean: number, value: number, weight: number): number {
  return mean + weight * (value - mean);
}

/** The variance after one more value; `mean` is the one before it. */
export function nextVariance(mean: number, variance: number, value: number, weight: number): number {
  const deviation = value - mean;
  return (1 - weight) * (variance + weight * deviation * deviation);
}

/** Takes one more value into the pair at `at`. */
export function learnAverage(averages: Float64Array, at: number, value: number, weight: number): void {
  const mean = averages[at];
  averages[at] = nextMean(mean, value, weight);
  averages[at + 1] = nextVariance(mean, averages[at + 1], value, weight);
}
