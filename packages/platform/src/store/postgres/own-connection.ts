/** Runs work on a connection beside the pool, without a statement timeout: migrations and maintenance. */

import { closeConnection, type Connection, openConnection } from "./connection.ts";

const connectTimeoutMs = 10_000;

/** @param name the connection's application_name, after "nomaly". */
export async function onOwnConnection<Value>(
  url: string,
  name: string,
  work: (connection: Connection) => Promise<Value>,
): Promise<Value> {
  const connection = await openConnection({
    url,
    applicationName: `nomaly ${name}`,
    statementTimeoutMs: 0,
    connectTimeoutMs,
  });
  try {
    return await work(connection);
  } finally {
    // A lost connection needs no closing.
    await closeConnection(connection).catch(() => undefined);
  }
}
