/** How many connections one process opens, and how its pool is sized where the server has fewer to give. */

export interface PoolSizes {
  /** Connections that stay open. */
  readonly poolSize: number;
  /** Further ones while they are needed. */
  readonly maxOverflow: number;
}

export interface WantedSizes extends PoolSizes {
  /** What somebody has set is taken as it is, or refused. */
  readonly isPoolSizeSet: boolean;
  readonly isMaxOverflowSet: boolean;
}

/**
 * Beside the pool: one that listens, one that cancels statements, one for migrations and upkeep, one that rebuilds indexes, one that
 * holds the embedded database.
 */
export const extraConnections = 5;
/** Smaller than this a pool is of no use: a request may need two, a job as well, and a lease must be renewed beside them. */
const sizedDownMin = 5;
/** Of a pool that is sized down, what stays open: as much of it as of the default. */
const baseShare = 20 / 50;

/** Most connections to the database that a process with such a pool has open at one time. */
export function connectionCountOf({ poolSize, maxOverflow }: PoolSizes): number {
  return poolSize + maxOverflow + extraConnections;
}

/** The sizes wanted where they fit into so many connections; else smaller ones, unless they are set; else `undefined`. */
export function sizesWithin(wanted: WantedSizes, connectionCountMax: number): PoolSizes | undefined {
  const { poolSize, maxOverflow, isPoolSizeSet, isMaxOverflowSet } = wanted;
  if (connectionCountOf(wanted) <= connectionCountMax) return { poolSize, maxOverflow };
  const most = connectionCountMax - extraConnections;
  if (most < sizedDownMin || (isPoolSizeSet && isMaxOverflowSet)) return undefined;
  if (isPoolSizeSet) return most < poolSize ? undefined : { poolSize, maxOverflow: most - poolSize };
  if (isMaxOverflowSet) return most <= maxOverflow ? undefined : { poolSize: most - maxOverflow, maxOverflow };
  const base = Math.max(1, Math.floor(most * baseShare));
  return { poolSize: base, maxOverflow: most - base };
}
