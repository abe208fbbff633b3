/** What the cache counts. */

import { cacheKindNames, type CacheKind } from "./kinds.ts";
import { level1Kinds, type Level1Stats } from "./level1.ts";
import { level2Kinds, type Level2Stats } from "./level2.ts";
import type { MetricKinds } from "../watch/metric-kinds.ts";

export interface KindStats {
  readonly level1Hits: number;
  readonly level2Hits: number;
  /** Neither level had it: it was loaded, or somebody else's load was waited for. */
  readonly misses: number;
  /** Hits of either level that said "there is nothing"; counted as hits too. */
  readonly negativeHits: number;
  readonly loads: number;
  readonly loadFailures: number;
}

export interface CacheStats {
  readonly kinds: Readonly<Record<CacheKind, KindStats>>;
  readonly level1: Level1Stats;
  /** Undefined without Redis. */
  readonly level2: Level2Stats | undefined;
  /** Loads under way. */
  readonly flights: number;
  /** Values no level keeps: no JSON, or millions of parts. */
  readonly refused: number;
  /** Values over the limit of level 2. */
  readonly tooLarge: number;
  /** Bytes in level 2 that are no entry. */
  readonly unreadable: number;
  /** Writes to level 2 given up because too many were under way. */
  readonly droppedWrites: number;
  /** Changes after which something was forgotten: once each, by however many ways they were heard of. */
  readonly invalidations: number;
  /** Changes that were heard of again. */
  readonly repeatedInvalidations: number;
  /** Times all of level 1 was dropped because messages may have been missed. */
  readonly gaps: number;
  /** Sweeps over stored invalidations that failed. */
  readonly sweepFailures: number;
}

const kindKinds: MetricKinds<KindStats> = {
  level1Hits: "counter",
  level2Hits: "counter",
  misses: "counter",
  negativeHits: "counter",
  loads: "counter",
  loadFailures: "counter",
};

export const cacheStatsKinds: MetricKinds<CacheStats> = {
  kinds: { label: "kind", each: kindKinds },
  level1: level1Kinds,
  level2: level2Kinds,
  flights: "gauge",
  refused: "counter",
  tooLarge: "counter",
  unreadable: "counter",
  droppedWrites: "counter",
  invalidations: "counter",
  repeatedInvalidations: "counter",
  gaps: "counter",
  sweepFailures: "counter",
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface CacheCounts {
  readonly kinds: Record<CacheKind, Mutable<KindStats>>;
  refused: number;
  tooLarge: number;
  unreadable: number;
  droppedWrites: number;
  invalidations: number;
  repeatedInvalidations: number;
  gaps: number;
  sweepFailures: number;
}

export function createCounts(): CacheCounts {
  const none = () => ({ level1Hits: 0, level2Hits: 0, misses: 0, negativeHits: 0, loads: 0, loadFailures: 0 });
  const kinds = Object.fromEntries(cacheKindNames.map((kind) => [kind, none()])) as CacheCounts["kinds"];
  return {
    kinds,
    refused: 0,
    tooLarge: 0,
    unreadable: 0,
    droppedWrites: 0,
    invalidations: 0,
    repeatedInvalidations: 0,
    gaps: 0,
    sweepFailures: 0,
  };
}

/** A copy: later counting does not change what was shown. */
export function copyOfKinds(kinds: CacheCounts["kinds"]): CacheStats["kinds"] {
  return Object.fromEntries(cacheKindNames.map((kind) => [kind, { ...kinds[kind] }])) as CacheStats["kinds"];
}
