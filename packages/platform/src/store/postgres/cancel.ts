/** Cancels statements that connections of a pool run, over another connection with the same settings, TLS included. */

import { type Cancel, closeConnection, type Connection, type ConnectionOptions, openConnection } from "./connection.ts";

/** A statement that has not ended this long after its cancellation loses its connection. */
export const cancelMsMax = 2_000;

/** Only sessions with this pool's application name: the server may have given the number of an ended session to another program. */
const cancelText = `select pg_cancel_backend(pid) from pg_stat_activity
  where pid = any($1::integer[]) and application_name = current_setting('application_name')`;

export interface Canceller {
  /** Resolves when the server has passed the cancellation on, or could not be asked. Never rejects. */
  readonly cancel: Cancel;
  close(): Promise<void>;
}

/**
 * Opens one connection when there is something to cancel for the first time, and keeps it: once the server has no connection left, no
 * new one could be opened. Process numbers that arrive during a cancellation go with the next one.
 */
export function createCanceller(options: ConnectionOptions): Canceller {
  let waiting: number[] = [];
  let next: Promise<void> | undefined;
  let last = Promise.resolve();
  let kept: Connection | undefined;

  async function ask(processIds: readonly number[]): Promise<void> {
    const connection = (kept ??= await openConnection({
      ...options,
      statementTimeoutMs: cancelMsMax,
      connectTimeoutMs: cancelMsMax,
    }));
    const timer = setTimeout(() => connection.destroy(), cancelMsMax);
    try {
      await connection.client.query(cancelText, [processIds]);
    } catch (error) {
      kept = undefined;
      connection.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async function send(): Promise<void> {
    const processIds = waiting;
    waiting = [];
    next = undefined;
    const wasKept = kept !== undefined;
    try {
      // A kept connection may have been lost since; a new one is tried then.
      await ask(processIds).catch((error: unknown) => (wasKept ? ask(processIds) : Promise.reject(error)));
    } catch {
      // The caller of the statement destroys its connection after the same time.
    }
  }

  return {
    cancel(processId) {
      waiting.push(processId);
      next ??= last = last.then(send);
      return next;
    },
    async close() {
      await last;
      await (kept === undefined ? undefined : closeConnection(kept).catch(() => undefined));
      kept = undefined;
    },
  };
}
