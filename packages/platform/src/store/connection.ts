/** One connection to PostgreSQL, with the session settings that all of ours have. */

import { Client } from "pg";
import { databaseError } from "./database-error.ts";

export interface ConnectionOptions {
  readonly url: string;
  readonly applicationName: string;
  /** 0 is no limit: migrations and maintenance. */
  readonly statementTimeoutMs: number;
  readonly connectTimeoutMs: number;
}

/** The driver's client, and whether it has said that it is dead. */
export interface Connection {
  readonly client: Client;
  readonly isDead: () => boolean;
}

/** @throws NomalyError DATABASE. */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { url, applicationName, statementTimeoutMs, connectTimeoutMs } = options;
  let dead = false;
  const client = new Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    options: `-c jit=off -c statement_timeout=${statementTimeoutMs} -c timezone=UTC`,
  });
  // Without a listener a connection lost while idle would end the process; the check before use finds it.
  client.on("error", () => (dead = true));
  client.on("end", () => (dead = true));
  try {
    await client.connect();
  } catch (error) {
    client.end().catch(() => undefined);
    throw databaseError(error);
  }
  return { client, isDead: () => dead };
}

export async function closeConnection({ client }: Connection): Promise<void> {
  await client.end();
}

export async function isUsable({ client, isDead }: Connection): Promise<boolean> {
  if (isDead()) return false;
  await client.query("select 1");
  return !isDead();
}
