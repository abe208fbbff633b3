/**
 * Limits the requests of each caller in windows of fixed length. Where processes share counts, each adds its count to the shared one
 * in blocks, in the background, and learns the count of the others from the answer. No request waits for that; when it fails, each
 * process counts alone for a while.
 */

import { createHash } from "node:crypto";

export interface RateLimit {
  /** Counts one request, unless it is over the limit. */
  take(caller: string): RateState;
  /** Whether the next request would be over the limit. */
  isOver(caller: string): boolean;
}

export interface RateState {
  readonly isAllowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until the window ends, rounded up. */
  readonly resetSeconds: number;
}

/** Counts that all processes share. */
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
  /** The part of `count` that has been added to the shared count. */
  toldCount: number;
  isTelling: boolean;
  /** The count of the other processes when this process last added its own. */
  othersCount: number;
  endsAt: number;
}

/** Beyond this many callers all windows begin anew, which allows more requests, never fewer. */
const callersMax = 100_000;
/** A process adds its count in blocks of this share of the limit, at most `blockMax`; together, processes may exceed the limit by a block each. */
const blockShare = 0.1;
const blockMax = 32;
/** Pause after an addition that failed. */
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
    // From then on, all processes begin the windows of this caller together.
    window.endsAt = Math.min(window.endsAt, now() + total.endsInMs);
  }

  /** Never rejects. */
  async function tell(counts: SharedCounts, caller: string, window: Window): Promise<void> {
    const key = createHash("sha256").update(caller).digest("base64url");
    window.isTelling = true;
    tellingCount++;
    try {
      do await tellOnce(counts, key, window);
      while (window.count - window.toldCount >= block && window.endsAt > now()); // Requests counted meanwhile.
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
