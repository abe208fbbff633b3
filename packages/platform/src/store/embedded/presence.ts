/**
 * Tells whether other processes use the embedded database: each holds a shared advisory lock in it. A process that leaves asks for the
 * exclusive lock; with it, it may stop the server, because no process can join any more.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { advisoryLocks } from "../postgres/advisory-locks.ts";

export interface Presence {
  isLost(): boolean;
  /** True when no other process uses the server; then none can join any more. @throws the driver's error when the server is away. */
  leave(): Promise<boolean>;
  /** Closes the connection without asking whether others use the server. */
  drop(): Promise<void>;
}

const applicationName = "nomaly presence";
const connectTimeoutMs = 2_000;
const queryTimeoutMs = 5_000;
/** The server lists closed sessions for a moment. */
const lingerMsMax = 1_000;
const pollMs = 10;

/** `undefined` when the server does not answer, or is about to be stopped. */
export async function joinServer(url: string): Promise<Presence | undefined> {
  const client = new Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
  });
  let lost = false;
  client.on("error", () => (lost = true)).on("end", () => (lost = true));
  const drop = () => client.end().catch(() => undefined);
  try {
    await client.connect();
    if (await ask(client, "pg_try_advisory_lock_shared")) return { isLost: () => lost, leave: () => leave(client), drop };
  } catch {
    // The server starts or stops, or another program has the port: the caller tries again.
  }
  await drop();
  return undefined;
}

async function leave(client: Client): Promise<boolean> {
  // Unlock first: of two processes that leave together, the later one then finds no other lock.
  await ask(client, "pg_advisory_unlock_shared");
  if (!(await ask(client, "pg_try_advisory_lock"))) return false;
  // A process that lost its lock with its connection still has other connections, or soon opens them again.
  const deadline = performance.now() + lingerMsMax;
  while ((await otherSessions(client)) > 0) {
    if (performance.now() > deadline) return false;
    await sleep(pollMs);
  }
  return true;
}

async function otherSessions(client: Client): Promise<number> {
  const text = `select from pg_stat_activity
    where application_name like 'nomaly%' and application_name <> $1 and backend_type = 'client backend'`;
  return (await client.query(text, [applicationName])).rowCount ?? 0;
}

type LockFunction = "pg_try_advisory_lock" | "pg_try_advisory_lock_shared" | "pg_advisory_unlock_shared";

async function ask(client: Client, lockFunction: LockFunction): Promise<boolean> {
  const { rows } = await client.query<{ answer: boolean }>(`select ${lockFunction}(${advisoryLocks.presence}) as answer`);
  return rows[0].answer;
}
