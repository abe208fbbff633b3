/** What the cache counts. */

import { counter, type CountsOf, countsOf, gauge, labelled, optional, type StatsOf } from "../watch/metric-kinds.ts";
import { cacheKindNames, type CacheKind } from "./kinds.ts";
import { level1Metrics } from "./level1.ts";
import { level2Metrics } from "./level2.ts";

const kindMetrics = {
  level1Hits: counter("Answers from memory"),
  level2Hits: counter("Answers from Redis"),
  misses: counter("Neither level had it: it was loaded, or somebody else's load was waited for"),
  negativeHits: counter("Hits of either level that said that there is nothing; counted as hits too"),
  loads: counter("Loads of what no level had"),
  loadFailures: counter("Loads that failed"),
};
export type KindStats = StatsOf<typeof kindMetrics>;

const ownMetrics = {
  refused: counter("Values no level keeps: no JSON, or millions of parts"),
  tooLarge: counter("Values over the limit of level 2"),
  unreadable: counter("Bytes in level 2 that are no entry"),
  droppedWrites: counter("Writes to level 2 given up because too many were under way"),
  invalidations: counter("Changes after which something was forgotten: once each, by however many ways they were heard of"),
  repeatedInvalidations: counter("Changes that were heard of again"),
  gaps: counter("Times all of level 1 was dropped because messages may have been missed"),
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

/** A copy: later counting does not change what was shown. */
export function copyOfKinds(kinds: CacheCounts["kinds"]): CacheStats["kinds"] {
  return Object.fromEntries(cacheKindNames.map((kind) => [kind, { ...kinds[kind] }])) as CacheStats["kinds"];
}
