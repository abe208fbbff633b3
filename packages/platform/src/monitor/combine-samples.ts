/** What several processes of one service do together. */

import type { Sample } from "./monitor.ts";

/** The last sample of another process. */
export interface OtherSample extends Omit<Sample, "response_time" | "error_rate" | "window_seconds" | "process_count"> {
  /** Null without requests. */
  readonly response_time: number | null;
  readonly host: string;
}

/**
 * Requests are summed, and their times weighted by them. Processor and memory are those of the busiest machine, summed over its processes.
 * Percentiles and delays cannot be summed: they are those of the slowest process.
 */
export function combineSamples(own: Sample, host: string, others: readonly OtherSample[]): Sample {
  if (others.length === 0) return own;
  const all = [{ ...own, host }, ...others];
  const sum = (of: (sample: OtherSample) => number) => all.reduce((total, sample) => total + of(sample), 0);
  const highest = (of: (sample: OtherSample) => number | null) =>
    all.reduce<number | null>((max, sample) => greater(max, of(sample)), null);
  const busiest = (of: (sample: OtherSample) => number) => {
    const hosts = new Map<string, number>();
    for (const sample of all) hosts.set(sample.host, (hosts.get(sample.host) ?? 0) + of(sample));
    return Math.max(...hosts.values());
  };
  const requestCount = sum((sample) => sample.request_count);
  const errorCount = sum((sample) => sample.error_count);
  return {
    timestamp: own.timestamp,
    cpu_usage: Math.min(
      100,
      busiest((sample) => sample.cpu_usage),
    ),
    memory_usage: busiest((sample) => sample.memory_usage),
    response_time: requestCount === 0 ? 0 : sum((sample) => (sample.response_time ?? 0) * sample.request_count) / requestCount,
    throughput: sum((sample) => sample.throughput),
    error_rate: requestCount === 0 ? 0 : (errorCount * 100) / requestCount,
    p50_response_time: highest((sample) => sample.p50_response_time),
    p95_response_time: highest((sample) => sample.p95_response_time),
    p99_response_time: highest((sample) => sample.p99_response_time),
    request_count: requestCount,
    error_count: errorCount,
    window_seconds: own.window_seconds,
    memory_bytes: sum((sample) => sample.memory_bytes),
    event_loop_delay: highest((sample) => sample.event_loop_delay) ?? 0,
    event_loop_delay_p99: highest((sample) => sample.event_loop_delay_p99) ?? 0,
    process_count: all.length,
  };
}

function greater(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}
