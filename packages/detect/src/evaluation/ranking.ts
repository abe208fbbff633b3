/** How well scores rank anomalies above normal rows, whatever the threshold. */

import { NomalyError } from "../errors.ts";
import type { Labels } from "./labels.ts";
import { requireLabels } from "./labels.ts";

/** Counts of rows at or above one distinct score, from the highest score down. */
interface Level {
  readonly score: number;
  readonly truePositives: number;
  readonly falsePositives: number;
}

/** A point of the receiver operating characteristic. */
export interface RocPoint {
  /** Rows with `score >= threshold` count as flagged. */
  readonly threshold: number;
  /** Share of the normal rows above the threshold, 0 to 1. */
  readonly falsePositiveRate: number;
  /** Share of the anomalous rows above the threshold, 0 to 1. */
  readonly truePositiveRate: number;
}

/**
 * Area under the ROC curve: the chance that an anomalous row scores above a normal one, ties counting one half.
 * @throws NomalyError LABEL, SHAPE, NOT_FINITE (a NaN score).
 */
export function rocAuc(labels: Labels, scores: Float64Array): number {
  const { positives, negatives } = sortedByClass(labels, scores);
  // Twice the number of pairs won, ties once: whole numbers, so exact up to 2^53.
  let wonTwice = 0;
  let below = 0;
  let belowOrEqual = 0;
  for (const score of positives) {
    while (below < negatives.length && negatives[below] < score) below++;
    while (belowOrEqual < negatives.length && negatives[belowOrEqual] <= score) belowOrEqual++;
    wonTwice += below + belowOrEqual;
  }
  return wonTwice / (2 * positives.length * negatives.length);
}

/**
 * Average precision: the sum of (recall step) x (precision) over the distinct scores from the highest down, not
 * interpolated; rows of equal score enter together. The same as scikit-learn's `average_precision_score`.
 * @throws NomalyError LABEL, SHAPE, NOT_FINITE (a NaN score).
 */
export function averagePrecision(labels: Labels, scores: Float64Array): number {
  const sorted = sortedByClass(labels, scores);
  let sum = 0;
  let found = 0;
  forEachLevel(sorted, ({ truePositives, falsePositives }) => {
    sum += ((truePositives - found) * truePositives) / (truePositives + falsePositives);
    found = truePositives;
  });
  return sum / sorted.positives.length;
}

/**
 * Share of anomalies among the `count` rows of highest score; by default as many rows as there are anomalies.
 * Where rows of equal score straddle the end, they count by their class's share: the mean over every order of the ties.
 * @throws NomalyError LABEL, SHAPE, NOT_FINITE (a NaN score), PARAM when `count` is not 1..rows.
 */
export function precisionAtN(labels: Labels, scores: Float64Array, count?: number): number {
  const sorted = sortedByClass(labels, scores);
  const top = count ?? sorted.positives.length;
  if (!Number.isInteger(top) || top < 1 || top > scores.length) {
    const expected = `a whole number from 1 to ${scores.length}`;
    throw new NomalyError("PARAM", `n must be ${expected}, got ${top}`, { field: "n", expected, received: String(top) });
  }
  let found = 0;
  let taken = 0;
  let foundBefore = 0;
  forEachLevel(sorted, ({ truePositives, falsePositives }) => {
    const levelCount = truePositives + falsePositives - taken;
    if (taken < top) {
      const share = Math.min(1, (top - taken) / levelCount);
      found += (truePositives - foundBefore) * share;
    }
    taken += levelCount;
    foundBefore = truePositives;
  });
  return found / top;
}

/**
 * The ROC curve from (0, 0) to (1, 1), one point a distinct score, from the highest down.
 * @throws NomalyError LABEL, SHAPE, NOT_FINITE (a NaN score).
 */
export function rocCurve(labels: Labels, scores: Float64Array): RocPoint[] {
  const sorted = sortedByClass(labels, scores);
  const points: RocPoint[] = [{ threshold: Number.POSITIVE_INFINITY, falsePositiveRate: 0, truePositiveRate: 0 }];
  forEachLevel(sorted, ({ score, truePositives, falsePositives }) => {
    points.push({
      threshold: score,
      falsePositiveRate: falsePositives / sorted.negatives.length,
      truePositiveRate: truePositives / sorted.positives.length,
    });
  });
  return points;
}

interface SortedByClass {
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
}

/** Sorts each class by value alone, without indexes: ranking measures only need a merge of the two. */
function sortedByClass(labels: Labels, scores: Float64Array): SortedByClass {
  const positiveCount = requireLabels(labels, scores.length);
  const positives = new Float64Array(positiveCount);
  const negatives = new Float64Array(scores.length - positiveCount);
  let positiveAt = 0;
  let negativeAt = 0;
  for (let row = 0; row < scores.length; row++) {
    const score = scores[row];
    if (Number.isNaN(score)) {
      throw new NomalyError("NOT_FINITE", `score ${row} is NaN; scores must be numbers`, {
        field: `scores[${row}]`,
        received: "NaN",
      });
    }
    if (labels[row] === 1) positives[positiveAt++] = score;
    else negatives[negativeAt++] = score;
  }
  return { positives: positives.sort(), negatives: negatives.sort() };
}

function forEachLevel({ positives, negatives }: SortedByClass, visit: (level: Level) => void): void {
  let positiveAt = positives.length;
  let negativeAt = negatives.length;
  while (positiveAt > 0 || negativeAt > 0) {
    const topPositive = positiveAt > 0 ? positives[positiveAt - 1] : Number.NEGATIVE_INFINITY;
    const topNegative = negativeAt > 0 ? negatives[negativeAt - 1] : Number.NEGATIVE_INFINITY;
    const score = Math.max(topPositive, topNegative);
    while (positiveAt > 0 && positives[positiveAt - 1] === score) positiveAt--;
    while (negativeAt > 0 && negatives[negativeAt - 1] === score) negativeAt--;
    visit({ score, truePositives: positives.length - positiveAt, falsePositives: negatives.length - negativeAt });
  }
}
