/** Work on a connection beside the pool, without a limit for statements: migrations and maintenance. */

import { closeConnection, type Connection, openConnection } from "./connection.ts";

const connectTimeoutMs = 10_000;

/** @param name Shown by the server, after "nomaly". */
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
    // It may be lost: then there is nothing to close.
    await closeConnection(connection).catch(() => undefined);
  }
}
