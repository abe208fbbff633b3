/** How far two sets of scores order the same rows alike, which does not tell which of them is right. */

import { countBelow, countUpTo } from "../sorted-counts.ts";

/** Ranks from 1; equal scores share the mean of their ranks. */
export function averageRanks(scores: Float64Array): Float64Array {
  const sorted = scores.slice().sort();
  return scores.map((score) => (countBelow(sorted, score) + 1 + countUpTo(sorted, score)) / 2);
}

/** Pearson's; of {@link averageRanks} it is Spearman's. Null where one of them does not vary. */
export function correlation(first: Float64Array, second: Float64Array): number | null {
  const meanOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanFirst, meanSecond] = [meanOf(first), meanOf(second)];
  let [together, spreadFirst, spreadSecond] = [0, 0, 0];
  for (let row = 0; row < first.length; row++) {
    const [a, b] = [first[row] - meanFirst, second[row] - meanSecond];
    together += a * b;
    spreadFirst += a * a;
    spreadSecond += b * b;
  }
  return spreadFirst === 0 || spreadSecond === 0 ? null : together / Math.sqrt(spreadFirst * spreadSecond);
}
