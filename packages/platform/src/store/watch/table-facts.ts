/** What the catalogue knows of the tables in plans: rows, columns, and the indexes that exist. */

import type { Sql } from "../postgres/sql.ts";
import { nodesOf, type PlanNode } from "./plan-nodes.ts";

export interface TableFacts {
  readonly schema: string;
  readonly name: string;
  /** With its schema, quoted where SQL needs it. */
  readonly quoted: string;
  /** The partitioned table that it belongs to, else itself. */
  readonly root: string;
  readonly rowCount: number;
  readonly varcharColumns: readonly string[];
  /** How many different values a column has, where ANALYZE has counted them and this role may read them. */
  readonly distinctCounts: Readonly<Record<string, number>>;
  /** Of valid indexes on all rows that serve comparisons: the columns in order; null for an expression. */
  readonly indexes: readonly (readonly (string | null)[])[];
}

export type FindTable = (node: PlanNode) => TableFacts | undefined;

const tableCountMax = 200;

export async function tableFacts(sql: Pick<Sql, "query">, plans: readonly (PlanNode | string)[]): Promise<FindTable> {
  const named = new Map<string, { schema: string; name: string }>();
  for (const plan of plans) {
    if (typeof plan === "string") continue;
    for (const { Schema: schema, "Relation Name": name } of nodesOf(plan)) {
      if (schema !== undefined && name !== undefined && named.size < tableCountMax)
        named.set(keyOf(schema, name), { schema, name });
    }
  }
  const text = `select n.nspname as schema, c.relname as name, format('%I.%I', n.nspname, c.relname) as quoted,
      (select quote_ident(rn.nspname) || '.' || quote_ident(r.relname) from pg_class r join pg_namespace rn on rn.oid = r.relnamespace
        where r.oid = coalesce(pg_partition_root(c.oid), c.oid)) as root,
      greatest(c.reltuples, pg_stat_get_live_tuples(c.oid))::float8 as "rowCount",
      array(select quote_ident(a.attname) from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and a.atttypid = 'varchar'::regtype) as "varcharColumns",
      coalesce((select json_object_agg(quote_ident(s.attname),
          case when s.n_distinct < 0 then -s.n_distinct * greatest(c.reltuples, 0) else s.n_distinct end)
        from pg_stats s where s.schemaname = n.nspname and s.tablename = c.relname and not s.inherited), '{}') as "distinctCounts",
      coalesce((select json_agg((select json_agg(quote_ident(a.attname) order by k.place)
            from unnest(i.indkey::int2[]) with ordinality as k(number, place)
            left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number and k.number <> 0
            where k.place <= i.indnkeyatts))
        from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_am am on am.oid = ic.relam
        where i.indrelid = c.oid and i.indisvalid and i.indpred is null and am.amname in ('btree', 'hash', 'brin')), '[]') as indexes
    from unnest($1::text[], $2::text[]) as asked(schema, name)
    join pg_namespace n on n.nspname = asked.schema join pg_class c on c.relnamespace = n.oid and c.relname = asked.name`;
  const asked = [...named.values()];
  const { rows } = await sql.query<TableFacts>(text, [asked.map(({ schema }) => schema), asked.map(({ name }) => name)]);
  const found = new Map(rows.map((row) => [keyOf(row.schema, row.name), row]));
  return ({ Schema: schema, "Relation Name": name }) => found.get(keyOf(schema ?? "", name ?? ""));
}

function keyOf(schema: string, name: string): string {
  return JSON.stringify([schema, name]);
}
