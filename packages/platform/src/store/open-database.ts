/** The database pool: 20 connections that stay, 30 more when needed, each checked before use. All SQL goes through it. */

import { throwIfAborted } from "@nomaly/detect";
import type { Clock, Lease, ResourcePoolStats } from "../pools/resource-pool.ts";
import { createResourcePool } from "../pools/resource-pool.ts";
import { closeConnection, type Connection, isUsable, openConnection } from "./connection.ts";
import { databaseError, isConnectionLost } from "./database-error.ts";
import type { Database, Sql, SqlResult } from "./sql.ts";

export interface DatabaseOptions {
  readonly url: string;
  /** Shown by the server beside each connection; begins with "nomaly". */
  readonly applicationName: string;
  readonly poolSize: number;
  readonly maxOverflow: number;
  readonly acquireTimeoutMs: number;
  readonly recycleMs: number;
  readonly statementTimeoutMs: number;
  readonly clock?: Clock;
}

export interface OpenDatabase extends Database {
  stats(): ResourcePoolStats;
  close(): Promise<void>;
}

const connectTimeoutMs = 10_000;

/** Opens no connection by itself. */
export function openDatabase(options: DatabaseOptions): OpenDatabase {
  const { url, applicationName, statementTimeoutMs, clock } = options;
  const pool = createResourcePool<Connection>({
    name: "database",
    base: options.poolSize,
    overflow: options.maxOverflow,
    acquireTimeoutMs: options.acquireTimeoutMs,
    recycleMs: options.recycleMs,
    open: () => openConnection({ url, applicationName, statementTimeoutMs, connectTimeoutMs }),
    close: closeConnection,
    check: isUsable,
    ...(clock === undefined ? {} : { clock }),
  });

  async function query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<SqlResult<Row>> {
    const lease = await pool.acquire();
    return finishing(lease, () => run<Row>(lease.resource, text, values));
  }

  async function transaction<Value>(work: (sql: Sql) => Promise<Value>): Promise<Value> {
    const lease = await pool.acquire();
    return finishing(lease, () => inTransaction(lease.resource, work));
  }

  const database: OpenDatabase = {
    query,
    transaction,
    get read() {
      return database;
    },
    stats: () => pool.stats(),
    close: () => pool.close(),
  };
  return database;
}

/** Gives the connection back when the work is done, or throws it away when it broke. */
async function finishing<Value>(lease: Lease<Connection>, work: () => Promise<Value>): Promise<Value> {
  try {
    const value = await work();
    lease.release();
    return value;
  } catch (error) {
    lease.release(lease.resource.isDead() || isConnectionLost((error as Error).cause ?? error));
    throw error;
  }
}

async function run<Row extends object>(
  { client }: Connection,
  text: string,
  values: readonly unknown[],
): Promise<SqlResult<Row>> {
  try {
    const { rows, rowCount } = await client.query<Row>(text, [...values]);
    return { rows, rowCount: rowCount ?? 0 };
  } catch (error) {
    throw databaseError(error);
  }
}

export async function inTransaction<Value>(
  connection: Connection,
  work: (sql: Sql) => Promise<Value>,
  signal?: AbortSignal,
): Promise<Value> {
  const sql: Sql = { query: (text, values = []) => run(connection, text, values) };
  await sql.query("begin");
  try {
    const value = await work(sql);
    throwIfAborted(signal);
    await sql.query("commit");
    return value;
  } catch (error) {
    // The error of the work is the one to tell; a connection that cannot roll back is found dead at its next check.
    await sql.query("rollback").catch(() => undefined);
    throw error;
  }
}
