/** Which rows score highest. */

/** Indexes of the `count` highest scores, highest first, equals in the order of the rows. */
export function topIndexes(scores: Float64Array, count: number): readonly number[] {
  // Numbers sort many times faster than indexes by their scores, and rows may be millions.
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
