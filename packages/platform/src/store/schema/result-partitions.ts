/** Makes the monthly partitions of `detection_results` ahead, and removes old results with their partitions. */

import { lockInTransaction } from "../postgres/advisory-locks.ts";
import type { Connection } from "../postgres/connection.ts";
import { isLockConflict } from "../postgres/database-error.ts";
import type { Sql } from "../postgres/sql.ts";
import { inTransaction } from "../postgres/statement.ts";

const table = "detection_results";
/** This month and the next two. */
const monthsAhead = 3;
const scaleFactor = 0.05;
/** Others wait behind a statement that waits for a table lock: after this it gives up until the next maintenance. */
const lockTimeoutMs = 2_000;

export interface Month {
  readonly partition: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Makes the missing partitions and moves the rows of their months from the default partition into them. A month whose tables are
 * locked for long is left to the next call: until then its rows go to the default partition.
 */
export async function ensureResultPartitions(
  connection: Connection,
  signal?: AbortSignal,
  now: Date = new Date(),
): Promise<readonly string[]> {
  const made: string[] = [];
  for (let ahead = 0; ahead < monthsAhead; ahead++) {
    const month = monthOf(now, ahead);
    try {
      const isNew = await inTransaction(connection, (sql) => makePartition(sql, month), { signal });
      if (isNew) made.push(month.partition);
    } catch (error) {
      if (!isLockConflict(error)) throw error;
      break;
    }
  }
  return made;
}

async function makePartition(sql: Sql, { partition, from, to }: Month): Promise<boolean> {
  if (await isThere(sql, partition)) return false;
  await sql.query(`set local lock_timeout = ${lockTimeoutMs}`);
  await lockInTransaction(sql, "partitions");
  if (await isThere(sql, partition)) return false;
  // The lock makes writers wait at the parent: PostgreSQL would refuse a row of this month once it is on its way to the default partition.
  await sql.query(`
    lock table only ${table} in share row exclusive mode;
    create table ${partition} (like ${table} including defaults including constraints including storage)
      with (autovacuum_vacuum_scale_factor = ${scaleFactor});
    with moved as (delete from ${table}_default where created_at >= '${from}' and created_at < '${to}' returning *)
      insert into ${partition} select * from moved;
    alter table ${table} attach partition ${partition} for values from ('${from}') to ('${to}')`);
  return true;
}

async function isThere(sql: Sql, partition: string): Promise<boolean> {
  // Not to_regclass: within one transaction it may answer from its cache, from before the wait for the lock.
  const text = "select from pg_class where relname = $1 and relnamespace = current_schema()::regnamespace";
  return (await sql.query(text, [partition])).rowCount > 0;
}

export function monthOf(now: Date, ahead: number): Month {
  const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1));
  const next = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead + 1, 1));
  const [year, month] = first.toISOString().split("-");
  return { partition: `${table}_${year}_${month}`, from: first.toISOString(), to: next.toISOString() };
}

export interface RetentionOutcome {
  readonly droppedPartitions: readonly string[];
  readonly deletedRows: number;
}

const rowsPerStatement = 1000;

/** Removes older results: drops whole months, deletes the other rows. Schedules their blobs for removal. */
export async function removeOldResults(
  connection: Connection,
  retentionDays: number,
  signal?: AbortSignal,
  now: Date = new Date(),
): Promise<RetentionOutcome> {
  const cutoff = new Date(now.getTime() - retentionDays * 86_400_000);
  const droppedPartitions: string[] = [];
  for (const partition of await inTransaction(connection, monthPartitions, { signal })) {
    const [year, month] = partition.slice(table.length + 1).split("_");
    if (Date.UTC(Number(year), Number(month), 1) > cutoff.getTime()) continue;
    await inTransaction(connection, (sql) => dropPartition(sql, partition), { signal });
    droppedPartitions.push(partition);
  }
  let deletedRows = 0;
  for (let count = rowsPerStatement; count === rowsPerStatement; deletedRows += count) {
    count = await inTransaction(connection, (sql) => deleteOldRows(sql, cutoff), { signal });
  }
  return { droppedPartitions, deletedRows };
}

async function monthPartitions(sql: Sql): Promise<readonly string[]> {
  const text = `select c.relname as partition from pg_inherits h join pg_class c on c.oid = h.inhrelid
    where h.inhparent = to_regclass($1) and c.relname ~ '_[0-9]{4,}_[0-9]{2}$' order by c.relname`;
  const { rows } = await sql.query<{ partition: string }>(text, [table]);
  return rows.map(({ partition }) => partition);
}

async function dropPartition(sql: Sql, partition: string): Promise<void> {
  await sql.query(`set local lock_timeout = ${lockTimeoutMs}`);
  // Lock before gathering the blobs: a late insert into this month waits, and then goes to the default partition.
  await sql.query(`lock table only ${table} in access exclusive mode`);
  await sql.query(`insert into blob_removals (blob_key) select blob_key from ${partition} where blob_key is not null
    on conflict (blob_key) do nothing`);
  // No trigger counts a dropped table.
  await sql.query(`insert into stored_bytes as present (kind, shard, n, bytes)
    select 'result', 0, -count(*), -sum(size_bytes) from ${partition} having count(*) > 0
    on conflict (kind, shard) do update set n = present.n + excluded.n, bytes = present.bytes + excluded.bytes`);
  await sql.query(`drop table ${partition}`);
}

async function deleteOldRows(sql: Sql, cutoff: Date): Promise<number> {
  const text = `with old as (
      select id, created_at from ${table} where created_at < $1 order by created_at limit $2
    ), gone as (
      delete from ${table} r using old where r.id = old.id and r.created_at = old.created_at and r.created_at < $1 returning r.blob_key
    ), kept as (
      insert into blob_removals (blob_key) select blob_key from gone where blob_key is not null on conflict (blob_key) do nothing
    )
    select count(*)::integer as count from gone`;
  const { rows } = await sql.query<{ count: number }>(text, [cutoff, rowsPerStatement]);
  return rows[0].count;
}
