/** All our processes together stay under what the server takes: looked at before a process begins to work. */

import { NomalyError } from "@nomaly/detect";
import { isAlive } from "./is-alive.ts";
import { liveProcesses, type NewProcess, type ProcessRow, registerProcess, removeProcess } from "./processes.ts";
import type { Database, Sql } from "./sql.ts";

export interface ConnectionBudget {
  /** Of the server. */
  readonly maxConnections: number;
  /** Of these, kept by the server for superusers and other privileged roles. */
  readonly serverReserved: number;
  /** Of these, left free by us for people and other programs. */
  readonly reserve: number;
  /** What is left for all our processes. */
  readonly available: number;
  /** What all our processes may open at most. */
  readonly claimed: number;
  readonly processCount: number;
  readonly isWithin: boolean;
}

/** Any number that no other lock of ours has. */
const budgetLock = 7_263_554;

/**
 * Registers the process if its connections fit beside those of the others.
 * @throws NomalyError CONFIG naming the numbers.
 */
export async function registerWithinBudget(database: Database, own: NewProcess, reserve: number): Promise<ConnectionBudget> {
  return database.transaction(async (sql) => {
    // Two processes that start together are counted one after the other.
    await sql.query("select pg_advisory_xact_lock($1)", [budgetLock]);
    const others = await otherProcesses(sql, own);
    const budget = budgetOf(await readLimits(sql), reserve, [...others, own]);
    if (!budget.isWithin) throw refusal(budget, own);
    await registerProcess(sql, own);
    return budget;
  });
}

/** As it stands, for health. */
export async function connectionBudget(sql: Sql, reserve: number): Promise<ConnectionBudget> {
  const processes = await liveProcesses(sql);
  return budgetOf(
    await readLimits(sql),
    reserve,
    processes.filter(({ isConnected }) => isConnected),
  );
}

/** A killed process stays on the list for a while: its sessions are gone, and on this machine so is its process number. */
async function otherProcesses(sql: Sql, own: NewProcess): Promise<readonly ProcessRow[]> {
  const others: ProcessRow[] = [];
  for (const other of await liveProcesses(sql)) {
    if (other.id === own.id) continue;
    const isGone = !other.isConnected || (other.host === own.host && (other.pid === own.pid || !isAlive(other.pid)));
    if (isGone) await removeProcess(sql, other.id);
    else others.push(other);
  }
  return others;
}

interface Limits {
  readonly maxConnections: number;
  readonly serverReserved: number;
}

async function readLimits(sql: Sql): Promise<Limits> {
  // reserved_connections came with PostgreSQL 16.
  const text = `select current_setting('max_connections')::integer as "maxConnections",
    current_setting('superuser_reserved_connections')::integer
      + coalesce(current_setting('reserved_connections', true)::integer, 0) as "serverReserved"`;
  const { rows } = await sql.query<Limits>(text);
  return rows[0];
}

function budgetOf(
  limits: Limits,
  reserve: number,
  processes: readonly Pick<NewProcess, "connectionCountMax">[],
): ConnectionBudget {
  const available = limits.maxConnections - limits.serverReserved - reserve;
  const claimed = processes.reduce((sum, { connectionCountMax }) => sum + connectionCountMax, 0);
  return { ...limits, reserve, available, claimed, processCount: processes.length, isWithin: claimed <= available };
}

function refusal(budget: ConnectionBudget, own: NewProcess): NomalyError {
  const { maxConnections, serverReserved, reserve, available, claimed, processCount } = budget;
  const message = `this process may open ${own.connectionCountMax} database connections and ${processCount - 1} others may open ${
    claimed - own.connectionCountMax
  }, together ${claimed}, but only ${available} are there: max_connections ${maxConnections} less ${serverReserved} that the server keeps and ${reserve} of database_connection_reserve; lower database_pool_size or database_max_overflow, or raise max_connections`;
  return new NomalyError("CONFIG", message, {
    field: "database_pool_size",
    expected: `at most ${available} connections in all`,
    received: String(claimed),
  });
}
