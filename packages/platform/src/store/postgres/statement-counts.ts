/** Counts the statements of one pool. */

import { counter, type CountsOf, gauge, type StatsOf } from "../../watch/metric-kinds.ts";

export const statementMetrics = {
  count: counter("Statements of callers, without connection checks, begin, commit and rollback"),
  failures: counter("Statements that failed"),
  cancelled: counter("Statements cancelled by their caller"),
  retries: counter("Reads that were sent a second time because their connection was lost"),
  transactions: counter("Transactions"),
  durationMsTotal: counter("Time that statements took", { unit: "ms", name: "duration_seconds" }),
  durationMsMax: gauge("The longest time of a statement", { unit: "ms", name: "duration_seconds_max" }),
  slow: counter("Statements that took longer than a second"),
};
export type StatementStats = StatsOf<typeof statementMetrics>;
export type StatementCounts = CountsOf<typeof statementMetrics>;

const slowMs = 1000;

export function countStatement(counts: StatementCounts, durationMs: number): void {
  counts.count++;
  counts.durationMsTotal += durationMs;
  counts.durationMsMax = Math.max(counts.durationMsMax, durationMs);
  if (durationMs > slowMs) counts.slow++;
}
