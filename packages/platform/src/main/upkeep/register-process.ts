/** Says to all others that this process is there and how many connections it may open, for as long as it runs. */

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
  /** Of its pool: what the settings say, or less where the server has less to give. */
  readonly sizes: PoolSizes;
  /** Shown by the server beside each of its connections. */
  readonly applicationName: string;
  /**
   * For each new connection of the pool: others may have taken this process for gone, while the database was away or the process
   * stood still. Then it is counted again first.
   * @throws NomalyError DATABASE when others have taken its place meanwhile.
   */
  readonly admit: (connection: Connection) => Promise<void>;
  /** Gives a sign of life now and then. */
  keep(database: OpenDatabase): { end(): Promise<void> };
}

const heartbeatMs = 20_000;
/** A sign of life is due in this time, also of a process that has to find the database again first. */
const patienceMs = heartbeatMs + 10_000;

/** @throws NomalyError CONFIG when its connections do not fit beside those of the others. */
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
      "there may be too few database connections: waiting for a sign of processes that have no session now, as after a restart of the database",
    );
  const first = await onOwnConnection(url, name, (connection) =>
    registerWithinBudget(transactionsOn(connection), { own, sizes: wanted, reserve, patienceMs, onWait, signal }),
  );
  const { sizes } = first;
  tellSizes(wanted, first, log);
  const again = { own, sizes: { ...sizes, isPoolSizeSet: true, isMaxOverflowSet: true }, reserve };
  return {
    sizes,
    applicationName: `nomaly ${name}`,
    admit: async (connection) => {
      const sql: Sql = { query: (text, values = []) => runStatement(connection, text, values, {}) };
      if (await isRegistered(sql, id)) return;
      await registerWithinBudget(transactionsOn(connection), { ...again, patienceMs: 0 }).catch((error: unknown) =>
        Promise.reject(notAdmitted(error)),
      );
      log.warn({}, "this process had been taken for gone; its connections are counted again");
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
          // Others have this process's place, or the database is away, which is said elsewhere: the next beat tries again.
          if (!isDatabaseAway(error)) log.warn({ err: error }, "the database did not take the sign of life");
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
          // It would count this process again.
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
    `the pool of database connections is ${sizes.poolSize} + ${sizes.maxOverflow} instead of ${instead}: the server has no more to give beside the other processes; raise its max_connections, or set database_pool_size and database_max_overflow`,
  );
}

/** Passes when another process ends: the client, or the job, comes again. */
function notAdmitted(error: unknown): unknown {
  if (!(error instanceof NomalyError) || error.code !== "CONFIG") return error;
  const prefix = "other processes have taken the database connections of this one, which they took for gone: ";
  return error.retold({ code: "DATABASE", prefix, field: "database" });
}
