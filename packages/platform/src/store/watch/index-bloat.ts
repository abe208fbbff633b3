/** How much of our indexes is empty space, estimated from the widths of their columns: reading all their pages would tell, but cost. */

import { ourTables } from "../schema/our-tables.ts";
import type { Sql } from "../postgres/sql.ts";

export interface IndexBloat {
  /** With its schema, quoted where SQL needs it. */
  readonly index: string;
  readonly table: string;
  readonly size_bytes: number;
  /** What the same entries would take in a new index; null without statistics of its columns (ANALYZE). */
  readonly needed_bytes: number | null;
  /** Share of the size that is empty beyond that, in %; null when it is not known, or nothing is stored. */
  readonly bloat_percent: number | null;
}

/**
 * B-tree indexes of our tables, the largest first. An entry has a header of 8 bytes, a line pointer of 4 and its key, aligned to 8; a new
 * page has 24 bytes of header, 16 of links, and is filled to 90 %. Equal keys share an entry, with 6 bytes a row;
 * of several columns there are at most as many different keys as the product of their different values.
 */
export async function indexBloat(sql: Sql): Promise<readonly IndexBloat[]> {
  const oids = (await ourTables(sql)).map(({ oid }) => oid);
  const text = `
    with keys as (
      select i.indexrelid, count(*) = count(s.avg_width) as is_known, sum(s.avg_width) as width,
        case when not bool_or(i.indisunique) then exp(sum(ln(greatest(1,
          case when s.n_distinct < 0 then -s.n_distinct * t.reltuples else s.n_distinct end)))) end as distinct_count
      from pg_index i join pg_class t on t.oid = i.indrelid join pg_namespace n on n.oid = t.relnamespace
      cross join unnest(i.indkey::int2[]) as k(number)
      left join pg_attribute a on a.attrelid = t.oid and a.attnum = k.number and k.number <> 0
      left join pg_stats s on s.schemaname = n.nspname and s.tablename = t.relname and s.attname = a.attname and not s.inherited
      where i.indrelid = any($1::oid[]) and i.indpred is null group by i.indexrelid
    ), sizes as (
      select c.oid, c.relnamespace, c.relname, i.indrelid, pg_relation_size(c.oid)::float8 as bytes, greatest(c.reltuples, 0) as entries,
        k.is_known, 12 + ceil(k.width / 8.0) * 8 as entry_bytes, k.distinct_count
      from keys k join pg_class c on c.oid = k.indexrelid join pg_index i on i.indexrelid = c.oid join pg_am am on am.oid = c.relam
      where am.amname = 'btree' and c.relkind = 'i' and i.indisvalid
    ), estimates as (
      select *, case when is_known then 8192 * (1 + ceil(1.01 * least(entries * entry_bytes,
        coalesce(distinct_count * entry_bytes + entries * 6, 'infinity')) / (8152 * 0.9))) end as needed from sizes
    )
    select quote_ident(n.nspname) || '.' || quote_ident(e.relname) as index, e.indrelid::regclass::text as "table",
      bytes as size_bytes, needed::float8 as needed_bytes,
      case when bytes > 0 and needed is not null then greatest(0, 100 * (1 - needed / bytes))::float8 end as bloat_percent
    from estimates e join pg_namespace n on n.oid = e.relnamespace order by bytes desc, e.relname`;
  return (await sql.query<IndexBloat>(text, [oids])).rows;
}
