/**
 * The alert rules that a new database has, and that a reset restores. A later change of this list reaches existing databases by a reset
 * only: their rules are the operator's.
 */

export interface DefaultAlertRule {
  readonly name: string;
  readonly metric: string;
  readonly operator: ">" | ">=" | "<" | "<=";
  readonly threshold: number;
  readonly windowSeconds: number;
  readonly breaches: number;
  readonly severity: "info" | "warning" | "critical";
  readonly cooldownSeconds: number;
}

const usual = { operator: ">", breaches: 2, severity: "warning", cooldownSeconds: 300 } as const;

export const defaultAlertRules: readonly DefaultAlertRule[] = [
  { ...usual, name: "error-rate", metric: "error_rate", threshold: 5, windowSeconds: 300, severity: "critical" },
  { ...usual, name: "memory", metric: "memory_usage", threshold: 75, windowSeconds: 60 },
  { ...usual, name: "slow-responses", metric: "p99_response_time", threshold: 1000, windowSeconds: 300 },
  { ...usual, name: "jobs-waiting", metric: "oldest_job_seconds", threshold: 60, windowSeconds: 0 },
  { ...usual, name: "database-pool-full", metric: "pool_utilization", threshold: 90, windowSeconds: 30, severity: "critical" },
  { ...usual, name: "database-pool-waits", metric: "pool_wait_ms", threshold: 1000, windowSeconds: 0 },
  { ...usual, name: "cache-down", metric: "cache_down", operator: ">=", threshold: 1, windowSeconds: 30 },
  { ...usual, name: "replica-lag", metric: "replica_lag_seconds", threshold: 30, windowSeconds: 0 },
  { ...usual, name: "disk-usage", metric: "disk_usage", threshold: 85, windowSeconds: 0, severity: "critical" },
  { ...usual, name: "failed-jobs", metric: "failed_jobs", threshold: 0, windowSeconds: 3600, breaches: 1 },
];
