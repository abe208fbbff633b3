/** A score's mid-rank among the training scores of a member: near 0 the most usual, near 1 the most anomalous. */

import { stateFiniteArray, stateArray, damaged } from "../../detector/state.ts";
import type { ModelState } from "../../detector/detector.ts";
import { countBelow, countUpTo } from "../../sorted-counts.ts";

/** Sorted training scores, all or some of them, and their places among all. */
export interface SortedScores {
  /** Ascending. */
  readonly scores: Float64Array;
  /** The place of each in the sorted list of all training scores, ascending from 0. */
  readonly places: Uint32Array;
  /** How many training scores there were. */
  readonly rowCount: number;
}

/** Scores kept with a model: the highest one by one, as they tell anomalies apart, the others at even steps. */
const highestCount = 8192;
const otherCount = 8192;

/** @param sorted ascending, finite, not empty. */
export function allScores(sorted: Float64Array): SortedScores {
  return { scores: sorted, places: Uint32Array.from(sorted.keys()), rowCount: sorted.length };
}

/** Up to 16,384 scores: all of them, or the highest 8,192 and others at even steps. */
export function keptScores(sorted: Float64Array): SortedScores {
  const rowCount = sorted.length;
  if (rowCount <= highestCount + otherCount) return allScores(sorted);
  const firstHigh = rowCount - highestCount;
  const places = new Uint32Array(highestCount + otherCount);
  for (let i = 0; i < otherCount; i++) places[i] = Math.floor((i * firstHigh) / otherCount);
  for (let i = 0; i < highestCount; i++) places[otherCount + i] = firstHigh + i;
  return { scores: Float64Array.from(places, (place) => sorted[place]), places, rowCount };
}

/**
 * The middle of a score's ranks among the n training scores, less a half, divided by n: (average rank - 1/2) / n for a score among them.
 * A score above them all stands between 1 - 1/(2n) and 1, the higher the nearer to 1, so that rows farther out stay in order.
 */
export function midRankOf({ scores, places, rowCount }: SortedScores, score: number): number {
  const last = scores.length - 1;
  if (score > scores[last]) {
    const unit = scores[last] - scores[last >> 1];
    const beyond = (score - scores[last]) / (unit > 0 ? unit : 1);
    const share = beyond < Number.POSITIVE_INFINITY ? beyond / (1 + beyond) : 1;
    return (rowCount - 0.5 + 0.5 * share) / rowCount;
  }
  const belowCount = countBelow(scores, score);
  let uptoCount = belowCount;
  if (scores[belowCount] === score) uptoCount = countUpTo(scores, score, belowCount);
  return (placeAfter(places, belowCount) + placeAfter(places, uptoCount)) / 2 / rowCount;
}

/** How many training scores stand up to the first `count` kept ones. */
function placeAfter(places: Uint32Array, count: number): number {
  return count === 0 ? 0 : places[count - 1] + 1;
}

export const scoresName = "trainingScores";
export const placesName = "trainingPlaces";

/** @throws NomalyError MODEL_FILE when the arrays were not made by {@link keptScores} of `rowCount` scores. */
export function restoreScores(state: ModelState, rowCount: number): SortedScores {
  const scores = stateFiniteArray(state, scoresName);
  const places = stateArray(state, placesName, Uint32Array, scores.length);
  if (scores.length === 0 || scores.length > highestCount + otherCount) {
    throw damaged(scoresName, `1 to ${highestCount + otherCount} scores, got ${scores.length}`);
  }
  for (let i = 1; i < scores.length; i++) {
    if (scores[i] < scores[i - 1]) throw damaged(scoresName, "ascending scores");
    if (places[i] <= places[i - 1]) throw damaged(placesName, "ascending places");
  }
  if (places[0] !== 0 || places[places.length - 1] !== rowCount - 1)
    throw damaged(placesName, `places from 0 to ${rowCount - 1}`);
  return { scores, places, rowCount };
}
