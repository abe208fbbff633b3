/** A PostgreSQL of the test's own that keeps statistics of statements, and plain access to it. */

import { onOwnConnection } from "../../src/store/postgres/own-connection.ts";
import type { Sql } from "../../src/store/postgres/sql.ts";
import { sqlOn } from "../../src/store/postgres/statement.ts";
import { startTestServer, type TestServer, withClient } from "./postgres.ts";

/** @param extra Further settings, as in `name=value`. */
export function watchedServer(extra: readonly string[] = []): Promise<TestServer> {
  return startTestServer(["shared_preload_libraries=pg_stat_statements", "autovacuum=off", ...extra]);
}

export function withSql<Value>(url: string, work: (sql: Sql) => Promise<Value>): Promise<Value> {
  return onOwnConnection(url, "watch test", (connection) => work(sqlOn(connection)));
}

/** The address of the same database for a new role that may only connect. */
export async function modestUrl(url: string, name: string): Promise<string> {
  await withClient(url, (client) => client.query(`create role "${name}" login password 'modest'`));
  return Object.assign(new URL(url), { username: name, password: "modest" }).href;
}
