/** Statements and transactions over the pool of connections to one server. */

import { type Clock, createResourcePool, type Lease, type ResourcePoolStats } from "../../pools/resource-pool.ts";
import { countsOf } from "../../watch/metric-kinds.ts";
import { createCanceller } from "./cancel.ts";
import { closeConnection, type Connection, openConnection } from "./connection.ts";
import type { Sql, SqlResult } from "./sql.ts";
import { inTransaction, isUsable, runStatement, sqlOn } from "./statement.ts";
import { type StatementCounts, statementMetrics, type StatementStats } from "./statement-counts.ts";

export interface ConnectionPoolOptions {
  /** For error messages, such as "database". */
  readonly name: string;
  readonly url: string;
  /** The server shows it beside each connection; it begins with "nomaly". */
  readonly applicationName: string;
  readonly poolSize: number;
  readonly maxOverflow: number;
  readonly acquireTimeoutMs: number;
  readonly recycleMs: number;
  readonly statementTimeoutMs: number;
  readonly clock?: Clock | undefined;
  /** Called with each new connection before its first use; by rejecting it refuses the connection. */
  readonly admit?: ((connection: Connection) => Promise<void>) | undefined;
  /** Called on the same connection after a statement or transaction that may have written. Never rejects. */
  readonly afterWrite?: ((sql: Sql) => Promise<void>) | undefined;
}

export interface ConnectionPool {
  query<Row extends object>(text: string, values: readonly unknown[], signal?: AbortSignal): Promise<SqlResult<Row>>;
  transaction<Value>(work: (sql: Sql) => Promise<Value>, signal?: AbortSignal): Promise<Value>;
  readonly counts: StatementCounts;
  stats(): { readonly pool: ResourcePoolStats; readonly statements: StatementStats };
  close(): Promise<void>;
}

const connectTimeoutMsMax = 10_000;

/** Opens connections only when they are needed. */
export function createConnectionPool(options: ConnectionPoolOptions): ConnectionPool {
  const { name, url, applicationName, statementTimeoutMs, clock, admit, afterWrite } = options;
  if (!applicationName.startsWith("nomaly")) throw new Error(`internal: connections are named nomaly, not ${applicationName}`);
  const counts = countsOf(statementMetrics);
  const connectTimeoutMs = Math.min(connectTimeoutMsMax, options.acquireTimeoutMs);
  const settings = { url, applicationName, statementTimeoutMs, connectTimeoutMs };
  const canceller = createCanceller(settings);
  const pool = createResourcePool<Connection>({
    name,
    base: options.poolSize,
    overflow: options.maxOverflow,
    acquireTimeoutMs: options.acquireTimeoutMs,
    recycleMs: options.recycleMs,
    open: async () => {
      const opened = await openConnection({ ...settings, cancel: canceller.cancel });
      try {
        await admit?.(opened);
        return opened;
      } catch (error) {
        opened.destroy();
        throw error;
      }
    },
    close: closeConnection,
    check: isUsable,
    ...(clock === undefined ? {} : { clock }),
  });

  async function withConnection<Value>(
    signal: AbortSignal | undefined,
    work: (connection: Connection) => Promise<Value>,
  ): Promise<Value> {
    const lease = await pool.acquire(signal);
    try {
      return await work(lease.resource);
    } finally {
      giveBack(lease);
    }
  }

  return {
    query: <Row extends object>(text: string, values: readonly unknown[], signal?: AbortSignal) =>
      withConnection(signal, async (connection) => {
        const result = await runStatement<Row>(connection, text, values, { signal, counts });
        if (afterWrite !== undefined && !onlyReads(text)) await afterWrite(sqlOn(connection));
        return result;
      }),
    transaction: (work, signal) =>
      withConnection(signal, async (connection) => {
        const value = await inTransaction(connection, work, { signal, counts });
        await afterWrite?.(sqlOn(connection));
        return value;
      }),
    counts,
    stats: () => ({ pool: pool.stats(), statements: { ...counts } }),
    close: async () => {
      await pool.close();
      await canceller.close();
    },
  };
}

/** The pool destroys the connection when it is dead or somebody left a transaction open on it. */
function giveBack(lease: Lease<Connection>): void {
  const { resource } = lease;
  lease.release(resource.isDead() || resource.client.getTransactionStatus() !== "I");
}

/** Errs on the side of writing. Of our selects only `add_to_request_count` writes, whose rows are not read from a replica. */
function onlyReads(text: string): boolean {
  return /^\s*select\b/i.test(text);
}
