/** The cache's counters and metrics. */

import { counter, type CountsOf, countsOf, gauge, labelled, optional, type StatsOf } from "../watch/metric-kinds.ts";
import { cacheKindNames, type CacheKind } from "./kinds.ts";
import { level1Metrics } from "./level1.ts";
import { level2Metrics } from "./level2.ts";

const kindMetrics = {
  level1Hits: counter("Answers from memory"),
  level2Hits: counter("Answers from Redis"),
  misses: counter("Values that no level had: loaded here, or by a load under way that was joined"),
  negativeHits: counter("Hits on an entry that says the value does not exist; counted as hits too"),
  loads: counter("Loads of values that no level had"),
  loadFailures: counter("Loads that failed"),
};
export type KindStats = StatsOf<typeof kindMetrics>;

const ownMetrics = {
  refused: counter("Values that no level keeps: not JSON, or millions of parts"),
  tooLarge: counter("Values over the limit of level 2"),
  unreadable: counter("Entries in level 2 that could not be decoded"),
  droppedWrites: counter("Writes to level 2 dropped because too many were under way"),
  invalidations: counter("Changes whose tags were invalidated, each counted once"),
  repeatedInvalidations: counter("Messages about changes that were applied before"),
  gaps: counter("Times that level 1 was emptied because messages may have been missed"),
  sweepFailures: counter("Sweeps over stored invalidations that failed"),
};

export const cacheMetrics = {
  kinds: labelled("kind", cacheKindNames, kindMetrics),
  level1: level1Metrics,
  level2: optional(level2Metrics),
  flights: gauge("Loads under way"),
  ...ownMetrics,
};
export type CacheStats = StatsOf<typeof cacheMetrics>;

export interface CacheCounts extends CountsOf<typeof ownMetrics> {
  readonly kinds: Record<CacheKind, CountsOf<typeof kindMetrics>>;
}

export function createCounts(): CacheCounts {
  const kinds = Object.fromEntries(cacheKindNames.map((kind) => [kind, countsOf(kindMetrics)])) as CacheCounts["kinds"];
  return { kinds, ...countsOf(ownMetrics) };
}
