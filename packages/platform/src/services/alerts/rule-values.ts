/** Gives the value that each rule looks at. */

import { failedWithin, queueDepth } from "../../jobs/job-statements.ts";
import type { Monitor } from "../../monitor/monitor.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import { highestReadings, windowReadings } from "../../store/tables/alerts/states.ts";
import type { AlertRuleRow } from "../../store/tables/alerts/rules.ts";
import { alertMetric } from "./alert-metrics.ts";

/** Readings of a process that has written none for this long are of the past. */
const readSecondsMax = 30;

/** @returns by the rule's id; null for no data, as from a part that is absent. */
export async function ruleValues(
  sql: Sql,
  monitor: Pick<Monitor, "samples">,
  rules: readonly AlertRuleRow[],
): Promise<ReadonlyMap<string, number | null>> {
  const present = { ...sampleReadings(monitor), ...(await queueReadings(sql)), ...(await highestReadings(sql, readSecondsMax)) };
  const windows = new Map<number, Readonly<Record<string, number | null>>>();
  for (const { metric, windowSeconds } of rules) {
    if (alertMetric(metric)?.kind !== "over" || windows.has(windowSeconds)) continue;
    const failed = await failedWithin(sql, windowSeconds);
    windows.set(windowSeconds, { ...(await windowReadings(sql, windowSeconds)), failed_jobs: failed });
  }
  return new Map(
    rules.map(({ id, metric, windowSeconds }) => {
      const readings: Readonly<Record<string, number | null>> =
        alertMetric(metric)?.kind === "over" ? (windows.get(windowSeconds) ?? {}) : present;
      return [id, readings[metric] ?? null];
    }),
  );
}

/** Of all processes together, as the last sample has them. */
function sampleReadings(monitor: Pick<Monitor, "samples">): Readonly<Record<string, number | null>> {
  const sample = monitor.samples().at(-1);
  if (sample === undefined) return {};
  const { cpu_usage, memory_usage, p95_response_time, p99_response_time, event_loop_delay_p99 } = sample;
  return { cpu_usage, memory_usage, p95_response_time, p99_response_time, event_loop_delay: event_loop_delay_p99 };
}

async function queueReadings(sql: Sql): Promise<Readonly<Record<string, number>>> {
  const { queued, oldestWaitMs } = await queueDepth(sql);
  return { queued_jobs: queued, oldest_job_seconds: oldestWaitMs / 1000 };
}
