/** Rank: the share of training scores below a score, comparable between detectors and calls. */

import { damaged } from "../detector/state.ts";
import { countBelow, countUpTo } from "../sorted-counts.ts";

/** Order statistics kept with a model: 512 KiB of float64 at most. */
export const orderStatisticCountMax = 65_536;

/** The part of its sorted training scores that a model keeps. */
export interface RankState {
  /** Ascending; statistic `i` is the training score at sorted position `round(i (rowCount - 1) / (length - 1))`. */
  readonly orderStatistics: Float64Array;
  /** How many training scores there were. */
  readonly rowCount: number;
}

/** Tells where a score lies among the training scores. */
export interface Ranker {
  /** What a model file keeps of the training scores. */
  readonly state: RankState;
  /** Share of training scores strictly below `score`, 0 to 1. Never decreases as the score grows. */
  rank(score: number): number;
  /** Share of training scores not above `score`, 0 to 1: those above a threshold, which are labelled, are the others. */
  shareUpTo(score: number): number;
}

/** Keeps every score up to {@link orderStatisticCountMax}, evenly spaced ones beyond. @param sorted ascending, no NaN, not empty. */
export function rankStateOf(sorted: Float64Array): RankState {
  const rowCount = sorted.length;
  const keptCount = Math.min(rowCount, orderStatisticCountMax);
  const orderStatistics = new Float64Array(keptCount);
  for (let i = 0; i < keptCount; i++) orderStatistics[i] = sorted[sortedPosition(i, keptCount, rowCount)];
  return { orderStatistics, rowCount };
}

/**
 * Exact for models of up to {@link orderStatisticCountMax} training rows; beyond, at most 1 / 65,535 too low and never
 * too high.
 */
export function createRanker(state: RankState): Ranker {
  const { orderStatistics, rowCount } = state;
  const keptCount = orderStatistics.length;
  let countBelow: ((score: number) => number) | undefined;

  function rank(score: number): number {
    if (Number.isNaN(score)) return Number.NaN;
    countBelow ??= createCounter(orderStatistics);
    return shareOfFirst(countBelow(score));
  }

  /** The last of the first kept scores, and all that stand before it in sorted order. */
  function shareOfFirst(count: number): number {
    return count === 0 ? 0 : (sortedPosition(count - 1, keptCount, rowCount) + 1) / rowCount;
  }

  return { state, rank, shareUpTo: (score) => shareOfFirst(countUpTo(orderStatistics, score)) };
}

/** @throws NomalyError MODEL_FILE when the state was not made by {@link rankStateOf}. */
export function restoreRanker(state: RankState): Ranker {
  const { orderStatistics, rowCount } = state;
  if (!Number.isSafeInteger(rowCount) || rowCount < 1 || orderStatistics.length !== Math.min(rowCount, orderStatisticCountMax)) {
    throw damaged(
      "training scores",
      `${Math.min(rowCount, orderStatisticCountMax)} order statistics, got ${orderStatistics.length}`,
    );
  }
  for (let i = 0; i < orderStatistics.length; i++) {
    const previous = i === 0 ? Number.NEGATIVE_INFINITY : orderStatistics[i - 1];
    if (!(orderStatistics[i] >= previous))
      throw damaged("training scores", `ascending order statistics, got ${orderStatistics[i]} at ${i}`);
  }
  return createRanker(state);
}

function sortedPosition(index: number, keptCount: number, rowCount: number): number {
  return keptCount === rowCount ? index : Math.round((index * (rowCount - 1)) / (keptCount - 1));
}

/**
 * Counts the values strictly below a score: a table of even buckets narrows the range, a binary search ends it.
 * A score's bucket never decreases as the score grows (each step of its computation rounds monotonically), so values in
 * lower buckets are below the score and values in higher ones are not.
 */
function createCounter(sorted: Float64Array): (score: number) => number {
  const low = sorted[0];
  const high = sorted[sorted.length - 1];
  const bucketCount = sorted.length;
  const perUnit = bucketCount / (high - low);
  // Equal or infinite ends give no even buckets: then there is one.
  const usesBuckets = Number.isFinite(perUnit) && perUnit > 0;
  const bucketOf = (value: number) => (usesBuckets ? Math.min(bucketCount - 1, Math.floor((value - low) * perUnit)) : 0);
  const starts = new Uint32Array(bucketCount + 1);
  for (let i = 0; i < sorted.length; i++) starts[bucketOf(sorted[i]) + 1]++;
  for (let bucket = 0; bucket < bucketCount; bucket++) starts[bucket + 1] += starts[bucket];

  return (score) => {
    if (score <= low) return 0;
    if (score > high) return sorted.length;
    const bucket = bucketOf(score);
    return countBelow(sorted, score, starts[bucket], starts[bucket + 1]);
  };
}
