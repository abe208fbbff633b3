/** Measures how far detectors agree about one table, which does not show which of them is right. */

import { averageRanks, correlation, topIndexes } from "@nomaly/detect";

export interface Agreement {
  /** How many rows of highest score are compared. */
  readonly topCount: number;
  readonly pairs: readonly PairAgreement[];
}

export interface PairAgreement {
  readonly first: string;
  readonly second: string;
  /** Spearman's correlation, -1 to 1; `null` when one of them gives all rows the same score. */
  readonly rankCorrelation: number | null;
  /** Share of the rows of highest score that both have in common, 0 to 1. */
  readonly topOverlap: number;
}

const topShare = 0.1;

/** @param scoresById the scores of the same rows by each detector. */
export function agreement(scoresById: ReadonlyMap<string, Float64Array>): Agreement {
  const all = [...scoresById].map(([id, scores]) => {
    const topCount = Math.ceil(scores.length * topShare);
    return { id, ranks: averageRanks(scores), top: topIndexes(scores, topCount) };
  });
  const topCount = all[0]?.top.length ?? 0;
  const pairs = all.flatMap((first, index) =>
    all.slice(index + 1).map((second) => ({
      first: first.id,
      second: second.id,
      rankCorrelation: correlation(first.ranks, second.ranks),
      topOverlap: sharedCount(first.top, second.top) / topCount,
    })),
  );
  return { topCount, pairs };
}

function sharedCount(first: readonly number[], second: readonly number[]): number {
  const known = new Set(first);
  return second.reduce((count, row) => count + (known.has(row) ? 1 : 0), 0);
}
