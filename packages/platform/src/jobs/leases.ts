/** Renews the leases of the jobs that this process runs, writes their progress, and aborts attempts that have lost their job. */

import type { Clock } from "../pools/resource-pool.ts";
import type { Database } from "../store/postgres/sql.ts";
import { type Attempt, leaseLost } from "./attempt.ts";
import { bounded } from "./bounded.ts";
import { renewLeases } from "./job-statements.ts";

/** How often leases are renewed, progress is written, and cancellations are noticed. */
const renewMs = 500;

export interface LeasesOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

export function createLeases({ database, clock, onError }: LeasesOptions) {
  const held = new Set<Attempt>();
  let isRenewing = false;
  let timer: NodeJS.Timeout | undefined;

  function tick(): void {
    // A late renewal counts as a failed one: attempts whose jobs another process may have by now must stop.
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
        // An attempt that has ended its job meanwhile has not lost it.
        else if (held.has(attempt) && !attempt.isCompletedByHandler) attempt.stop("lost", leaseLost(attempt));
      }
    } catch (error) {
      // The next successful renewal writes the progress that this one took.
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
    hold: (attempt: Attempt) => {
      held.add(attempt);
      timer ??= setInterval(tick, renewMs);
    },
    release: (attempt: Attempt) => void held.delete(attempt),
    close: () => clearInterval(timer),
  };
}

function keyOf({ id, retryCount }: { readonly id: string; readonly retryCount: number }): string {
  return `${id} ${retryCount}`;
}
