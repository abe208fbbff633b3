/** How full the pools of connections are, in the words of SQLAlchemy's pools, and what to do about it. */

import type { ServiceContext } from "../core/context.ts";
import type { ResourcePoolStats } from "../../pools/resource-pool.ts";

export interface PoolFigures {
  /** Connections that stay open, as set. */
  readonly pool_size: number;
  /** Open connections that are free. */
  readonly checked_in: number;
  readonly checked_out: number;
  /** Open connections beyond those that stay open. */
  readonly overflow: number;
  /** Connections thrown away because the check before use failed, since the start. */
  readonly invalid: number;
  /** Open or opening. */
  readonly total_connections: number;
  /** Connections in use, of all that the pool may open, percent. */
  readonly utilization_percent: number;
  /** The most at once: pool_size and max_overflow together. */
  readonly capacity: number;
  readonly waiting: number;
  /** Callers that waited in vain, since the start. */
  readonly timeouts: number;
}

export interface PoolReport {
  readonly current_stats: PoolFigures;
  readonly suggestions: readonly string[];
}

/** Of each pool that this process has. */
export function poolReports({
  database,
  cache,
}: Pick<ServiceContext, "database" | "cache">): Readonly<Record<string, PoolReport>> {
  const { pool, replica } = database.stats();
  const redis = cache.stats().level2?.connections;
  const settings = { size: "database_pool_size", overflow: "database_max_overflow" };
  const redisSettings = { size: "redis_max_connections", overflow: "redis_max_connections" };
  return {
    database: poolReport(pool, settings),
    ...(replica === undefined ? {} : { replica: poolReport(replica.pool, settings) }),
    ...(redis === undefined ? {} : { redis: poolReport(redis, redisSettings) }),
  };
}

const fullPercent = 90;

/** @param settings the settings of its size, for the advice. */
export function poolReport(stats: ResourcePoolStats, settings: { readonly size: string; readonly overflow: string }): PoolReport {
  const { base, capacity, size, idle, inUse, invalid, waiting, timeouts } = stats;
  const figures: PoolFigures = {
    pool_size: base,
    checked_in: idle,
    checked_out: inUse,
    overflow: Math.max(0, size - base),
    invalid,
    total_connections: size,
    utilization_percent: capacity === 0 ? 0 : (inUse * 100) / capacity,
    capacity,
    waiting,
    timeouts,
  };
  return { current_stats: figures, suggestions: suggestionsFor(figures, settings) };
}

function suggestionsFor(
  figures: PoolFigures,
  { size, overflow }: { readonly size: string; readonly overflow: string },
): string[] {
  const suggestions: string[] = [];
  const {
    utilization_percent: share,
    checked_out: used,
    capacity,
    invalid,
    waiting,
    checked_in: free,
    pool_size: base,
  } = figures;
  if (share > fullPercent) {
    suggestions.push(
      `${used} of ${capacity} connections are in use (${share.toFixed(0)} %): raise ${size} or ${overflow}, if the server has connections left`,
    );
  }
  if (invalid > 0) {
    suggestions.push(
      `${invalid} connections were found broken and thrown away: look for restarts of the server and for a network that drops idle connections`,
    );
  }
  if (figures.overflow > base) {
    suggestions.push(
      `${figures.overflow} connections beyond the ${base} that stay open: raise ${size}, so that they need not be opened anew`,
    );
  }
  if (waiting > 0 && free > 0) {
    suggestions.push(`${waiting} callers wait although ${free} connections are free: a leak is suspected`);
  }
  return suggestions;
}
