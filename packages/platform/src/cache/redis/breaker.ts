/** A circuit breaker: several failures within a window open it, a successful trial call after a pause closes it. */

import type { Clock } from "../../pools/resource-pool.ts";

export interface BreakerOptions {
  readonly failureCountMax: number;
  readonly windowMs: number;
  readonly openMs: number;
  readonly clock: Clock;
}

export type BreakerState = "closed" | "open" | "half-open";

/** Permission for one call, which must end by exactly one of these. */
export interface Permit {
  succeeded(): void;
  failed(): void;
}

export interface Breaker {
  /** Undefined while the breaker is open, and while the trial call is under way. */
  enter(): Permit | undefined;
  state(): BreakerState;
  openedCount(): number;
}

export function createBreaker({ failureCountMax, windowMs, openMs, clock }: BreakerOptions): Breaker {
  /** Times of the latest failures, oldest first. */
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
      // The call began before the breaker opened.
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
