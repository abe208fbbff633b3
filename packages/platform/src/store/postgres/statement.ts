/** Runs one statement, or one transaction, on a connection: bounded in time, cancelled with its caller, counted. */

import { randomUUID } from "node:crypto";
import { NomalyError, throwIfAborted } from "@nomaly/detect";
import type { Client } from "pg";
import { cancelMsMax, createCanceller } from "./cancel.ts";
import type { Connection } from "./connection.ts";
import { databaseError, isConnectionLost } from "./database-error.ts";
import type { Sql, SqlResult } from "./sql.ts";
import { countStatement, type StatementCounts } from "./statement-counts.ts";

export interface StatementContext {
  readonly signal?: AbortSignal | undefined;
  readonly counts?: StatementCounts | undefined;
}

/** The server ends a statement at its time limit; a connection that is silent for this much longer is destroyed. */
const graceMs = 5_000;
const checkMsMax = 5_000;

export async function runStatement<Row extends object>(
  connection: Connection,
  text: string,
  values: readonly unknown[],
  { signal, counts }: StatementContext,
): Promise<SqlResult<Row>> {
  throwIfAborted(signal);
  const start = performance.now();
  const cancelling = cancelOnAbort(connection, signal);
  try {
    const { statementTimeoutMs } = connection.options;
    const limitMs = statementTimeoutMs === 0 ? 0 : statementTimeoutMs + graceMs;
    const { rows, rowCount } = await bounded(connection, limitMs, () => connection.client.query<Row>(text, [...values]));
    return { rows, rowCount: rowCount ?? 0 };
  } catch (error) {
    if (isConnectionLost(error)) connection.destroy();
    if (counts !== undefined) counts.failures++;
    if (signal?.aborted !== true) throw databaseError(error);
    if (counts !== undefined) counts.cancelled++;
    throw new NomalyError("ABORTED", "the statement was cancelled by its caller", { cause: error });
  } finally {
    await cancelling.end();
    if (counts !== undefined) countStatement(counts, performance.now() - start);
  }
}

/** Whether the connection answers in time and has no open transaction. */
export async function isUsable(connection: Connection): Promise<boolean> {
  if (connection.isDead()) return false;
  await bounded(connection, checkMsMax, () => connection.client.query("select 1"));
  return !connection.isDead() && connection.client.getTransactionStatus() === "I";
}

async function bounded<Value>(connection: Connection, limitMs: number, work: () => Promise<Value>): Promise<Value> {
  if (limitMs === 0) return work();
  const timer = setTimeout(() => connection.destroy(), limitMs);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

/** `end` waits for a cancellation under way, which must not hit the next statement on this connection. */
function cancelOnAbort(connection: Connection, signal: AbortSignal | undefined): { end(): Promise<void> } {
  if (signal === undefined) return { end: async () => undefined };
  const { client, options } = connection;
  let answered: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    const own = options.cancel === undefined ? createCanceller(options) : undefined;
    const cancel = options.cancel ?? own?.cancel ?? (async () => undefined);
    answered = new Promise((resolve) => {
      timer = setTimeout(() => {
        connection.destroy();
        resolve();
      }, cancelMsMax);
      // The server sends this number at the start of a session; the driver's types leave it out.
      void cancel((client as Client & { readonly processID: number }).processID)
        .then(() => own?.close())
        .then(resolve);
    });
  };
  signal.addEventListener("abort", onAbort, { once: true });
  return {
    async end() {
      signal.removeEventListener("abort", onAbort);
      await answered;
      clearTimeout(timer);
    },
  };
}

/** The connection as `Sql`, outside a transaction. */
export function sqlOn(connection: Connection, context: StatementContext = {}): Sql {
  return { query: (text, values = []) => runStatement(connection, text, values, context) };
}

export async function inTransaction<Value>(
  connection: Connection,
  work: (sql: Sql) => Promise<Value>,
  context: StatementContext = {},
): Promise<Value> {
  let isOver = false;
  const sql: Sql = {
    announced: { changeId: randomUUID(), tags: new Set() },
    query: async (text, values = []) => {
      if (isOver) throw new Error("internal: a statement after the end of its transaction");
      return runStatement(connection, text, values, context);
    },
  };
  await runStatement(connection, "begin", [], {});
  if (context.counts !== undefined) context.counts.transactions++;
  try {
    const value = await work(sql);
    throwIfAborted(context.signal);
    isOver = true;
    await runStatement(connection, "commit", [], {});
    return value;
  } catch (error) {
    isOver = true;
    // The caller gets the error of the work. The pool destroys a connection that cannot roll back.
    await runStatement(connection, "rollback", [], {}).catch(() => undefined);
    throw error;
  }
}
