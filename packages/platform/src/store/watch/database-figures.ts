/** What the database does now, for the performance report. */

import type { Sql } from "../postgres/sql.ts";

export interface DatabaseFigures {
  /** Sessions that run a statement now, but for the one that asks. */
  readonly active_connections: number;
  /** How long those statements have run, milliseconds; null when there are none. */
  readonly avg_query_duration: number | null;
  /** Blocks of tables found in memory, of all that were read, percent; null when none were read. */
  readonly cache_hit_ratio: number | null;
}

export async function databaseFigures(sql: Sql): Promise<DatabaseFigures> {
  const text = `select
    (select count(*)::integer from pg_stat_activity
      where datname = current_database() and state = 'active' and pid <> pg_backend_pid()) as active_connections,
    (select avg(extract(epoch from clock_timestamp() - query_start) * 1000)::double precision from pg_stat_activity
      where datname = current_database() and state = 'active' and pid <> pg_backend_pid()) as avg_query_duration,
    (select sum(heap_blks_hit)::double precision * 100 / nullif(sum(heap_blks_hit + heap_blks_read), 0)::double precision
      from pg_statio_user_tables) as cache_hit_ratio`;
  return (await sql.query<DatabaseFigures>(text)).rows[0];
}
