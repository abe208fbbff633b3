/**
 * How many requests a second one caller may make: a window of fixed length for each, counted here at once. Where counts are shared, what
 * was counted is told to all processes a block at a time, in the background, and the answer says what the others let through. No request
 * waits for that; while it fails, each process counts alone.
 */

import { createHash } from "node:crypto";

export interface RateLimit {
  /** Counts one request, unless it is over the limit. */
  take(caller: string): RateState;
  /** The next one would be over the limit. */
  isOver(caller: string): boolean;
}

export interface RateState {
  readonly isAllowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until the window ends, rounded up. */
  readonly resetSeconds: number;
}

/** The counts of all processes. */
export interface SharedCounts {
  /**
   * Adds to the count under a key. Where there is no count, or one that ends later than a window from now (the clock was set back), a new
   * one begins that ends after `lifeMs`. Rejects in bounded time.
   */
  add(key: string, count: number, life: CountLife): Promise<{ readonly count: number; readonly endsInMs: number }>;
  /** Additions under way at once: requests need the store's connections too. */
  readonly atOnceMax: number;
}

export interface CountLife {
  /** Whole milliseconds, at least 1. */
  readonly lifeMs: number;
  readonly windowMs: number;
}

export interface RateLimitOptions {
  readonly limit: number;
  readonly windowMs: number;
  readonly now?: () => number;
  readonly shared?: SharedCounts | undefined;
}

interface Window {
  count: number;
  /** Of these, what all processes know. */
  toldCount: number;
  isTelling: boolean;
  /** What the others had counted when this process last told. */
  othersCount: number;
  endsAt: number;
}

/** Callers that are remembered: at more of them all windows begin anew, which lets through more, never less. */
const callersMax = 100_000;
/** A process may let so many through before it tells: together they let through at most so many for each above the limit. */
const blockShare = 0.1;
const blockMax = 32;
/** After one that failed. */
const pauseMs = 1000;

export function createRateLimit({ limit, windowMs, now = () => performance.now(), shared }: RateLimitOptions): RateLimit {
  const windows = new Map<string, Window>();
  const block = Math.min(Math.ceil(limit * blockShare), blockMax);
  let tellingCount = 0;
  let pausedUntil = -Infinity;

  function windowOf(caller: string, time: number): Window {
    const present = windows.get(caller);
    if (present !== undefined && present.endsAt > time) return present;
    if (windows.size >= callersMax) windows.clear();
    const window = { count: 0, toldCount: 0, isTelling: false, othersCount: 0, endsAt: time + windowMs };
    windows.set(caller, window);
    return window;
  }

  async function tellOnce(counts: SharedCounts, key: string, window: Window): Promise<void> {
    const count = window.count - window.toldCount;
    const lifeMs = Math.ceil(window.endsAt - now());
    // The window ended meanwhile: what it counted limits nobody any more.
    if (lifeMs < 1) return;
    const total = await counts.add(key, count, { lifeMs, windowMs });
    window.toldCount += count;
    window.othersCount = Math.max(0, total.count - window.toldCount);
    // From then on all windows of this caller begin together.
    window.endsAt = Math.min(window.endsAt, now() + total.endsInMs);
  }

  /** Never rejects. */
  async function tell(counts: SharedCounts, caller: string, window: Window): Promise<void> {
    const key = createHash("sha256").update(caller).digest("base64url");
    window.isTelling = true;
    tellingCount++;
    try {
      do await tellOnce(counts, key, window);
      while (window.count - window.toldCount >= block && window.endsAt > now()); // What came meanwhile.
    } catch {
      // Each process limits alone until the next try.
      pausedUntil = now() + pauseMs;
    } finally {
      window.isTelling = false;
      tellingCount--;
    }
  }

  return {
    take(caller) {
      const time = now();
      const window = windowOf(caller, time);
      const isAllowed = window.count + window.othersCount < limit;
      if (isAllowed) window.count++;
      const isDue = window.count - window.toldCount >= (isAllowed ? block : 1);
      if (shared !== undefined && isDue && !window.isTelling && tellingCount < shared.atOnceMax && time >= pausedUntil)
        void tell(shared, caller, window);
      return {
        isAllowed,
        limit,
        remaining: Math.max(0, limit - window.count - window.othersCount),
        resetSeconds: Math.ceil((window.endsAt - time) / 1000),
      };
    },
    isOver(caller) {
      const window = windows.get(caller);
      return window !== undefined && window.endsAt > now() && window.count + window.othersCount >= limit;
    },
  };
}
