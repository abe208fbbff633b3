/** The advisory locks that our processes take in PostgreSQL, with their numbers, of which none may be used twice. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Sql } from "./sql.ts";

export const advisoryLocks = {
  migrations: 7_263_551,
  quota: 7_263_552,
  partitions: 7_263_553,
  connectionBudget: 7_263_554,
  presence: 7_263_555,
  indexes: 7_263_556,
  queue: 7_263_561,
} as const;
type LockName = keyof typeof advisoryLocks;

const pollMs = 50;

/** Waits for the lock and holds it until the transaction of `sql` ends. */
export async function lockInTransaction(sql: Sql, name: LockName): Promise<void> {
  await sql.query("select pg_advisory_xact_lock($1)", [advisoryLocks[name]]);
}

/** Takes the lock until the connection of `sql` closes. False when another process holds it. */
export async function tryLock(sql: Sql, name: LockName): Promise<boolean> {
  const { rows } = await sql.query<{ taken: boolean }>("select pg_try_advisory_lock($1) as taken", [advisoryLocks[name]]);
  return rows[0].taken;
}

/**
 * Asks again and again instead of waiting in the database: a waiting statement has a snapshot, and the concurrent index builds of the
 * lock's holder wait for every older snapshot to end. False when another process still holds the lock after `waitMsMax`.
 */
export async function takeLock(sql: Sql, name: LockName, waitMsMax = Infinity): Promise<boolean> {
  for (const deadline = performance.now() + waitMsMax; performance.now() < deadline; await sleep(pollMs)) {
    if (await tryLock(sql, name)) return true;
  }
  return false;
}
