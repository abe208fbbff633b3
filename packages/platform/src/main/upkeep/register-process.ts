/** Registers this process in the database, with the number of connections that it may open, and renews the entry while it runs. */

import { hostname } from "node:os";
import { NomalyError } from "@nomaly/detect";
import type { Config } from "../../config/settings.ts";
import type { Log } from "../../services/core/context.ts";
import type { Connection } from "../../store/postgres/connection.ts";
import { type Registered, registerWithinBudget } from "../../store/postgres/connection-budget.ts";
import { isDatabaseAway } from "../../store/postgres/database-error.ts";
import type { OpenDatabase } from "../../store/postgres/open-database.ts";
import { onOwnConnection } from "../../store/postgres/own-connection.ts";
import type { PoolSizes } from "../../store/postgres/pool-sizes.ts";
import { heartbeat, isRegistered, removeProcess } from "../../store/tables/processes.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import { inTransaction, runStatement } from "../../store/postgres/statement.ts";

export interface ProcessToRegister {
  readonly id: string;
  readonly kind: "serve" | "worker";
  readonly url: string;
  readonly config: Config;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
}

export interface RegisteredProcess {
  readonly id: string;
  /** Sizes of the pool: those of the settings, or less where the server has fewer connections left. */
  readonly sizes: PoolSizes;
  /** PostgreSQL shows this name beside each connection of the process. */
  readonly applicationName: string;
  /**
   * Called for each new connection of the pool. Other processes remove the entry of this one when it has not renewed it, because
   * the database was away or the process stood still; then this registers the process again.
   * @throws NomalyError DATABASE when other processes have taken its connections meanwhile.
   */
  readonly admit: (connection: Connection) => Promise<void>;
  /** Renews the entry every 20 s. */
  keep(database: OpenDatabase): { end(): Promise<void> };
}

const heartbeatMs = 20_000;
/** A running process renews its entry within this time, even when it has to find the database again first. */
const patienceMs = heartbeatMs + 10_000;

/** @throws NomalyError CONFIG when the server has too few connections left beside those of the other processes. */
export async function registerThisProcess(given: ProcessToRegister): Promise<RegisteredProcess> {
  const { id, kind, url, config, log, signal } = given;
  const { databaseConnectionReserve: reserve, databasePoolSize: poolSize, databaseMaxOverflow: maxOverflow, isSet } = config;
  const own = { id, kind, host: hostname(), pid: process.pid };
  const name = `${kind} ${id.slice(0, 8)}`;
  const wanted = {
    poolSize,
    maxOverflow,
    isPoolSizeSet: isSet.has("database_pool_size"),
    isMaxOverflowSet: isSet.has("database_max_overflow"),
  };
  const onWait = (processCount: number) =>
    log.warn(
      { processes: processCount, wait_ms: patienceMs },
      "there may be too few database connections: waiting whether processes without a session are still running, as after a restart of the database",
    );
  const first = await onOwnConnection(url, name, (connection) =>
    registerWithinBudget(transactionsOn(connection), { own, sizes: wanted, reserve, patienceMs, onWait, signal }),
  );
  const { sizes } = first;
  tellSizes(wanted, first, log);
  const again = { own, sizes: { ...sizes, isPoolSizeSet: true, isMaxOverflowSet: true }, reserve };
  return {
    id,
    sizes,
    applicationName: `nomaly ${name}`,
    admit: async (connection) => {
      const sql: Sql = { query: (text, values = []) => runStatement(connection, text, values, {}) };
      if (await isRegistered(sql, id)) return;
      await registerWithinBudget(transactionsOn(connection), { ...again, patienceMs: 0 }).catch((error: unknown) =>
        Promise.reject(notAdmitted(error)),
      );
      log.warn({}, "other processes had removed the entry of this process; it is registered again");
    },
    keep(database) {
      let beating: Promise<void> | undefined;
      const ending = new AbortController();
      const { signal: ended } = ending;
      const untilEnd = database.withSignal(ended);
      const beat = async () => {
        try {
          if (!(await heartbeat(untilEnd, id))) await registerWithinBudget(untilEnd, { ...again, patienceMs, signal: ended });
        } catch (error) {
          if (ended.aborted) return;
          // The connection watch logs a lost database; the next beat tries again in any case.
          if (!isDatabaseAway(error)) log.warn({ err: error }, "the entry of this process could not be renewed");
        }
      };
      const timer = setInterval(() => {
        beating ??= beat().finally(() => (beating = undefined));
      }, heartbeatMs);
      timer.unref();
      return {
        end: async () => {
          clearInterval(timer);
          ending.abort();
          // A beat under way could register the process again.
          await beating;
          await removeProcess(database, id);
        },
      };
    },
  };
}

function transactionsOn(connection: Connection): Pick<OpenDatabase, "transaction"> {
  return { transaction: (work) => inTransaction(connection, work) };
}

function tellSizes(wanted: PoolSizes, { sizes, available, claimed, processCount, maxConnections }: Registered, log: Log): void {
  if (sizes.poolSize === wanted.poolSize && sizes.maxOverflow === wanted.maxOverflow) return;
  const numbers = {
    database_pool_size: sizes.poolSize,
    database_max_overflow: sizes.maxOverflow,
    max_connections: maxConnections,
    available,
    claimed,
    processes: processCount,
  };
  const instead = `${wanted.poolSize} + ${wanted.maxOverflow}`;
  log.warn(
    numbers,
    `the pool of database connections is ${sizes.poolSize} + ${sizes.maxOverflow} instead of ${instead}: the server has no connections left beside those of the other processes; raise its max_connections, or set database_pool_size and database_max_overflow`,
  );
}

/** Makes it a DATABASE error, which clients and jobs try again: it passes when another process ends. */
function notAdmitted(error: unknown): unknown {
  if (!(error instanceof NomalyError) || error.code !== "CONFIG") return error;
  const prefix = "other processes have taken the database connections of this process, which had not renewed its entry: ";
  return error.retold({ code: "DATABASE", prefix, field: "database" });
}
