/** Rank: the share of training scores below a score, comparable between detectors and calls. */

import { NomalyError } from "../errors.ts";

/** Order statistics kept with a model: 512 KiB of float64 at most. */
export const orderStatisticCountMax = 65_536;

/** What a model keeps of its sorted training scores. */
export interface RankState {
  /** Ascending; statistic `i` is the training score at sorted position `round(i (rowCount - 1) / (length - 1))`. */
  readonly orderStatistics: Float64Array;
  /** Training scores that there were. */
  readonly rowCount: number;
}

export interface Ranker {
  readonly state: RankState;
  /** Share of training scores strictly below `score`, 0 to 1. Never decreases as the score grows. */
  rank(score: number): number;
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

  function rank(score: number): number {
    if (Number.isNaN(score)) return Number.NaN;
    const belowCount = countBelow(orderStatistics, score);
    if (belowCount === 0) return 0;
    // The last kept score below this one, and all that stand before it in sorted order.
    return (sortedPosition(belowCount - 1, keptCount, rowCount) + 1) / rowCount;
  }

  return { state, rank };
}

/** @throws NomalyError MODEL_FILE when the state was not made by {@link rankStateOf}. */
export function restoreRanker(state: RankState): Ranker {
  const { orderStatistics, rowCount } = state;
  if (!Number.isSafeInteger(rowCount) || rowCount < 1 || orderStatistics.length !== Math.min(rowCount, orderStatisticCountMax)) {
    throw damaged(`${Math.min(rowCount, orderStatisticCountMax)} order statistics, got ${orderStatistics.length}`);
  }
  for (let i = 0; i < orderStatistics.length; i++) {
    const previous = i === 0 ? Number.NEGATIVE_INFINITY : orderStatistics[i - 1];
    if (!(orderStatistics[i] >= previous)) throw damaged(`ascending order statistics, got ${orderStatistics[i]} at ${i}`);
  }
  return createRanker(state);
}

function sortedPosition(index: number, keptCount: number, rowCount: number): number {
  return keptCount === rowCount ? index : Math.round((index * (rowCount - 1)) / (keptCount - 1));
}

/** Values strictly below `score`: binary search. */
function countBelow(sorted: Float64Array, score: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < score) low = middle + 1;
    else high = middle;
  }
  return low;
}

function damaged(expected: string): NomalyError {
  return new NomalyError("MODEL_FILE", `the model file has no valid training scores; expected ${expected}`, { expected });
}
