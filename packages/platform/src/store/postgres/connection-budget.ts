/** All our processes together stay under what the server takes: looked at before a process begins to work, and before it goes on. */

import { setTimeout as sleep } from "node:timers/promises";
import { NomalyError, throwIfAborted } from "@nomaly/detect";
import { isAlive } from "../../ids/is-alive.ts";
import { connectionCountOf, type PoolSizes, sizesWithin, type WantedSizes } from "./pool-sizes.ts";
import { allProcesses, type NewProcess, type ProcessRow, registerProcess, removeProcess } from "../tables/processes.ts";
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

export interface Registration {
  readonly own: Omit<NewProcess, "connectionCountMax">;
  readonly sizes: WantedSizes;
  readonly reserve: number;
  /**
   * How long processes without a session are waited for: their sessions may have ended with a restart of the database, and each
   * shows itself again within this time. Those that do not are gone. 0 counts them all.
   */
  readonly patienceMs: number;
  /** Called once, when it begins to wait for so many of them. */
  readonly onWait?: ((processCount: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Registered extends ConnectionBudget {
  /** As wanted, or smaller where the server has fewer to give and nobody had set them. */
  readonly sizes: PoolSizes;
}

/** Any number that no other lock of ours has. */
const budgetLock = 7_263_554;
const lookAgainMs = 250;

/**
 * Registers the process if its connections fit beside those of the others.
 * @throws NomalyError CONFIG naming the numbers.
 */
export async function registerWithinBudget(
  database: Pick<Database, "transaction">,
  registration: Registration,
): Promise<Registered> {
  const { patienceMs, onWait, signal } = registration;
  const deadline = performance.now() + patienceMs;
  /** When each of those without a session was last heard of, as this process first saw it. */
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

/** As it stands, for health. */
export async function connectionBudget(sql: Sql, reserve: number): Promise<ConnectionBudget> {
  const connected = (await allProcesses(sql)).filter(({ isConnected }) => isConnected);
  return budgetOf(await readLimits(sql), reserve, connected);
}

interface Waiting {
  readonly firstSeen: Map<string, number>;
  readonly isOver: boolean;
}

/** @returns how many others have to be waited for, where it might fit without them. */
async function tryToRegister(sql: Sql, registration: Registration, waiting: Waiting): Promise<Registered | number> {
  const { own, sizes: wanted, reserve, patienceMs } = registration;
  // Two processes that start together are counted one after the other.
  await sql.query("select pg_advisory_xact_lock($1)", [budgetLock]);
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

/** Without those that are certainly gone, which are removed: no session, and on this machine no such process. */
async function othersThan(sql: Sql, own: Registration["own"]): Promise<readonly ProcessRow[]> {
  const others: ProcessRow[] = [];
  for (const other of await allProcesses(sql)) {
    if (other.id === own.id) continue;
    const isOfHere = other.host === own.host && (other.pid === own.pid || !isAlive(other.pid));
    // One that has sessions counts, whatever else speaks against it: the server has that many fewer to give.
    if (!other.isConnected && (isOfHere || other.isOld)) await removeProcess(sql, other.id);
    else others.push(other);
  }
  return others;
}

/** No session, and no sign since this process first looked. */
function isSilent({ id, isConnected, seenAt }: ProcessRow, firstSeen: Map<string, number>): boolean {
  const first = firstSeen.get(id) ?? seenAt.getTime();
  firstSeen.set(id, first);
  return !isConnected && seenAt.getTime() === first;
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
