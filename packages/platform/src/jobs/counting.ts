/** Counts the queue's jobs and database errors. Logs the first of a series of errors, not each. */

import { isDatabaseAway } from "../store/postgres/database-error.ts";
import type { Clock } from "../pools/resource-pool.ts";
import { type CountsOf, countsOf } from "../watch/metric-kinds.ts";
import { type JobName, jobNames } from "./job-types.ts";
import { type JobLog, jobMetrics, type QueueStats } from "./queue.ts";
import type { Outcome } from "./settle.ts";

export type Counting = ReturnType<typeof createCounting>;
type JobCounts = CountsOf<typeof jobMetrics>;

const quietMs = 10_000;

export function createCounting(log: JobLog, clock: Clock) {
  const byName = Object.fromEntries(jobNames.map((name) => [name, countsOf(jobMetrics)])) as Record<JobName, JobCounts>;
  let databaseErrors = 0;
  let sweptFailures = 0;
  let loggedAt = -quietMs;

  return {
    enqueued: (name: JobName) => void byName[name].enqueued++,
    started: (name: JobName) => void byName[name].running++,
    stopped: (name: JobName) => void byName[name].running--,
    ended: (name: JobName, outcome: Outcome | "givenBack") => void byName[name][outcome]++,
    swept: (failedCount: number) => void (sweptFailures += failedCount),
    databaseFailed: (error: unknown) => {
      databaseErrors++;
      // Another part of the service logs that the database is away.
      if (isDatabaseAway(error)) return;
      const now = clock.now();
      if (now - loggedAt < quietMs) return;
      loggedAt = now;
      log.warn(
        { error: error instanceof Error ? error.message : error },
        "the database refuses a statement of the job queue; it tries again",
      );
    },
    stats: (): QueueStats => ({
      byName: Object.fromEntries(jobNames.map((name) => [name, { ...byName[name] }])) as Record<JobName, JobCounts>,
      running: jobNames.reduce((sum, name) => sum + byName[name].running, 0),
      sweptFailures,
      databaseErrors,
    }),
  };
}
