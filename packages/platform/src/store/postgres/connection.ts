/** Opens a connection to PostgreSQL with the session settings that all our connections have. */

import { Client } from "pg";
import { databaseError } from "./database-error.ts";

/** Asks the server to cancel the statement of the session with this number. Never rejects. */
export type Cancel = (processId: number) => Promise<void>;

export interface ConnectionOptions {
  readonly url: string;
  readonly applicationName: string;
  /** 0 is no limit, for migrations and maintenance. */
  readonly statementTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** All connections of a pool share one. A connection without it opens another connection to cancel its statement. */
  readonly cancel?: Cancel | undefined;
}

export interface Connection {
  readonly client: Client;
  readonly options: ConnectionOptions;
  isDead(): boolean;
  /** Cuts it at once; a running statement fails. */
  destroy(): void;
}

/** Idle time after which TCP probes whether the other side still lives. */
const keepAliveMs = 30_000;

/** @throws NomalyError DATABASE. */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { applicationName, statementTimeoutMs, connectTimeoutMs } = options;
  const { url, ownOptions } = separateOptions(options.url);
  let dead = false;
  const settings = {
    jit: "off",
    statement_timeout: statementTimeoutMs,
    // A process that stops in the middle of a transaction must not hold its locks for ever.
    idle_in_transaction_session_timeout: statementTimeoutMs,
    timezone: "UTC",
    // The server then ends the sessions of a machine that is gone within minutes, not hours.
    tcp_keepalives_idle: keepAliveMs / 1000,
    tcp_keepalives_interval: 10,
  };
  const client = new Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    options: [ownOptions, ...Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)].join(" ").trim(),
  });
  const destroy = () => {
    dead = true;
    client.connection.stream.destroy();
  };
  // Without a listener a connection lost while idle would end the process; the check before use finds it.
  client.on("error", () => (dead = true));
  client.on("end", () => (dead = true));
  try {
    await client.connect();
  } catch (error) {
    client.end().catch(() => undefined);
    throw databaseError(error);
  }
  return { client, options, isDead: () => dead, destroy };
}

/** The URL's options come first, so that our settings override them; its application_name is dropped, as it would override ours. */
function separateOptions(url: string): { readonly url: string; readonly ownOptions: string } {
  if (!URL.canParse(url)) return { url, ownOptions: "" };
  const parsed = new URL(url);
  const ownOptions = parsed.searchParams.get("options") ?? "";
  for (const name of ["options", "application_name"]) parsed.searchParams.delete(name);
  return { url: parsed.href, ownOptions };
}

export async function closeConnection({ client }: Connection): Promise<void> {
  await client.end();
}
