/**
 * How many requests a second one caller may make: a window of fixed length for each, counted in this process. Several processes
 * together let as many times more through; who needs one count for all sets the limit to its share.
 */

export interface RateLimit {
  /** Counts one request. */
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

export interface RateLimitOptions {
  readonly limit: number;
  readonly windowMs: number;
  readonly now?: () => number;
}

interface Window {
  count: number;
  endsAt: number;
}

/** Callers that are remembered: at more of them all windows begin anew, which lets through more, never less. */
const callersMax = 100_000;

export function createRateLimit({ limit, windowMs, now = () => performance.now() }: RateLimitOptions): RateLimit {
  const windows = new Map<string, Window>();
  return {
    take(caller) {
      const time = now();
      let window = windows.get(caller);
      if (window === undefined || window.endsAt <= time) {
        if (windows.size >= callersMax) windows.clear();
        window = { count: 0, endsAt: time + windowMs };
        windows.set(caller, window);
      }
      window.count++;
      return {
        isAllowed: window.count <= limit,
        limit,
        remaining: Math.max(0, limit - window.count),
        resetSeconds: Math.ceil((window.endsAt - time) / 1000),
      };
    },
    isOver(caller) {
      const window = windows.get(caller);
      return window !== undefined && window.endsAt > now() && window.count >= limit;
    },
  };
}
