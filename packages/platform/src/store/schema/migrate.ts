/** Brings the schema up to date: numbered steps, forward only, one process at a time. */

import { setTimeout as sleep } from "node:timers/promises";
import { NomalyError } from "@nomaly/detect";
import type { Connection } from "../postgres/connection.ts";
import { type Migration, migrations } from "./migrations/list.ts";
import { onOwnConnection } from "../postgres/own-connection.ts";
import { ensureResultPartitions } from "./result-partitions.ts";
import type { Sql } from "../postgres/sql.ts";
import { inTransaction, runStatement } from "../postgres/statement.ts";

/** Any number, as long as all our processes use the same. */
const advisoryLock = 7_263_551;
const lockPollMs = 50;
/** Another process may be building indexes over all there is. */
const lockWaitMsMax = 30 * 60_000;

/** @throws NomalyError DATABASE; CONFLICT when the schema is newer than this version of the program; TIMEOUT. */
export async function migrate(url: string): Promise<void> {
  await onOwnConnection(url, "migrations", async (connection) => {
    const sql: Sql = { query: (text, values = []) => runStatement(connection, text, values, {}) };
    await takeLock(sql);
    await sql.query(
      "create table if not exists schema_migrations (number integer primary key, name text not null, applied_at timestamptz not null default now())",
    );
    const { rows } = await sql.query<{ number: number }>("select number from schema_migrations order by number");
    const done = new Set(rows.map(({ number }) => number));
    requireKnown(done);
    for (const migration of migrations) if (!done.has(migration.number)) await run(connection, sql, migration);
    await ensureResultPartitions(connection);
  });
}

/**
 * Asks again and again instead of waiting in the database: a waiting statement has a snapshot, and the concurrent builds of the
 * process that has the lock wait for every older snapshot to end.
 */
async function takeLock(sql: Sql): Promise<void> {
  const deadline = performance.now() + lockWaitMsMax;
  while (performance.now() < deadline) {
    const { rows } = await sql.query<{ taken: boolean }>("select pg_try_advisory_lock($1) as taken", [advisoryLock]);
    if (rows[0].taken) return;
    await sleep(lockPollMs);
  }
  throw new NomalyError("TIMEOUT", `another process has been migrating the database for ${lockWaitMsMax / 60_000} minutes`, {
    field: "database_url",
  });
}

async function run(connection: Connection, sql: Sql, migration: Migration): Promise<void> {
  const { number, name } = migration;
  const text = "insert into schema_migrations (number, name) values ($1, $2)";
  switch (migration.kind) {
    case "transaction":
      return inTransaction(connection, async (inside) => {
        await inside.query(migration.sql);
        await inside.query(text, [number, name]);
      });
    case "repeatable":
      await migration.run(sql);
      await sql.query(text, [number, name]);
  }
}

function requireKnown(done: ReadonlySet<number>): void {
  const known = new Set(migrations.map(({ number }) => number));
  const unknown = [...done].filter((number) => !known.has(number));
  if (unknown.length === 0) return;
  const message = `the database was made by a newer version: it has migration ${unknown.join(", ")}; upgrade this program`;
  throw new NomalyError("CONFLICT", message, { field: "database_url" });
}
