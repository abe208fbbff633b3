/** Makes a database for tests of jobs, with a table of what handlers did and a table of gates for which they wait. */

import { openDatabase, type OpenDatabase } from "../../src/store/postgres/open-database.ts";
import type { Sql } from "../../src/store/postgres/sql.ts";
import type { TestDatabase } from "./postgres.ts";

/** @returns its address. */
export async function createJobDatabase(server: TestDatabase): Promise<string> {
  const url = await server.createDatabase();
  const database = openTestDatabase(url);
  await database.query(
    "create table runs (at timestamptz default clock_timestamp(), pid int, job_id uuid, attempt int, event text)",
  );
  await database.query("create table effects (job_id uuid)");
  await database.query("create table gates (name text primary key)");
  await database.close();
  return url;
}

export function openTestDatabase(url: string): OpenDatabase {
  return openDatabase({
    url,
    applicationName: "nomaly test",
    poolSize: 5,
    maxOverflow: 5,
    acquireTimeoutMs: 5000,
    recycleMs: 3_600_000,
    statementTimeoutMs: 60_000,
  });
}

/** Removes all jobs and what handlers wrote. */
export async function forgetJobs(sql: Sql): Promise<void> {
  await sql.query("delete from pgboss.job");
  await sql.query("delete from runs");
  await sql.query("delete from effects");
  await sql.query("delete from gates");
}
