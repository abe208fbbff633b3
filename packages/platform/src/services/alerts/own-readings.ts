/** Reads what one process alone can know: its pools, its connections to Redis and the replica, its disk. */

import { statfs } from "node:fs/promises";
import type { CacheStats } from "../../cache/cache-stats.ts";
import type { Readings } from "../../store/tables/alerts/states.ts";
import type { ServiceContext } from "../core/context.ts";

export type ReadContext = Pick<ServiceContext, "config" | "database" | "cache">;

/** @returns a function that reads now; a metric without data is left out. */
export function ownReadings({ config, database, cache }: ReadContext): () => Promise<Readings> {
  let before = { acquired: 0, waitMsTotal: 0 };
  return async () => {
    const { pool, replica } = database.stats();
    const { level2 } = cache.stats();
    const disk = await diskUsage(config.dataDir);
    const acquired = pool.acquired - before.acquired;
    const waitMs = pool.waitMsTotal - before.waitMsTotal;
    before = pool;
    return {
      pool_utilization: pool.capacity === 0 ? 0 : (pool.inUse * 100) / pool.capacity,
      pool_wait_ms: acquired === 0 ? 0 : waitMs / acquired,
      ...(level2 === undefined ? {} : { cache_down: isRedisUp(level2) ? 0 : 1 }),
      ...(replica === undefined ? {} : { replica_lag_seconds: replica.lagMs / 1000 }),
      ...(disk === undefined ? {} : { disk_usage: disk }),
    };
  };
}

/** True when messages of other processes arrive and calls are answered. */
export function isRedisUp({
  isSubscribed,
  breaker,
}: Pick<NonNullable<CacheStats["level2"]>, "isSubscribed" | "breaker">): boolean {
  return isSubscribed && breaker === "closed";
}

/** As `df` counts it, percent; undefined where the file system does not answer. */
async function diskUsage(folder: string): Promise<number | undefined> {
  try {
    const { blocks, bfree, bavail } = await statfs(folder);
    const used = blocks - bfree;
    return used + bavail === 0 ? undefined : (used * 100) / (used + bavail);
  } catch {
    // No folder yet, or a file system without such figures: no data, which no rule fires on.
    return undefined;
  }
}
