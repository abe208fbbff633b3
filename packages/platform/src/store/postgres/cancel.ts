/** Ends statements that other connections run: asked for over a connection of its own, with the settings of these, TLS too. */

import { type Cancel, closeConnection, type ConnectionOptions, openConnection } from "./connection.ts";

/** A cancelled statement ends at once; one that does not loses its connection. */
export const cancelMsMax = 2_000;

/** Only what has the same name, and so is of the same pool: the number of a session that has just ended may be somebody else's. */
const cancelText = `select pg_cancel_backend(pid) from pg_stat_activity
  where pid = any($1::integer[]) and application_name = current_setting('application_name')`;

/**
 * Opens one connection at a time, and only when there is something to cancel; what is asked for meanwhile goes with the next.
 * A call resolves when the server has passed the cancellation on, or could not be asked. It never rejects.
 */
export function createCancel(options: ConnectionOptions): Cancel {
  let waiting: number[] = [];
  let next: Promise<void> | undefined;
  let last = Promise.resolve();

  async function send(): Promise<void> {
    const processIds = waiting;
    waiting = [];
    next = undefined;
    try {
      const connection = await openConnection({ ...options, statementTimeoutMs: cancelMsMax, connectTimeoutMs: cancelMsMax });
      const timer = setTimeout(() => connection.destroy(), cancelMsMax);
      try {
        await connection.client.query(cancelText, [processIds]);
      } finally {
        await closeConnection(connection);
        clearTimeout(timer);
      }
    } catch {
      // Whoever waits for the end of its statement cuts the connection in the same time.
    }
  }

  return (processId) => {
    waiting.push(processId);
    next ??= last = last.then(send);
    return next;
  };
}
