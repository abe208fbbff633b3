/** The figures of a load test by their names in reports: times in milliseconds, rates in per cent. */

import type { LoadResult } from "./engine/run-load.ts";
import type { Tally } from "./engine/tally.ts";
import type { LatencyHistogram } from "./latency-histogram.ts";
import type { TrainingResult } from "./training/run-trainings.ts";

export interface RequestSummary {
  readonly total_requests: number;
  readonly successful_requests: number;
  /** Null without requests. */
  readonly success_rate: number | null;
  readonly avg_response_time: number | null;
  readonly min_response_time: number | null;
  readonly median_response_time: number | null;
  readonly p90_response_time: number | null;
  /** Null with 20 successful requests or fewer; p90 with 10, p99 with 100. */
  readonly p95_response_time: number | null;
  readonly p99_response_time: number | null;
  readonly max_response_time: number | null;
  readonly requests_per_second: number;
  readonly successful_per_second: number;
  readonly by_status: Readonly<Record<string, number>>;
  readonly by_error: Readonly<Record<string, number>>;
}

/** What --expect may name. */
export const requestFields = [
  "total_requests",
  "successful_requests",
  "success_rate",
  "avg_response_time",
  "min_response_time",
  "median_response_time",
  "p90_response_time",
  "p95_response_time",
  "p99_response_time",
  "max_response_time",
  "requests_per_second",
  "successful_per_second",
] as const satisfies readonly (keyof RequestSummary)[];

export interface TrainingSummary {
  readonly total_training_jobs: number;
  readonly successful_jobs: number;
  readonly success_rate: number | null;
  /** Of `training_time_ms`, as the service says. */
  readonly avg_training_time: number | null;
  /** From the request to the model. */
  readonly avg_total_time: number | null;
  readonly median_total_time: number | null;
  readonly p95_total_time: number | null;
  readonly max_total_time: number | null;
  readonly trainings_per_second: number;
  /** How many were answered with 202 and followed to the end of their job. */
  readonly queued_jobs: number;
  readonly by_status: Readonly<Record<string, number>>;
  readonly by_error: Readonly<Record<string, number>>;
}

export const trainingFields = [
  "total_training_jobs",
  "successful_jobs",
  "success_rate",
  "avg_training_time",
  "avg_total_time",
  "median_total_time",
  "p95_total_time",
  "max_total_time",
  "trainings_per_second",
] as const satisfies readonly (keyof TrainingSummary)[];

export function requestSummary(tally: Tally, { elapsedMs }: Pick<LoadResult, "elapsedMs">): RequestSummary {
  const { totalCount, successCount, latencies } = tally;
  return {
    total_requests: totalCount,
    successful_requests: successCount,
    success_rate: percentOf(successCount, totalCount),
    avg_response_time: rounded(latencies.meanMs),
    min_response_time: rounded(latencies.minMs),
    median_response_time: medianOf(latencies),
    p90_response_time: rounded(latencies.percentileMs(0.9)),
    p95_response_time: rounded(latencies.percentileMs(0.95)),
    p99_response_time: rounded(latencies.percentileMs(0.99)),
    max_response_time: rounded(latencies.maxMs),
    requests_per_second: perSecond(totalCount, elapsedMs),
    successful_per_second: perSecond(successCount, elapsedMs),
    by_status: sorted(tally.byStatus),
    by_error: sorted(tally.byError),
  };
}

export function trainingSummary(result: TrainingResult): TrainingSummary {
  const { counts, elapsedMs } = result;
  const { totalCount, trainingTimes, totalTimes } = counts;
  const successCount = totalTimes.count;
  return {
    total_training_jobs: totalCount,
    successful_jobs: successCount,
    success_rate: percentOf(successCount, totalCount),
    avg_training_time: rounded(trainingTimes.meanMs),
    avg_total_time: rounded(totalTimes.meanMs),
    median_total_time: medianOf(totalTimes),
    p95_total_time: rounded(totalTimes.percentileMs(0.95)),
    max_total_time: rounded(totalTimes.maxMs),
    trainings_per_second: perSecond(totalCount, elapsedMs),
    queued_jobs: counts.jobCount,
    by_status: sorted(counts.byStatus),
    by_error: sorted(counts.byError),
  };
}

/** With one or two values the smallest, as half of the values do not exceed it. */
function medianOf(latencies: LatencyHistogram): number | null {
  return rounded(latencies.percentileMs(0.5) ?? latencies.minMs);
}

/** Cut, not rounded: one failure in a million is no 100 %. */
function percentOf(count: number, total: number): number | null {
  return total === 0 ? null : Math.floor((count / total) * 100_000) / 1000;
}

function perSecond(count: number, elapsedMs: number): number {
  return elapsedMs > 0 ? (rounded((count / elapsedMs) * 1000) ?? 0) : 0;
}

/** To microseconds. */
function rounded<Value extends number | null>(value: Value): Value {
  return (value === null ? null : Math.round(value * 1000) / 1000) as Value;
}

function sorted(counts: ReadonlyMap<string | number, number>): Record<string, number> {
  return Object.fromEntries(
    [...counts].sort(([a], [b]) => String(a).localeCompare(String(b))).map(([key, count]) => [String(key), count]),
  );
}
