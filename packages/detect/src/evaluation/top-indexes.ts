/** Finds the rows with the highest scores. */

/** Indexes of the `count` highest scores, highest first; ties in the order of the rows. */
export function topIndexes(scores: Float64Array, count: number): readonly number[] {
  // Sorting numbers is many times faster than sorting indexes by score, and there may be millions of rows.
  const lowest = scores.slice().sort()[Math.max(0, scores.length - count)];
  const above: number[] = [];
  const equal: number[] = [];
  for (let row = 0; row < scores.length; row++) {
    if (scores[row] > lowest) above.push(row);
    else if (scores[row] === lowest && equal.length < count) equal.push(row);
  }
  const order = [...above, ...equal.slice(0, count - above.length)];
  return order.sort((a, b) => scores[b] - scores[a] || a - b);
}
