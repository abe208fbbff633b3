/**
 * Builds indexes concurrently, so that nobody waits for them. An interrupted concurrent build leaves an INVALID index behind, which
 * costs every write and serves no read: it is dropped and built again.
 */

import type { Sql } from "../postgres/sql.ts";

export interface IndexSpec {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly string[];
}

interface FoundIndex {
  readonly isValid: boolean;
  readonly table: string;
  readonly columns: readonly string[];
}

/** Not in a transaction. Repeatable. */
export async function ensureIndex(sql: Sql, index: IndexSpec): Promise<void> {
  const found = await findIndex(sql, index.name);
  if (found !== undefined && found.isValid && isAsWanted(found, index)) return;
  if (found !== undefined) await sql.query(`drop index concurrently if exists ${index.name}`);
  await sql.query(`create index concurrently ${index.name} on ${index.table} (${index.columns.join(", ")})`);
}

/**
 * For a partitioned table, which refuses concurrent builds: creates the parent's index alone, then builds and attaches one on each
 * partition. The parent's index becomes valid with the last of them. Not in a transaction. Repeatable.
 * @param lockMsMax how long to wait for the lock on the parent table, while others wait behind it; 0 is no limit.
 */
export async function ensurePartitionedIndex(sql: Sql, index: IndexSpec, lockMsMax = 0): Promise<void> {
  const found = await findIndex(sql, index.name);
  await withLockTimeout(sql, lockMsMax, async () => {
    // Dropping the parent's index drops those of its partitions too.
    if (found !== undefined && !isAsWanted(found, index)) await sql.query(`drop index ${index.name}`);
    await sql.query(`create index if not exists ${index.name} on only ${index.table} (${index.columns.join(", ")})`);
  });
  for (const { partition, attached, isValid } of await partitionsOf(sql, index)) {
    if (attached !== null && isValid === true) continue;
    if (attached !== null) {
      await sql.query(`reindex index concurrently ${attached}`);
      continue;
    }
    const name = `${index.name}_${partition.slice(index.table.length + 1)}`;
    await ensureIndex(sql, { name, table: partition, columns: index.columns });
    await sql.query(`alter index ${index.name} attach partition ${name}`);
  }
  await ensureParentValid(sql, index);
}

/** Only during `work`: a concurrent build waits for every older transaction without keeping others waiting, so it needs no limit. */
async function withLockTimeout(sql: Sql, lockMsMax: number, work: () => Promise<void>): Promise<void> {
  const set = (ms: number) => sql.query(`set lock_timeout = ${ms}`);
  await set(lockMsMax);
  try {
    await work();
  } catch (error) {
    // The caller gets the error of the work; if this statement fails too, the connection is lost.
    await set(0).catch(() => undefined);
    throw error;
  }
  await set(0);
}

/** PostgreSQL marks the parent's index valid on an `attach`, not when an index that is attached already becomes valid. */
async function ensureParentValid(sql: Sql, index: IndexSpec): Promise<void> {
  if ((await findIndex(sql, index.name))?.isValid !== false) return;
  // Attaching an attached index again only makes PostgreSQL check whether all are valid by now.
  const [first] = await partitionsOf(sql, index);
  if (first?.attached !== null) await sql.query(`alter index ${index.name} attach partition ${first.attached}`);
}

async function findIndex(sql: Sql, name: string): Promise<FoundIndex | undefined> {
  const text = `select i.indisvalid as "isValid", t.relname as "table",
      array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality as k(number, place)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number order by k.place) as columns
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
    where c.relname = $1 and c.relnamespace = current_schema()::regnamespace`;
  const { rows } = await sql.query<FoundIndex>(text, [name]);
  return rows.at(0);
}

interface Partition {
  readonly partition: string;
  /** The name of its index that is attached to the parent's. */
  readonly attached: string | null;
  readonly isValid: boolean | null;
}

async function partitionsOf(sql: Sql, { name, table }: IndexSpec): Promise<readonly Partition[]> {
  const text = `select p.relname as partition, x.name as attached, x.valid as "isValid"
    from pg_inherits h join pg_class p on p.oid = h.inhrelid
    left join lateral (
      select c.relname as name, i.indisvalid as valid from pg_index i
      join pg_inherits ih on ih.inhrelid = i.indexrelid and ih.inhparent = to_regclass($2)
      join pg_class c on c.oid = i.indexrelid where i.indrelid = p.oid
    ) x on true
    where h.inhparent = to_regclass($1) order by p.relname`;
  const { rows } = await sql.query<Partition>(text, [table, name]);
  return rows;
}

function isAsWanted(found: FoundIndex, index: IndexSpec): boolean {
  return found.table === index.table && found.columns.join() === index.columns.join();
}
