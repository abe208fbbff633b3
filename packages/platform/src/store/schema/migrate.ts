/** Brings the database schema up to date by numbered migrations, forward only, one process at a time. */

import { NomalyError } from "@nomaly/detect";
import { takeLock } from "../postgres/advisory-locks.ts";
import type { Connection } from "../postgres/connection.ts";
import { type Migration, migrations } from "./migrations/list.ts";
import { onOwnConnection } from "../postgres/own-connection.ts";
import { ensureResultPartitions } from "./result-partitions.ts";
import type { Sql } from "../postgres/sql.ts";
import { createStatementStatistics } from "../watch/statement-statistics.ts";
import { inTransaction, sqlOn } from "../postgres/statement.ts";

/** Another process may be building indexes over large tables. */
const lockWaitMsMax = 30 * 60_000;

/** @throws NomalyError DATABASE; CONFLICT when the schema is newer than this version of the program; TIMEOUT. */
export async function migrate(url: string): Promise<void> {
  await onOwnConnection(url, "migrations", async (connection) => {
    const sql = sqlOn(connection);
    if (!(await takeLock(sql, "migrations", lockWaitMsMax))) throw lockedTooLong();
    await sql.query(
      "create table if not exists schema_migrations (number integer primary key, name text not null, applied_at timestamptz not null default now())",
    );
    const { rows } = await sql.query<{ number: number }>("select number from schema_migrations order by number");
    const done = new Set(rows.map(({ number }) => number));
    requireKnown(done);
    for (const migration of migrations) if (!done.has(migration.number)) await run(connection, sql, migration);
    await ensureResultPartitions(connection);
    await createStatementStatistics(sql);
  });
}

function lockedTooLong(): NomalyError {
  const message = `another process has been migrating the database for ${lockWaitMsMax / 60_000} minutes`;
  return new NomalyError("TIMEOUT", message, { field: "database_url" });
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
