/** Finds our indexes that are missing, INVALID or on other columns, by one query of the catalogue. */

import type { IndexSpec } from "./ensure-index.ts";
import { partitionedIndexes, plainIndexes } from "./migrations/0002-indexes.ts";
import type { Sql } from "../postgres/sql.ts";

export interface IndexFault {
  readonly name: string;
  /** Left over: the index that an interrupted `reindex concurrently` was building or about to drop. */
  readonly kind: "missing" | "invalid" | "on other columns" | "left over";
  /** The index to build; undefined for a left-over one, which is dropped. */
  readonly mend?: { readonly index: IndexSpec; readonly isPartitioned: boolean };
}

interface Found {
  readonly table: string;
  readonly partitionOf: string | null;
  /** `null` for a table without any index. */
  readonly name: string | null;
  readonly isValid: boolean | null;
  /** The partitioned index that it belongs to. */
  readonly parent: string | null;
  readonly columns: readonly string[];
  /** An index of the table is being rebuilt concurrently now, beside its replacement, of which one is always INVALID. */
  readonly isReindexing: boolean;
}

/** PostgreSQL's names for the indexes of a `reindex concurrently`. */
const leftOverName = /_cc(new|old)\d*$/;

export async function indexFaults(sql: Sql): Promise<readonly IndexFault[]> {
  const text = `select t.relname as "table", tp.relname as "partitionOf", c.relname as name, i.indisvalid as "isValid", ip.relname as parent,
      array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality as k(number, place)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number order by k.place) as columns,
      exists (select from pg_stat_progress_create_index p where p.relid = t.oid and p.command = 'REINDEX CONCURRENTLY'
        and p.datname = current_database()) as "isReindexing"
    from pg_class t
    left join pg_inherits th on th.inhrelid = t.oid left join pg_class tp on tp.oid = th.inhparent
    left join pg_index i on i.indrelid = t.oid left join pg_class c on c.oid = i.indexrelid
    left join pg_inherits ih on ih.inhrelid = i.indexrelid left join pg_class ip on ip.oid = ih.inhparent
    where t.relnamespace = current_schema()::regnamespace and t.relkind in ('r', 'p')
      and (t.relname = any($1::text[]) or tp.relname = any($1::text[]))
    order by t.relname, c.relname`;
  const tables = [...new Set([...plainIndexes, ...partitionedIndexes].map(({ table }) => table))];
  const { rows } = await sql.query<Found>(text, [tables]);
  return [
    ...plainIndexes.flatMap((index) => faultOf(index, rows, false)),
    ...partitionedIndexes.flatMap((index) => faultOf(index, rows, true)),
    ...rows.flatMap(({ name, isValid, isReindexing }): IndexFault[] =>
      name !== null && isValid === false && !isReindexing && leftOverName.test(name) ? [{ name, kind: "left over" }] : [],
    ),
  ];
}

/** At most one fault for each index: mending it mends it on all partitions. */
function faultOf(index: IndexSpec, rows: readonly Found[], isPartitioned: boolean): readonly IndexFault[] {
  const mend = { index, isPartitioned };
  const own = rows.find(({ name }) => name === index.name);
  if (own === undefined) return [{ name: index.name, kind: "missing", mend }];
  if (own.table !== index.table || own.columns.join() !== index.columns.join()) {
    return [{ name: index.name, kind: "on other columns", mend }];
  }
  const attached = rows.filter(({ parent }) => parent === index.name);
  const broken = attached.find(({ isValid }) => isValid === false);
  if (broken !== undefined) return [{ name: broken.name ?? index.name, kind: "invalid", mend }];
  // An index on a partitioned table is valid only when all partitions have theirs.
  if (own.isValid !== true) return [{ name: index.name, kind: "invalid", mend }];
  const partitions = rows.filter(({ partitionOf }) => partitionOf === index.table).map(({ table }) => table);
  const lacking = isPartitioned && new Set(partitions).size !== attached.length;
  return lacking ? [{ name: index.name, kind: "missing", mend }] : [];
}
