/** How many connections one process opens, and a smaller pool for a server that has fewer to give. */

export interface PoolSizes {
  /** Connections that stay open. */
  readonly poolSize: number;
  /** Further connections, open only while they are needed. */
  readonly maxOverflow: number;
}

export interface WantedSizes extends PoolSizes {
  /** A size that the configuration sets is used as it is, or refused. */
  readonly isPoolSizeSet: boolean;
  readonly isMaxOverflowSet: boolean;
}

/** Beside the pool: listening, cancelling, migrations and upkeep, rebuilding indexes, presence at the embedded database. */
export const extraConnections = 5;
/** The smallest useful pool: a request may need two connections, a job too, and leases are renewed beside them. */
const sizedDownMin = 5;
/** The share of a smaller pool that stays open: the same as in the default pool. */
const baseShare = 20 / 50;

/** The most connections to the database that a process with this pool has open at one time. */
export function connectionCountOf({ poolSize, maxOverflow }: PoolSizes): number {
  return poolSize + maxOverflow + extraConnections;
}

/** The wanted sizes if they fit; else smaller ones if the configuration leaves a size open; else `undefined`. */
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
