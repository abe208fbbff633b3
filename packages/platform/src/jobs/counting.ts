/** The queue's numbers, and its log lines about statements that the database refuses: the first of a series, not each. */

import { isDatabaseAway } from "../store/postgres/database-error.ts";
import type { Clock } from "../pools/resource-pool.ts";
import { type CountsOf, countsOf } from "../watch/metric-kinds.ts";
import { type JobName, jobNames } from "./job-types.ts";
import { type JobLog, jobMetrics, type QueueStats } from "./queue.ts";
import type { Outcome } from "./settle.ts";

export interface Counting {
  readonly enqueued: (name: JobName) => void;
  readonly started: (name: JobName) => void;
  readonly stopped: (name: JobName) => void;
  readonly ended: (name: JobName, outcome: Outcome | "givenBack") => void;
  readonly swept: (failedCount: number) => void;
  readonly databaseFailed: (error: unknown) => void;
  readonly stats: () => QueueStats;
}

type JobCounts = CountsOf<typeof jobMetrics>;

const quietMs = 10_000;

export function createCounting(log: JobLog, clock: Clock): Counting {
  const byName = Object.fromEntries(jobNames.map((name) => [name, countsOf(jobMetrics)])) as Record<JobName, JobCounts>;
  let databaseErrors = 0;
  let sweptFailures = 0;
  let loggedAt = -quietMs;

  return {
    enqueued: (name) => void byName[name].enqueued++,
    started: (name) => void byName[name].running++,
    stopped: (name) => void byName[name].running--,
    ended: (name, outcome) => void byName[name][outcome]++,
    swept: (failedCount) => void (sweptFailures += failedCount),
    databaseFailed: (error) => {
      databaseErrors++;
      // That the database is away is said once for all that need it.
      if (isDatabaseAway(error)) return;
      const now = clock.now();
      if (now - loggedAt < quietMs) return;
      loggedAt = now;
      log.warn(
        { error: error instanceof Error ? error.message : error },
        "the database refuses a statement of the job queue; it tries again",
      );
    },
    stats: () => ({
      byName: Object.fromEntries(jobNames.map((name) => [name, { ...byName[name] }])) as Record<JobName, JobCounts>,
      running: jobNames.reduce((sum, name) => sum + byName[name].running, 0),
      sweptFailures,
      databaseErrors,
    }),
  };
}
