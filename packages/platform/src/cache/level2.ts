/** The cache that processes share. It may be slow, empty or gone at any moment: nothing here ever throws for that. */

import { resourcePoolMetrics } from "../pools/resource-pool.ts";
import type { BreakerState } from "./redis/breaker.ts";
import { counter, flag, gauge, type StatsOf, text } from "../watch/metric-kinds.ts";

/** The versions of an entry's tags at one moment. An entry is valid while its stamp is that of now. */
export type Stamp = Uint8Array;

export interface Level2Answer {
  readonly stamp: Stamp;
  /** Undefined when there is no valid entry. */
  readonly encoded: Uint8Array | undefined;
  /** How long it is still valid, rounded down. */
  readonly ttlMs: number;
}

export interface Level2Write {
  readonly key: string;
  readonly tags: readonly string[];
  readonly encoded: Uint8Array;
  readonly ttlMs: number;
  /** From the reading before the value was made; asked for now when it is left out. */
  readonly stamp?: Stamp | undefined;
}

/** What a change makes old. */
export interface Invalidation {
  /** The same by whatever way one hears of it. */
  readonly changeId: string;
  readonly tags: readonly string[];
}

export interface Listener {
  /** Another process told level 2 of this. */
  onInvalidated(change: Invalidation): void;
  /** Messages may have been missed. */
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
  /** Undefined when it could not be asked. */
  read(key: string, tags: readonly string[]): Promise<Level2Answer | undefined>;
  /** Whether it was written. */
  write(write: Level2Write): Promise<boolean>;
  /**
   * Makes every entry with one of these tags invalid, for all processes; once for each change, whoever asks for it. False: not yet; it
   * is kept and made up for before anything is read.
   */
  invalidate(changes: readonly Invalidation[]): Promise<boolean>;
  /** Whether it answers; also makes up for invalidations that did not get through. */
  ping(): Promise<boolean>;
  listen(listener: Listener): void;
  stats(): Level2Stats;
  close(): Promise<void>;
}
