/** Replaces scores that overflowed because a row is extremely far out. */

/** Puts the largest float64 where a score overflowed or lost its meaning on the way (infinity less infinity). */
export function capScores(scores: Float64Array): void {
  for (let row = 0; row < scores.length; row++) {
    if (!(scores[row] <= Number.MAX_VALUE)) scores[row] = Number.MAX_VALUE;
  }
}
