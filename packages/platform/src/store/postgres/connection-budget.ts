/** Registers a process only when its connections and those of all our other processes fit under the server's max_connections. */

import { setTimeout as sleep } from "node:timers/promises";
import { NomalyError, throwIfAborted } from "@nomaly/detect";
import { isAlive } from "../../ids/is-alive.ts";
import { lockInTransaction } from "./advisory-locks.ts";
import { connectionCountOf, type PoolSizes, sizesWithin, type WantedSizes } from "./pool-sizes.ts";
import { allProcesses, type NewProcess, type ProcessRow, registerProcess, removeProcess } from "../tables/processes.ts";
import type { Database, Sql } from "./sql.ts";

export interface ConnectionBudget {
  readonly maxConnections: number;
  /** Connections that the server keeps for superusers and other privileged roles. */
  readonly serverReserved: number;
  /** Connections that we leave free for people and other programs. */
  readonly reserve: number;
  /** Connections left for all our processes. */
  readonly available: number;
  /** The most connections that all our processes may open together. */
  readonly claimed: number;
  readonly processCount: number;
  readonly isWithin: boolean;
}

export interface Registration {
  readonly own: Omit<NewProcess, "connectionCountMax">;
  readonly sizes: WantedSizes;
  readonly reserve: number;
  /**
   * How long to wait for registered processes without a session: a restart of the database ends sessions, and each living process
   * opens one again within this time. The others are removed. With 0 all count and none is removed.
   */
  readonly patienceMs: number;
  /** Called once, when the wait for that many processes begins. */
  readonly onWait?: ((processCount: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Registered extends ConnectionBudget {
  /** The wanted sizes; smaller ones where the server has too few connections and the configuration did not set the sizes. */
  readonly sizes: PoolSizes;
}

const lookAgainMs = 250;

/** @throws NomalyError CONFIG with the numbers when the connections do not fit. */
export async function registerWithinBudget(
  database: Pick<Database, "transaction">,
  registration: Registration,
): Promise<Registered> {
  const { patienceMs, onWait, signal } = registration;
  const deadline = performance.now() + patienceMs;
  /** By process id: the last sign of life that this process saw at its first look. */
  const firstSeen = new Map<string, number>();
  for (let isFirst = true; ; isFirst = false) {
    throwIfAborted(signal);
    const isOver = performance.now() >= deadline;
    const outcome = await database.transaction((sql) => tryToRegister(sql, registration, { firstSeen, isOver }));
    if (typeof outcome !== "number") return outcome;
    if (isFirst) onWait?.(outcome);
    await sleep(lookAgainMs);
  }
}

/** The budget of all connected processes now, for the health check. */
export async function connectionBudget(sql: Sql, reserve: number): Promise<ConnectionBudget> {
  const connected = (await allProcesses(sql)).filter(({ isConnected }) => isConnected);
  return budgetOf(await readLimits(sql), reserve, connected);
}

/** @returns for how many processes without a session to wait, when this one might fit without them. */
async function tryToRegister(
  sql: Sql,
  registration: Registration,
  waiting: { readonly firstSeen: Map<string, number>; readonly isOver: boolean },
): Promise<Registered | number> {
  const { own, sizes: wanted, reserve, patienceMs } = registration;
  // Two processes that start together count one after the other.
  await lockInTransaction(sql, "connectionBudget");
  const others = await othersThan(sql, own);
  const silent = others.filter((other) => isSilent(other, waiting.firstSeen));
  if (waiting.isOver && patienceMs > 0) for (const { id } of silent) await removeProcess(sql, id);
  const counted = waiting.isOver && patienceMs > 0 ? others.filter((other) => !silent.includes(other)) : others;
  const limits = await readLimits(sql);
  const { available, claimed } = budgetOf(limits, reserve, counted);
  const sizes = sizesWithin(wanted, available - claimed);
  const isWhole = sizes?.poolSize === wanted.poolSize && sizes.maxOverflow === wanted.maxOverflow;
  if (!isWhole && !waiting.isOver && silent.length > 0) return silent.length;
  const registered = { ...own, connectionCountMax: connectionCountOf(sizes ?? wanted) };
  const budget = budgetOf(limits, reserve, [...counted, registered]);
  if (sizes === undefined) throw refusal(budget, registered);
  await registerProcess(sql, registered);
  return { ...budget, sizes };
}

/** All other processes. Removes those that have certainly ended: no session, and this machine has no such process. */
async function othersThan(sql: Sql, own: Registration["own"]): Promise<readonly ProcessRow[]> {
  const others: ProcessRow[] = [];
  for (const other of await allProcesses(sql)) {
    if (other.id === own.id) continue;
    const isOfHere = other.host === own.host && (other.pid === own.pid || !isAlive(other.pid));
    // A process with sessions always counts: the server has that many fewer connections to give.
    if (!other.isConnected && (isOfHere || other.isOld)) await removeProcess(sql, other.id);
    else others.push(other);
  }
  return others;
}

/** Without a session, and without a sign of life since this process first looked. */
function isSilent({ id, isConnected, seenAt }: ProcessRow, firstSeen: Map<string, number>): boolean {
  const first = firstSeen.get(id) ?? seenAt.getTime();
  firstSeen.set(id, first);
  return !isConnected && seenAt.getTime() === first;
}

type Limits = Pick<ConnectionBudget, "maxConnections" | "serverReserved">;

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
  }, together ${claimed}, but only ${available} are available: max_connections ${maxConnections} less ${serverReserved} that the server keeps and ${reserve} of database_connection_reserve; lower database_pool_size or database_max_overflow, or raise max_connections`;
  return new NomalyError("CONFIG", message, {
    field: "database_pool_size",
    expected: `at most ${available} connections in all`,
    received: String(claimed),
  });
}
