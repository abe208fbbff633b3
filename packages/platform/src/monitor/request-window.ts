/** Counts the requests of the last 60 seconds, a second at a time, in fixed memory. */

import { bucketCount, bucketOf, quantileOf } from "./duration-histogram.ts";

export const windowSeconds = 60;

interface Second {
  requestCount: number;
  errorCount: number;
  sumMs: number;
  readonly buckets: Uint32Array;
  /** How long it really was. */
  lengthMs: number;
}

/** The requests within a window. Times are milliseconds, null where there was no request. */
export interface WindowFigures {
  readonly requestCount: number;
  readonly errorCount: number;
  readonly sumMs: number;
  readonly meanMs: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** Requests a second, by the real length of the window. */
  readonly perSecond: number;
  readonly lengthMs: number;
}

export interface RequestWindow {
  /** @param isSuccess false for an error of the service. */
  add(durationMs: number, isSuccess: boolean): void;
  /** Ends the present second. @param lengthMs its real length. */
  endSecond(lengthMs: number): void;
  /** All ended seconds that are still in the window. */
  figures(): WindowFigures;
}

export function createRequestWindow(): RequestWindow {
  const seconds: Second[] = Array.from({ length: windowSeconds + 1 }, () => ({
    requestCount: 0,
    errorCount: 0,
    sumMs: 0,
    buckets: new Uint32Array(bucketCount),
    lengthMs: 0,
  }));
  const all = new Uint32Array(bucketCount);
  let at = 0;

  function endSecond(lengthMs: number): void {
    seconds[at].lengthMs = lengthMs;
    at = (at + 1) % seconds.length;
    const next = seconds[at];
    next.requestCount = 0;
    next.errorCount = 0;
    next.sumMs = 0;
    next.lengthMs = 0;
    next.buckets.fill(0);
  }

  function figures(): WindowFigures {
    all.fill(0);
    let requestCount = 0;
    let errorCount = 0;
    let sumMs = 0;
    let lengthMs = 0;
    for (const [index, second] of seconds.entries()) {
      if (index === at) continue;
      lengthMs += second.lengthMs;
      if (second.requestCount === 0) continue;
      requestCount += second.requestCount;
      errorCount += second.errorCount;
      sumMs += second.sumMs;
      for (let bucket = 0; bucket < bucketCount; bucket++) all[bucket] += second.buckets[bucket];
    }
    return {
      requestCount,
      errorCount,
      sumMs,
      meanMs: requestCount === 0 ? null : sumMs / requestCount,
      p50Ms: quantileOf(all, 0.5),
      p95Ms: quantileOf(all, 0.95),
      p99Ms: quantileOf(all, 0.99),
      perSecond: lengthMs === 0 ? 0 : (requestCount * 1000) / lengthMs,
      lengthMs,
    };
  }

  return {
    add(durationMs, isSuccess) {
      const second = seconds[at];
      second.requestCount++;
      if (!isSuccess) second.errorCount++;
      second.sumMs += durationMs;
      second.buckets[bucketOf(durationMs)]++;
    },
    endSecond,
    figures,
  };
}
