/** Indexes of our tables that no statement has used: each costs every write. */

import { ourTables } from "../schema/our-tables.ts";
import type { Sql } from "../postgres/sql.ts";

export interface UnusedIndex {
  /** With its schema, quoted where SQL needs it. */
  readonly index: string;
  readonly size_bytes: number;
}

export interface UnusedIndexes {
  readonly unused: readonly UnusedIndex[];
  /** Since when PostgreSQL counts; null: since the database was made, or a crash. Reads of a replica count there, not here. */
  readonly counted_since: Date | null;
}

/** A smaller one costs little. */
const sizeBytesMin = 1024 ** 2;
const countMax = 50;

/** The largest first. Without those that keep values unique. */
export async function unusedIndexes(sql: Sql): Promise<UnusedIndexes> {
  const oids = (await ourTables(sql)).map(({ oid }) => oid);
  const text = `select quote_ident(s.schemaname) || '.' || quote_ident(s.indexrelname) as index,
      pg_relation_size(s.indexrelid)::float8 as size_bytes
    from pg_stat_user_indexes s join pg_index i on i.indexrelid = s.indexrelid
    where s.relid = any($1::oid[]) and s.idx_scan = 0 and not i.indisunique and i.indisvalid and pg_relation_size(s.indexrelid) >= $2
    order by size_bytes desc, index limit $3`;
  const { rows: unused } = await sql.query<UnusedIndex>(text, [oids, sizeBytesMin, countMax]);
  const since = "select stats_reset as since from pg_stat_database where datname = current_database()";
  const { rows } = await sql.query<{ since: Date | null }>(since);
  return { unused, counted_since: rows[0]?.since ?? null };
}
