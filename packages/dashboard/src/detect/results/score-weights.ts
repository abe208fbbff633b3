/**
 * How the scores of all rows are spread, from the rows that the page has: those of the highest scores stand for themselves, each of the sample
 * below them for as many rows as were passed over.
 */

import { type Histogram, histogramOf } from "nomaly/report";

export interface ScoreWeights {
  /** Highest first. */
  readonly scores: readonly number[];
  /** Rows that each score stands for. */
  readonly weights: readonly number[];
  /** Counts above a threshold of at least this are exact. */
  readonly exactFrom: number;
}

/** @param top the highest scores, highest first. @param rest of a sample of the scores below. @param rowCount of all rows. */
export function scoreWeights(top: readonly number[], rest: readonly number[], rowCount: number): ScoreWeights {
  const below = Math.max(0, rowCount - top.length);
  if (below === 0) return { scores: top, weights: top.map(() => 1), exactFrom: Number.NEGATIVE_INFINITY };
  const lowest = top.at(-1) ?? 0;
  // Without a sample below, all other rows have the lowest of the scores.
  const others = rest.length === 0 ? [lowest] : rest;
  const weights = [...top.map(() => 1), ...others.map(() => below / others.length)];
  const exactFrom = others.length === below ? Number.NEGATIVE_INFINITY : lowest;
  return { scores: [...top, ...others], weights, exactFrom };
}

/** Rows with a higher score than the threshold, and whether that is exact. */
export function countAbove({ scores, weights, exactFrom }: ScoreWeights, threshold: number) {
  let sum = 0;
  for (let at = 0; at < scores.length && scores[at] > threshold; at++) sum += weights[at];
  return { count: Math.round(sum), isExact: threshold >= exactFrom };
}

/** The bins of the report over the scores of all rows. */
export function weightedHistogram({ scores, weights }: ScoreWeights, binCount: number, threshold: number): Histogram {
  const { edges, max } = histogramOf(evenly(scores, weights), binCount);
  const [first, last] = [edges[0], edges[binCount]];
  const step = (last - first) / binCount;
  const counts = edges.slice(1).map(() => 0);
  const anomalyCounts = [...counts];
  let beyond = 0;
  for (const [at, score] of scores.entries()) {
    const place = step > 0 ? Math.floor(score / step - first / step) : 0;
    const bin = Math.max(0, Math.min(binCount - 1, place));
    counts[bin] += weights[at];
    if (score > threshold) anomalyCounts[bin] += weights[at];
    if (score > last) beyond += weights[at];
  }
  const [whole, above] = [counts, anomalyCounts].map((list) => list.map(Math.round));
  return { edges, counts: whole, anomalyCounts: above, beyondCount: Math.round(beyond), max };
}

const evenCount = 1000;

/** Scores at even steps of the rows, so that the rows of the top do not count more than they are. */
function evenly(scores: readonly number[], weights: readonly number[]): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const count = Math.min(evenCount, Math.round(total));
  const even = new Float64Array(count);
  let sum = 0;
  for (let at = 0, place = 0; at < scores.length; at++) {
    sum += weights[at];
    while (place < count && (place * total) / count < sum) even[place++] = scores[at];
  }
  return even;
}
