/** The checks of doctor: from what is known of the service to what is wrong, how bad it is, and what to do next. */

import { countText } from "../../../report/wording.ts";
import type { Facts } from "./facts.ts";

export type Severity = "info" | "warning" | "critical";

export interface Finding {
  /** The check that found it, as the list in the documentation names it. */
  readonly id: string;
  readonly severity: Severity;
  readonly finding: string;
  readonly next_step: string;
}

type Found = Omit<Finding, "id">;

export interface Check {
  readonly id: string;
  /** What it looks at, in a sentence. */
  readonly looks_at: string;
  readonly find: (facts: Facts) => readonly (Found | undefined)[];
}

const memoryPercentMax = 75;
const diskPercentMax = 85;
const queuedMsMax = 60_000;
const loopDelayMsMax = 100;
const clockMsMax = 30_000;
const hitPercentMin = 95;
const keyDaysMin = 14;

const warn = (finding: string, nextStep: string): Found => ({ severity: "warning", finding, next_step: nextStep });
const alarm = (finding: string, nextStep: string): Found => ({ severity: "critical", finding, next_step: nextStep });

export const checks: readonly Check[] = [
  {
    id: "database.reachable",
    looks_at: "whether the database answers within 2 seconds",
    find: ({ database }) => [
      database.error === undefined
        ? undefined
        : alarm(`the database does not answer: ${database.error}`, "look whether its server runs, and at DATABASE_URL"),
    ],
  },
  {
    id: "database.connections",
    looks_at: "whether our processes may open more connections than the server takes",
    find: ({ database: { claimed, available } }) => [
      claimed === undefined || available === undefined || claimed <= available
        ? undefined
        : warn(
            `our processes may open ${claimed} connections, and the server has ${available} for them`,
            "raise max_connections of the server, or lower database_pool_size and database_max_overflow",
          ),
    ],
  },
  {
    id: "database.indexes",
    looks_at: "indexes of ours that are missing or INVALID",
    find: ({ database: { indexFaults = [] } }) =>
      indexFaults.map(({ name, kind }) =>
        warn(`the index ${name} is ${kind}`, "it is rebuilt in the background; at once by `nomaly db maintain`"),
      ),
  },
  {
    id: "database.memory",
    looks_at: `whether less than ${hitPercentMin} % of the blocks of tables are found in memory`,
    find: ({ database: { hitPercent } }) => [
      hitPercent === undefined || hitPercent === null || hitPercent >= hitPercentMin
        ? undefined
        : warn(
            `PostgreSQL found ${hitPercent.toFixed(1)} % of the blocks that it read in its memory`,
            "give it more shared_buffers: `nomaly db check` says how much",
          ),
    ],
  },
  {
    id: "database.replica",
    looks_at: "whether the replica answers, and how far behind it is",
    find: ({ replica }) => [
      replica?.state === "down"
        ? warn(
            "the replica does not answer: reads go to the primary",
            "look whether its server runs, and at DATABASE_REPLICA_URL",
          )
        : replica?.state === "stale"
          ? warn(
              "the replica is too far behind: reads go to the primary",
              "look at its disk and network, and at long reads on it",
            )
          : undefined,
    ],
  },
  {
    id: "pools",
    looks_at: "how full the pools of connections are, and connections that broke",
    find: ({ pools }) =>
      pools.flatMap(({ name, suggestions }) =>
        suggestions.map((suggestion) => warn(`pool ${name}: ${suggestion}`, "docs/operations.md, pools")),
      ),
  },
  {
    id: "cache.redis",
    looks_at: "whether Redis answers",
    find: ({ redis }) => [
      redis === undefined || (redis.breaker === "closed" && redis.isSubscribed)
        ? undefined
        : warn("Redis does not answer: each process caches for itself", "look whether its server runs, and at REDIS_URL"),
    ],
  },
  {
    id: "queue.age",
    looks_at: `jobs that wait for more than ${queuedMsMax / 1000} s`,
    find: ({ queue: { queued = 0, oldestWaitMs = 0 } }) => [
      oldestWaitMs > queuedMsMax
        ? warn(
            `the oldest of ${countText(queued, "queued job")} has waited for ${Math.round(oldestWaitMs / 1000)} s`,
            "raise job_concurrency, or start another `nomaly worker`",
          )
        : undefined,
    ],
  },
  {
    id: "queue.failed",
    looks_at: "jobs that were given up",
    find: ({ queue: { failed = 0 } }) => [
      failed > 0
        ? warn(
            `${countText(failed, "job")} ended in failure`,
            "GET /api/jobs?status=failed has each with its error; the dashboard tries one again",
          )
        : undefined,
    ],
  },
  {
    id: "workers",
    looks_at: "workers that died",
    find: ({ workers: { crashed, outOfMemory, outOfTime } }) => [
      crashed > 0
        ? warn(`${countText(crashed, "worker")} crashed since the start`, "the log names the work that each was doing")
        : undefined,
      outOfMemory > 0
        ? warn(
            `${countText(outOfMemory, "worker")} took too much memory and ended`,
            "more memory, or smaller data sets (dataset_rows)",
          )
        : undefined,
      outOfTime > 0
        ? warn(`${countText(outOfTime, "worker")} took too long and ended`, "the log names the work that each was doing")
        : undefined,
    ],
  },
  {
    id: "memory",
    looks_at: `whether the process and its workers take more than ${memoryPercentMax} % of what they may`,
    find: ({ memoryPercent }) => [
      memoryPercent > memoryPercentMax
        ? warn(
            `the process and its workers take ${memoryPercent.toFixed(0)} % of their memory`,
            "more memory, fewer compute_workers, or a smaller cache_level1_bytes",
          )
        : undefined,
    ],
  },
  {
    id: "disk",
    looks_at: `whether the disk of the data folder is more than ${diskPercentMax} % full`,
    find: ({ disk }) => [
      disk !== undefined && disk.usedPercent > diskPercentMax
        ? warn(
            `the disk of the data folder is ${disk.usedPercent.toFixed(0)} % full`,
            "remove old results (result_retention_days) and data sets, or take a larger disk",
          )
        : undefined,
    ],
  },
  {
    id: "event-loop",
    looks_at: `whether events are handled more than ${loopDelayMsMax} ms late`,
    find: ({ loopDelayMs }) => [
      loopDelayMs > loopDelayMsMax
        ? warn(
            `1 % of the events of the last second were ${loopDelayMs.toFixed(0)} ms late`,
            "look for a busy machine; if this process alone is busy, please report it",
          )
        : undefined,
    ],
  },
  {
    id: "clock",
    looks_at: `whether the clock of this machine differs from the database's by more than ${clockMsMax / 1000} s`,
    find: ({ clockAheadMs = 0 }) => [
      Math.abs(clockAheadMs) > clockMsMax
        ? warn(
            `the clock of this machine is ${Math.abs(Math.round(clockAheadMs / 1000))} s ${clockAheadMs > 0 ? "ahead of" : "behind"} the database's`,
            "let both take their time from the network",
          )
        : undefined,
    ],
  },
  {
    id: "keys",
    looks_at: `API keys that end within ${keyDaysMin} days`,
    find: ({ endingKeys }) =>
      endingKeys.map(({ name, days }) =>
        warn(
          `the key "${name}" ends in ${countText(days, "day")}`,
          "make another with `nomaly keys create`, and give it to whoever uses this one",
        ),
      ),
  },
  {
    id: "monitoring",
    looks_at: "whether requests are recorded",
    find: ({ isMonitored }) => [
      isMonitored
        ? undefined
        : { severity: "info", finding: "monitoring is switched off", next_step: "the setting monitoring switches it on" },
    ],
  },
];

/** What all checks find, the worst first. */
export function findingsOf(facts: Facts): readonly Finding[] {
  const found = checks.flatMap(({ id, find }) => find(facts).flatMap((one) => (one === undefined ? [] : [{ id, ...one }])));
  const order: readonly Severity[] = ["critical", "warning", "info"];
  return found.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}
