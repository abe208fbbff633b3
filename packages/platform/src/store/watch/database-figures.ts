/** The database in figures, as PostgreSQL's statistics tell them: sessions at work, slow statements, how much is read from memory. */

import type { Sql } from "../postgres/sql.ts";
import { hideLiterals, shortened } from "./hide-literals.ts";
import { type Blindness, statementStatistics } from "./statement-statistics.ts";

/** Times are milliseconds. */
export interface SlowStatement {
  readonly query: string;
  readonly mean: number;
  readonly calls: number;
  readonly total: number;
}

export interface DatabaseFigures {
  /** Sessions of this database that run a statement now, without the one that asks. */
  readonly active_connections: number;
  /** How long the statements that run now have run, on average, in milliseconds; null when none runs. */
  readonly avg_query_duration: number | null;
  /** The ten statements with the highest mean time above 1000 ms; null where PostgreSQL keeps no statistics of statements. */
  readonly slow_queries: readonly SlowStatement[] | null;
  /** Hits in % of all blocks of tables that were asked for; null when none was. */
  readonly cache_hit_ratio: number | null;
  /** What these figures leave out, and how to see it. */
  readonly not_seen: readonly Blindness[];
}

const slowMs = 1000;
const slowCountMax = 10;
/** Longer texts are cut before their values are hidden. */
export const textCharsMax = 10_000;

/** For a role without rights too: `not_seen` then says what is missing. */
export async function databaseFigures(sql: Sql): Promise<DatabaseFigures> {
  const activity = `select count(*)::integer as active,
      avg(extract(epoch from clock_timestamp() - query_start))::float8 * 1000 as ms
    from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and state = 'active' and pid <> pg_backend_pid()`;
  const { rows: active } = await sql.query<{ active: number; ms: number | null }>(activity);
  const blocks = `select 100 * sum(heap_blks_hit)::float8 / nullif(sum(heap_blks_hit) + sum(heap_blks_read), 0)::float8 as ratio
    from pg_statio_user_tables`;
  const { rows: hits } = await sql.query<{ ratio: number | null }>(blocks);
  const statistics = await statementStatistics(sql);
  const notSeen = await notSeenOfOthers(sql);
  return {
    active_connections: active[0].active,
    avg_query_duration: active[0].ms,
    slow_queries: statistics.kind === "ready" ? await slowStatements(sql, statistics.view) : null,
    cache_hit_ratio: hits[0].ratio,
    not_seen: statistics.kind === "ready" ? notSeen : [...notSeen, { lost: statistics.lost, remedy: statistics.remedy }],
  };
}

async function slowStatements(sql: Sql, view: string): Promise<readonly SlowStatement[]> {
  // A role without rights sees others' statements without their id.
  const text = `select left(query, ${textCharsMax}) as query, mean_exec_time as mean, calls::float8 as calls, total_exec_time as total
    from ${view} where dbid = (select oid from pg_database where datname = current_database()) and queryid is not null
      and mean_exec_time > $1
    order by mean_exec_time desc, queryid limit $2`;
  const { rows } = await sql.query<SlowStatement>(text, [slowMs, slowCountMax]);
  return rows.map((row) => ({ ...row, query: shortened(hideLiterals(row.query)) }));
}

/** Without these rights PostgreSQL hides what sessions of other roles do. */
export async function notSeenOfOthers(sql: Sql): Promise<readonly Blindness[]> {
  const text = `select pg_has_role('pg_read_all_stats', 'usage') as "seesAll", quote_ident(current_user) as role`;
  const { rows } = await sql.query<{ seesAll: boolean; role: string }>(text);
  const [{ seesAll, role }] = rows;
  if (seesAll) return [];
  return [{ lost: "what other roles do in this database is not seen", remedy: `as a superuser: grant pg_monitor to ${role}` }];
}
