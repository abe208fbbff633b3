/** Keeps the leases of the jobs that run here, carries their progress, and ends those that are ours no longer. */

import type { Clock } from "../pools/resource-pool.ts";
import type { Database } from "../store/postgres/sql.ts";
import { type Attempt, leaseLost } from "./attempt.ts";
import { bounded } from "./bounded.ts";
import { renewLeases } from "./job-statements.ts";

/** Cancelling is seen and progress written this often: twice a second at most. */
const renewMs = 500;

export interface Leases {
  hold(attempt: Attempt): void;
  release(attempt: Attempt): void;
  close(): void;
}

export interface LeasesOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

export function createLeases({ database, clock, onError }: LeasesOptions): Leases {
  const held = new Set<Attempt>();
  let isRenewing = false;
  let timer: NodeJS.Timeout | undefined;

  function tick(): void {
    // An answer that is late says as much as one that failed: what can have passed on must stop.
    if (isRenewing) return stopExpired();
    if (held.size === 0) return;
    isRenewing = true;
    void renew([...held]).finally(() => (isRenewing = false));
  }

  async function renew(attempts: readonly Attempt[]): Promise<void> {
    const askedAt = clock.now();
    const renewals = attempts.map(({ id, name, retryCount, takeProgress }) => ({
      id,
      name,
      retryCount,
      progress: takeProgress(),
    }));
    try {
      // Half a lease leaves time for a second try on another connection.
      const limitMs = Math.min(...attempts.map(({ leaseMs }) => leaseMs)) / 2;
      const rows = await renewLeases(bounded(database, limitMs), renewals);
      const kept = new Set(rows.map(keyOf));
      for (const attempt of attempts) {
        if (kept.has(keyOf(attempt))) attempt.heldUntil = askedAt + attempt.leaseMs;
        // What has ended meanwhile, by its own doing, is not lost.
        else if (held.has(attempt) && !attempt.isCompletedByHandler) attempt.stop("lost", leaseLost(attempt));
      }
    } catch (error) {
      // Written with the next renewal that succeeds: a progress that was taken goes back.
      for (const [index, { progress }] of renewals.entries()) if (progress !== undefined) attempts[index].reportAgain();
      onError(error);
      stopExpired();
    }
  }

  function stopExpired(): void {
    const now = clock.now();
    for (const attempt of held) if (now > attempt.heldUntil) attempt.stop("lost", leaseLost(attempt));
  }

  return {
    hold: (attempt) => {
      held.add(attempt);
      timer ??= setInterval(tick, renewMs);
    },
    release: (attempt) => void held.delete(attempt),
    close: () => clearInterval(timer),
  };
}

function keyOf({ id, retryCount }: { readonly id: string; readonly retryCount: number }): string {
  return `${id} ${retryCount}`;
}
