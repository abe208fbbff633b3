/** Gathers what the checks of doctor look at. A part that does not answer leaves its facts out. */

import { statfs } from "node:fs/promises";
import type { ReplicaStats } from "../../../store/postgres/replica.ts";
import { connectionBudget } from "../../../store/postgres/connection-budget.ts";
import { clockAheadMs } from "../../../store/postgres/database-clock.ts";
import { type IndexFault, indexFaults } from "../../../store/schema/index-faults.ts";
import { listApiKeys } from "../../../store/tables/api-keys.ts";
import { databaseFigures } from "../../../store/watch/database-figures.ts";
import type { ServiceContext } from "../../core/context.ts";
import { answeredWithin } from "../answered.ts";
import { poolReports } from "../pool-report.ts";

export interface Facts {
  readonly database: {
    /** Why it does not answer. */
    readonly error?: string | undefined;
    /** Connections that our processes may open, and those that the server has for them. */
    readonly claimed?: number | undefined;
    readonly available?: number | undefined;
    readonly indexFaults?: readonly IndexFault[] | undefined;
    readonly hitPercent?: number | null | undefined;
  };
  readonly replica?: Pick<ReplicaStats, "state"> | undefined;
  readonly pools: readonly { readonly name: string; readonly suggestions: readonly string[] }[];
  readonly redis?: { readonly breaker: string; readonly isSubscribed: boolean } | undefined;
  readonly queue: {
    readonly queued?: number | undefined;
    readonly failed?: number | undefined;
    readonly oldestWaitMs?: number | undefined;
  };
  readonly workers: { readonly crashed: number; readonly outOfMemory: number; readonly outOfTime: number };
  readonly memoryPercent: number;
  readonly disk?: { readonly usedPercent: number } | undefined;
  readonly loopDelayMs: number;
  readonly clockAheadMs?: number | undefined;
  readonly endingKeys: readonly { readonly name: string; readonly days: number }[];
  readonly isMonitored: boolean;
}

const askMsMax = 2000;
const keyDaysMax = 14;
const dayMs = 86_400_000;

export async function gatherFacts(context: ServiceContext): Promise<Facts> {
  const { config, monitor, compute, cache, queue } = context;
  const database = context.database.withSignal(AbortSignal.timeout(askMsMax));
  const answered = <Value>(ask: () => Promise<Value>) => answeredWithin(askMsMax, ask);
  const [first, budget, faults, figures, ahead, keys, depth, disk] = await Promise.all([
    answered(() => database.query("select 1")),
    answered(() => connectionBudget(database, config.databaseConnectionReserve)),
    answered(() => indexFaults(database)),
    answered(() => databaseFigures(database)),
    answered(() => clockAheadMs(database)),
    answered(() => listApiKeys(database)),
    answered(() => queue.depth()),
    answered(() => statfs(config.dataDir)),
  ]);
  const { memory_usage: memoryPercent, event_loop_delay_p99: loopDelayMs } = monitor.latest();
  return {
    database: {
      error: first.error,
      claimed: budget.value?.claimed,
      available: budget.value?.available,
      indexFaults: faults.value,
      hitPercent: figures.value?.cache_hit_ratio,
    },
    replica: context.database.stats().replica,
    pools: Object.entries(poolReports(context)).map(([name, { suggestions }]) => ({ name, suggestions })),
    redis: cache.stats().level2,
    queue: { ...depth.value },
    workers: compute.stats(),
    memoryPercent,
    // Blocks that only root may use are not free.
    disk: disk.value && {
      usedPercent: 100 - (disk.value.bavail * 100) / (disk.value.blocks - disk.value.bfree + disk.value.bavail),
    },
    loopDelayMs,
    clockAheadMs: ahead.value,
    endingKeys: (keys.value ?? []).flatMap(({ name, expiresAt, revokedAt }) => {
      const days = expiresAt === null ? Infinity : (expiresAt.getTime() - Date.now()) / dayMs;
      return revokedAt === null && days > 0 && days < keyDaysMax ? [{ name, days: Math.ceil(days) }] : [];
    }),
    isMonitored: config.monitoring === "on",
  };
}
