/** Plain numbers about the statements of one pool. Who watches reads them when it likes. */

import type { MetricKinds } from "../../watch/metric-kinds.ts";

export interface StatementStats {
  /** Statements of callers; checks of connections, begin, commit and rollback are none. */
  readonly count: number;
  readonly failures: number;
  readonly cancelled: number;
  /** Reads that were sent a second time because their connection was lost. */
  readonly retries: number;
  readonly transactions: number;
  readonly durationMsTotal: number;
  readonly durationMsMax: number;
  /** Those that took longer than a second. */
  readonly slow: number;
}

export const statementKinds: MetricKinds<StatementStats> = {
  count: "counter",
  failures: "counter",
  cancelled: "counter",
  retries: "counter",
  transactions: "counter",
  durationMsTotal: "counter",
  durationMsMax: "gauge",
  slow: "counter",
};

export type StatementCounts = { -readonly [Name in keyof StatementStats]: StatementStats[Name] };

const slowMs = 1000;

export function newStatementCounts(): StatementCounts {
  return { count: 0, failures: 0, cancelled: 0, retries: 0, transactions: 0, durationMsTotal: 0, durationMsMax: 0, slow: 0 };
}

export function countStatement(counts: StatementCounts, durationMs: number): void {
  counts.count++;
  counts.durationMsTotal += durationMs;
  counts.durationMsMax = Math.max(counts.durationMsMax, durationMs);
  if (durationMs > slowMs) counts.slow++;
}
