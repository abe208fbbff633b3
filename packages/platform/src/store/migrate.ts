/** Brings the schema up to date: numbered steps, forward only, one process at a time. */

import { NomalyError } from "@nomaly/detect";
import { closeConnection, openConnection } from "./connection.ts";
import { databaseError } from "./database-error.ts";
import { type Migration, migrations } from "./migrations/list.ts";
import { inTransaction } from "./statement.ts";

/** Any number, as long as all our processes use the same. */
const advisoryLock = 7_263_551;

/** @throws NomalyError DATABASE; CONFLICT when the schema is newer than this version of the program. */
export async function migrate(url: string): Promise<void> {
  const connection = await openConnection({
    url,
    applicationName: "nomaly migrations",
    statementTimeoutMs: 0,
    connectTimeoutMs: 10_000,
  });
  const { client } = connection;
  try {
    await client.query("select pg_advisory_lock($1)", [advisoryLock]);
    await client.query(
      "create table if not exists schema_migrations (number integer primary key, name text not null, applied_at timestamptz not null default now())",
    );
    const { rows } = await client.query<{ number: number }>("select number from schema_migrations order by number");
    const done = new Set(rows.map(({ number }) => number));
    requireKnown(done);
    for (const migration of migrations) {
      if (done.has(migration.number)) continue;
      await inTransaction(connection, async (sql) => {
        await sql.query(migration.sql);
        await sql.query("insert into schema_migrations (number, name) values ($1, $2)", [migration.number, migration.name]);
      });
    }
  } catch (error) {
    throw databaseError(error);
  } finally {
    await closeConnection(connection);
  }
}

function requireKnown(done: ReadonlySet<number>): void {
  const known = new Set(migrations.map(({ number }: Migration) => number));
  const unknown = [...done].filter((number) => !known.has(number));
  if (unknown.length === 0) return;
  const message = `the database was made by a newer version: it has migration ${unknown.join(", ")}; upgrade this program`;
  throw new NomalyError("CONFLICT", message, { field: "database_url" });
}
