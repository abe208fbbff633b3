/** Stops asking what keeps failing: so many failures within a window open it, one trial after a while closes it again. */

import type { Clock } from "../../pools/resource-pool.ts";

export interface BreakerOptions {
  readonly failureCountMax: number;
  readonly windowMs: number;
  readonly openMs: number;
  readonly clock: Clock;
}

export type BreakerState = "closed" | "open" | "half-open";

/** The right to one call. Exactly one of the two is to be said when it is over. */
export interface Permit {
  succeeded(): void;
  failed(): void;
}

export interface Breaker {
  /** Undefined while it is open, and while its one trial is under way. */
  enter(): Permit | undefined;
  state(): BreakerState;
  /** How often it has opened. */
  openedCount(): number;
}

export function createBreaker({ failureCountMax, windowMs, openMs, clock }: BreakerOptions): Breaker {
  /** Times of the latest failures, oldest first; never more than open it. */
  let failures: number[] = [];
  let openedAt: number | undefined;
  let isTrialUnderWay = false;
  let openedCount = 0;

  function open(): void {
    openedAt = clock.now();
    openedCount++;
    failures = [];
  }

  const ordinary: Permit = {
    succeeded() {},
    failed() {
      // A call from before it opened says nothing new.
      if (openedAt !== undefined) return;
      const now = clock.now();
      failures = [...failures.filter((time) => now - time < windowMs), now];
      if (failures.length >= failureCountMax) open();
    },
  };

  const trial: Permit = {
    succeeded() {
      isTrialUnderWay = false;
      openedAt = undefined;
    },
    failed() {
      isTrialUnderWay = false;
      open();
    },
  };

  return {
    enter() {
      if (openedAt === undefined) return ordinary;
      if (isTrialUnderWay || clock.now() - openedAt < openMs) return undefined;
      isTrialUnderWay = true;
      return trial;
    },
    state: () => (openedAt === undefined ? "closed" : isTrialUnderWay || clock.now() - openedAt >= openMs ? "half-open" : "open"),
    openedCount: () => openedCount,
  };
}
