/** How much of our tables is empty space, and how many dead rows they hold, which vacuum lets be used again. */

import { ourTables } from "../schema/our-tables.ts";
import type { Sql } from "../postgres/sql.ts";

export interface TableBloat {
  /** With its schema, quoted where SQL needs it. */
  readonly table: string;
  readonly live_rows: number;
  readonly dead_rows: number;
  /** Without indexes and without values stored apart. */
  readonly size_bytes: number;
  /** What the same rows would take in a new table; null without statistics of its columns (ANALYZE). */
  readonly needed_bytes: number | null;
  /** Share of the size that is empty beyond that, in %; null when it is not known, or nothing is stored. */
  readonly bloat_percent: number | null;
}

/**
 * The largest first. A row has a line pointer of 4 bytes, a header of 23, with a bit for each column where any value is missing, and both
 * parts are aligned to 8; a page has a header of 24. The gaps between columns are left out, so a new table may seem bloated by some percent.
 */
export async function tableBloat(sql: Sql): Promise<readonly TableBloat[]> {
  const oids = (await ourTables(sql)).map(({ oid }) => oid);
  const text = `
    with widths as (
      select a.attrelid, count(*) = count(s.avg_width) as is_known, sum(s.avg_width * (1 - s.null_frac)) as width,
        23 + case when bool_or(s.null_frac > 0) then ceil(count(*) / 8.0) else 0 end as header
      from pg_attribute a join pg_class t on t.oid = a.attrelid join pg_namespace n on n.oid = t.relnamespace
      left join pg_stats s on s.schemaname = n.nspname and s.tablename = t.relname and s.attname = a.attname and not s.inherited
      where a.attrelid = any($1::oid[]) and a.attnum > 0 and not a.attisdropped group by a.attrelid
    ), sizes as (
      select t.oid, t.relnamespace, t.relname, pg_relation_size(t.oid)::float8 as bytes, greatest(t.reltuples, 0) as rows,
        case when w.is_known then 4 + ceil(w.header / 8.0) * 8 + ceil(w.width / 8.0) * 8 end as row_bytes
      from pg_class t join widths w on w.attrelid = t.oid
    ), estimates as (
      select *, 8192 * ceil(rows * row_bytes / 8168) as needed from sizes
    )
    select quote_ident(n.nspname) || '.' || quote_ident(e.relname) as "table", pg_stat_get_live_tuples(e.oid)::float8 as live_rows,
      pg_stat_get_dead_tuples(e.oid)::float8 as dead_rows, bytes as size_bytes, needed::float8 as needed_bytes,
      case when bytes > 0 and needed is not null then greatest(0, 100 * (1 - needed / bytes))::float8 end as bloat_percent
    from estimates e join pg_namespace n on n.oid = e.relnamespace order by bytes desc, e.relname`;
  return (await sql.query<TableBloat>(text, [oids])).rows;
}
