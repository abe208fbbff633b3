/** The interface of level 2, the cache that processes share. It may be slow, empty or down at any moment, and never throws for that. */

import { resourcePoolMetrics } from "../pools/resource-pool.ts";
import type { BreakerState } from "./redis/breaker.ts";
import { counter, flag, gauge, type StatsOf, text } from "../watch/metric-kinds.ts";

/** A digest of the present versions of an entry's tags. An entry is valid while its stamp equals the present one. */
export type Stamp = Uint8Array;

export interface Level2Answer {
  readonly stamp: Stamp;
  /** Undefined when there is no valid entry. */
  readonly encoded: Uint8Array | undefined;
  /** The remaining life of the entry. */
  readonly ttlMs: number;
}

export interface Level2Write {
  readonly key: string;
  readonly tags: readonly string[];
  readonly encoded: Uint8Array;
  readonly ttlMs: number;
  /** The stamp that `read` gave before the load; left out, the present stamp is used. */
  readonly stamp?: Stamp | undefined;
}

/** The tags that a change invalidates. */
export interface Invalidation {
  /** The same in every message about the change. */
  readonly changeId: string;
  readonly tags: readonly string[];
}

export interface Listener {
  /** Called when another process has invalidated tags in level 2. */
  onInvalidated(change: Invalidation): void;
  /** Called when messages may have been missed. */
  onGap(): void;
}

export const redisCallMetrics = {
  breaker: text<BreakerState>(),
  breakerOpenings: counter("Times the breaker opened"),
  calls: counter("Calls to Redis"),
  skipped: counter("Calls not made because the breaker was open"),
  errors: counter("Calls that failed"),
  timeouts: counter("Calls without an answer in time"),
  retries: counter("Second tries after a connection did not answer or was gone"),
  connections: resourcePoolMetrics,
};

export const level2Metrics = {
  ...redisCallMetrics,
  pendingInvalidations: gauge("Tags whose invalidation has not reached Redis"),
  isSubscribed: flag("Whether messages of other processes arrive"),
};
export type Level2Stats = StatsOf<typeof level2Metrics>;

export interface Level2 {
  /** Undefined when level 2 does not answer. */
  read(key: string, tags: readonly string[]): Promise<Level2Answer | undefined>;
  write(write: Level2Write): Promise<boolean>;
  /**
   * Invalidates every entry with one of these tags, for all processes; repeating a change does nothing. False when level 2 does not
   * answer: then the change is kept and sent before the next read.
   */
  invalidate(changes: readonly Invalidation[]): Promise<boolean>;
  /** True when level 2 answers. Also sends the invalidations that were kept. */
  ping(): Promise<boolean>;
  listen(listener: Listener): void;
  stats(): Level2Stats;
  close(): Promise<void>;
}
