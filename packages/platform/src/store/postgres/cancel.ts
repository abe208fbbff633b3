/** Cancels statements that connections of a pool run, over another connection with the same settings, TLS included. */

import { type Cancel, closeConnection, type ConnectionOptions, openConnection } from "./connection.ts";

/** A statement that has not ended this long after its cancellation loses its connection. */
export const cancelMsMax = 2_000;

/** Only sessions with this pool's application name: the server may have given the number of an ended session to another program. */
const cancelText = `select pg_cancel_backend(pid) from pg_stat_activity
  where pid = any($1::integer[]) and application_name = current_setting('application_name')`;

/**
 * Opens one connection at a time, only when there is something to cancel; later calls wait and share the next connection.
 * A call resolves when the server has passed the cancellation on, or did not answer. It never rejects.
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
      // The caller of the statement destroys its connection after the same time.
    }
  }

  return (processId) => {
    waiting.push(processId);
    next ??= last = last.then(send);
    return next;
  };
}
