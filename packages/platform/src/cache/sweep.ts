/** Repeats invalidations that did not reach Redis: those kept in this process, and stored ones of processes that ended too early. */

import type { Invalidation, Level2 } from "./level2.ts";

/** The table of invalidations that are stored with their changes. */
export interface PendingInvalidations {
  /** The oldest invalidations of committed changes. Taking them twice does no harm. */
  take(limit: number): Promise<readonly StoredInvalidation[]>;
  /** Deletes these invalidations. */
  done(ids: readonly string[]): Promise<void>;
}

export interface StoredInvalidation extends Invalidation {
  readonly id: string;
}

export interface SweepOptions {
  readonly pendingInvalidations: PendingInvalidations | undefined;
  readonly invalidate: (changes: readonly Invalidation[]) => Promise<boolean>;
  readonly level2: Level2 | undefined;
  readonly sweepMs: number;
  readonly onFailure: () => void;
}

const batchSize = 200;
/** The most batches in one sweep; the next sweep takes the rest. */
const batchCountMax = 50;

/** Sweeps at the start and then every `sweepMs`, never twice at a time. */
export function startSweep(options: SweepOptions): { close(): Promise<void> } {
  let isClosed = false;
  let sweeping: Promise<void> | undefined;

  function start(): void {
    sweeping ??= sweepOnce(options, () => isClosed)
      // Perhaps the database is away: the failure is counted and the next sweep tries again.
      .catch(options.onFailure)
      .finally(() => (sweeping = undefined));
  }

  const timer = setInterval(start, options.sweepMs);
  timer.unref();
  start();
  return {
    async close() {
      isClosed = true;
      clearInterval(timer);
      await sweeping;
    },
  };
}

async function sweepOnce({ pendingInvalidations, invalidate, level2 }: SweepOptions, isClosed: () => boolean): Promise<void> {
  // Without requests to the cache, only this ping finds that Redis is back.
  const { pendingInvalidations: pendingCount = 0, breaker = "closed" } = level2?.stats() ?? {};
  if (pendingCount > 0 || breaker !== "closed") await level2?.ping();
  for (let batch = 0; pendingInvalidations !== undefined && batch < batchCountMax && !isClosed(); batch++) {
    const stored = await pendingInvalidations.take(batchSize);
    if (stored.length === 0) return;
    const isReached = await invalidate(stored);
    // Redis is away: the invalidations stay stored, for this process or another.
    if (!isReached) return;
    await pendingInvalidations.done(stored.map(({ id }) => id));
    if (stored.length < batchSize) return;
  }
}
