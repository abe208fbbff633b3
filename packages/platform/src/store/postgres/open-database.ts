/** Opens the database: a pool of connections to the primary, each checked before use, and a pool to the replica where there is one. */

import { NomalyError } from "@nomaly/detect";
import { resourcePoolMetrics } from "../../pools/resource-pool.ts";
import type { Announcement } from "../tables/cache-invalidations.ts";
import { type ConnectionPool, type ConnectionPoolOptions, createConnectionPool } from "./connection-pool.ts";
import { isConnectionLost } from "./database-error.ts";
import { type Replica, replicaMetrics, watchReplica } from "./replica.ts";
import type { Announced, Database, Sql, SqlResult } from "./sql.ts";
import { statementMetrics } from "./statement-counts.ts";
import { optional, type StatsOf } from "../../watch/metric-kinds.ts";

export interface DatabaseOptions extends Omit<ConnectionPoolOptions, "name" | "afterWrite"> {
  readonly replicaUrl?: string | undefined;
  /** Replaces a DATABASE error by one that says more about the cause. */
  readonly explain?: ((error: NomalyError) => NomalyError) | undefined;
  /** Called for each transaction with announcements, after its commit and before its caller goes on. Never rejects. */
  readonly onCommitted?: ((announcement: Announcement) => Promise<unknown>) | undefined;
}

const poolMetrics = { pool: resourcePoolMetrics, statements: statementMetrics };
export const databaseMetrics = { ...poolMetrics, replica: optional({ ...replicaMetrics, ...poolMetrics }) };
export type DatabaseStats = StatsOf<typeof databaseMetrics>;

export interface OpenDatabase extends Database {
  stats(): DatabaseStats;
  /**
   * To be called when this process hears that another has committed a write: its next reads may fill a cache that the other has
   * just emptied, so they must not come from a replica that lacks that write. Does nothing without a replica.
   */
  heardOfWrite(): void;
  /** Checks the replica now instead of within a second. Does nothing without a replica. */
  probeReplica(): Promise<void>;
  close(): Promise<void>;
}

/** Opens connections to the primary only when they are needed; one to the replica at once, to check it. */
export function openDatabase(options: DatabaseOptions): OpenDatabase {
  const { replicaUrl, explain, onCommitted, ...shared } = options;
  let watch: Replica | undefined;
  const afterWrite = replicaUrl === undefined ? undefined : async (sql: Sql) => watch?.noteWrite(sql);
  const primary = createConnectionPool({ ...shared, name: "database", afterWrite });
  let replica: ConnectionPool | undefined;
  if (replicaUrl !== undefined) {
    replica = createConnectionPool({ ...shared, url: replicaUrl, name: "database replica", admit: undefined });
    watch = watchReplica({ primary, replica, clock: options.clock });
  }

  async function read<Row extends object>(
    text: string,
    values: readonly unknown[],
    signal: AbortSignal | undefined,
  ): Promise<SqlResult<Row>> {
    if (watch === undefined || replica === undefined || !watch.take()) return readTwice(primary, text, values, signal);
    const either = signal === undefined ? watch.signal() : AbortSignal.any([signal, watch.signal()]);
    try {
      return await replica.query<Row>(text, values, either);
    } catch (error) {
      if (signal?.aborted === true || !isFaultOfServer(error)) throw error;
      watch.failed(error);
      return readTwice(primary, text, values, signal);
    }
  }

  async function transaction<Value>(work: (sql: Sql) => Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
    let announced: Announced | undefined;
    const value = await primary.transaction((sql) => work(sql).finally(() => ({ announced } = sql)), signal);
    if (announced !== undefined && announced.tags.size > 0) await onCommitted?.({ ...announced, tags: [...announced.tags] });
    return value;
  }

  async function explained<Value>(asked: Promise<Value>): Promise<Value> {
    if (explain === undefined) return asked;
    try {
      return await asked;
    } catch (error) {
      throw error instanceof NomalyError && error.code === "DATABASE" ? explain(error) : error;
    }
  }

  function forCaller(signal: AbortSignal | undefined): Database {
    return {
      query: (text, values = []) => explained(primary.query(text, values, signal)),
      transaction: (work) => explained(transaction(work, signal)),
      read: { query: (text, values = []) => explained(read(text, values, signal)) },
      withSignal: forCaller,
    };
  }

  return {
    ...forCaller(undefined),
    stats: () => ({
      ...primary.stats(),
      replica: watch === undefined || replica === undefined ? undefined : { ...watch.stats(), ...replica.stats() },
    }),
    heardOfWrite: () => watch?.noteForeignWrite(),
    probeReplica: async () => watch?.probe(),
    async close() {
      await watch?.close();
      await replica?.close();
      await primary.close();
    },
  };
}

/** True for errors that the same read may not meet on another server. */
function isFaultOfServer(error: unknown): boolean {
  return ["DATABASE", "POOL_TIMEOUT", "ABORTED"].includes((error as NomalyError).code);
}

/** Sends a read again, once, when its connection is lost: a read changes nothing, so that is safe. */
async function readTwice<Row extends object>(
  pool: ConnectionPool,
  text: string,
  values: readonly unknown[],
  signal: AbortSignal | undefined,
): Promise<SqlResult<Row>> {
  try {
    return await pool.query<Row>(text, values, signal);
  } catch (error) {
    const { code, cause } = error as NomalyError;
    if (signal?.aborted === true || code !== "DATABASE" || !isConnectionLost(cause)) throw error;
    pool.counts.retries++;
    return pool.query<Row>(text, values, signal);
  }
}
