/** How far the replicas of the server are behind it. */

import type { Sql } from "../postgres/sql.ts";

export interface ReplicaLag {
  /** As the replica calls itself. */
  readonly application_name: string;
  /** Such as "streaming"; null, as all else, when this role may not see it. */
  readonly state: string | null;
  /** Bytes of the log that it has not replayed yet. */
  readonly bytes_behind: number | null;
  /** How long its last changes took to be replayed; null when it has replayed all, or nothing. */
  readonly lag_ms: number | null;
}

const countMax = 50;

/** Of the replicas that are connected; one that is gone is not listed. */
export async function replicaLag(sql: Sql): Promise<readonly ReplicaLag[]> {
  const text = `select application_name, state,
      pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, replay_lsn)::float8
        as bytes_behind,
      extract(epoch from replay_lag)::float8 * 1000 as lag_ms
    from pg_stat_replication order by application_name, pid limit ${countMax}`;
  return (await sql.query<ReplicaLag>(text)).rows;
}
