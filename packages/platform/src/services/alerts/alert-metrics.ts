/** What alert rules can look at. */

export interface AlertMetric {
  /**
   * `over`: the value is that of the rule's window. `now`: the value is of this moment, and must breach as long as the window before
   * the rule fires.
   */
  readonly kind: "over" | "now";
  readonly unit: string;
  readonly summary: string;
}

export const alertMetrics = {
  error_rate: { kind: "over", unit: "%", summary: "requests answered with a status of 500 or above" },
  throughput: { kind: "over", unit: "/s", summary: "requests a second, all processes together" },
  response_time: { kind: "over", unit: "ms", summary: "mean time to an answer" },
  failed_jobs: { kind: "over", unit: "", summary: "jobs that failed for good within the window (dead letters)" },
  cpu_usage: { kind: "now", unit: "%", summary: "processor time of the busiest machine" },
  memory_usage: { kind: "now", unit: "%", summary: "resident memory of the fullest machine, of the memory limit" },
  p95_response_time: { kind: "now", unit: "ms", summary: "95 % of the last minute's requests were answered within it" },
  p99_response_time: { kind: "now", unit: "ms", summary: "99 % of the last minute's requests were answered within it" },
  event_loop_delay: { kind: "now", unit: "ms", summary: "delay of the event loop that 99 % of the last second stayed below" },
  queued_jobs: { kind: "now", unit: "", summary: "jobs that wait for their first attempt" },
  oldest_job_seconds: { kind: "now", unit: "s", summary: "how long the oldest job that may start has waited" },
  pool_utilization: { kind: "now", unit: "%", summary: "database connections in use, of all that a process may open" },
  pool_wait_ms: { kind: "now", unit: "ms", summary: "mean wait for a database connection since the last evaluation" },
  cache_down: { kind: "now", unit: "", summary: "1 while Redis does not answer, else 0; no data without Redis" },
  replica_lag_seconds: { kind: "now", unit: "s", summary: "how far the replica is behind; no data without a replica" },
  disk_usage: { kind: "now", unit: "%", summary: "used space of the disk with the data folder" },
} as const satisfies Readonly<Record<string, AlertMetric>>;

export type AlertMetricName = keyof typeof alertMetrics;
export const alertMetricNames = Object.keys(alertMetrics) as AlertMetricName[];

/** Samples are stored every five seconds. A shorter window may hold none. */
export const overWindowSecondsMin = 10;

/** Undefined for a metric that another version of the program knows. */
export function alertMetric(name: string): AlertMetric | undefined {
  return Object.hasOwn(alertMetrics, name) ? alertMetrics[name as AlertMetricName] : undefined;
}
