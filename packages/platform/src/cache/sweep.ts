/** Makes up for invalidations that did not get through: those pending here, and those stored by processes that ended too early. */

import type { Invalidation, Level2 } from "./level2.ts";

/** Invalidations stored in the transaction of the change that needs them. */
export interface PendingInvalidations {
  /** The oldest, of committed changes. Taking them twice does no harm. */
  take(limit: number): Promise<readonly StoredInvalidation[]>;
  /** They are no longer needed. */
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
/** So many batches at once, then the rest in the next sweep. */
const batchCountMax = 50;

/** Once at the start, then every `sweepMs`, never two at a time. */
export function startSweep(options: SweepOptions): { close(): Promise<void> } {
  let isClosed = false;
  let sweeping: Promise<void> | undefined;

  function start(): void {
    sweeping ??= sweepOnce(options, () => isClosed)
      // The database is away, perhaps: the next sweep tries again, and the count shows it.
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
  // Also when nobody asks the cache: that Redis is back is found by asking it.
  const { pendingInvalidations: pendingCount = 0, breaker = "closed" } = level2?.stats() ?? {};
  if (pendingCount > 0 || breaker !== "closed") await level2?.ping();
  for (let batch = 0; pendingInvalidations !== undefined && batch < batchCountMax && !isClosed(); batch++) {
    const stored = await pendingInvalidations.take(batchSize);
    if (stored.length === 0) return;
    const isReached = await invalidate(stored);
    // Redis is away: they stay stored, for this process or another.
    if (!isReached) return;
    await pendingInvalidations.done(stored.map(({ id }) => id));
    if (stored.length < batchSize) return;
  }
}
