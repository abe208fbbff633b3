/** How far two sets of scores order the same rows alike, which does not tell which of them is right. */

/** Ranks from 1; equal scores share the mean of their ranks. */
export function averageRanks(scores: Float64Array): Float64Array {
  const sorted = scores.slice().sort();
  return scores.map((score) => (countUpTo(sorted, score, false) + 1 + countUpTo(sorted, score, true)) / 2);
}

/** How many of the sorted numbers are less than `value`, or also equal to it. */
function countUpTo(sorted: Float64Array, value: number, countsEqual: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value || (countsEqual && sorted[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
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
