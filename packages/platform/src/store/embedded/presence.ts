/**
 * Who works with the embedded database: each process holds a lock on it, shared, as long as it is there. Whoever leaves asks for
 * the same lock alone; only when nobody else has it may the server be stopped, and then nobody can join it any more.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";

export interface Presence {
  isLost(): boolean;
  /** True when nobody else is there; from then on nobody can join. @throws what the driver throws when the server is away. */
  leave(): Promise<boolean>;
  /** Without a question to anybody. */
  drop(): Promise<void>;
}

/** Any number that no other lock of ours has. */
const presenceLock = 7_263_555;
const applicationName = "nomaly presence";
const connectTimeoutMs = 2_000;
const queryTimeoutMs = 5_000;
/** Sessions that were closed just now are listed for a moment. */
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
    // Starting, stopping, or another program on that port: the caller looks again.
  }
  await drop();
  return undefined;
}

async function leave(client: Client): Promise<boolean> {
  // First: of two that leave together the later one finds no lock but its own.
  await ask(client, "pg_advisory_unlock_shared");
  if (!(await ask(client, "pg_try_advisory_lock"))) return false;
  // A process that has lost its lock with its connection still has, or soon has again, connections of its pools.
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
  const { rows } = await client.query<{ answer: boolean }>(`select ${lockFunction}(${presenceLock}) as answer`);
  return rows[0].answer;
}
