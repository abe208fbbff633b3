/** Logs once that the connection to a server is lost and once that it is back, however many requests fail in between. */

import type { Log } from "../../services/core/context.ts";

export interface WatchedConnection {
  readonly name: string;
  readonly isUp: () => boolean;
  /** How the service behaves while the connection is lost, for the log. */
  readonly meanwhile: string;
}

export interface ConnectionWatch {
  /** Checks the connections now. */
  look(): void;
  close(): void;
}

/** A loss that is shorter may not be logged. */
const lookMs = 1000;

export function watchConnections(
  connections: readonly WatchedConnection[],
  log: Log,
  now: () => number = () => performance.now(),
): ConnectionWatch {
  const lostAt = new Map<string, number>();

  function look(): void {
    for (const { name, isUp, meanwhile } of connections) {
      const since = lostAt.get(name);
      if (isUp() === (since === undefined)) continue;
      if (since === undefined) {
        lostAt.set(name, now());
        log.warn({ lost: name }, `${name} is lost: ${meanwhile}`);
      } else {
        lostAt.delete(name);
        const seconds = Math.round((now() - since) / 1000);
        log.info({ back: name, lost_s: seconds }, `${name} is back after ${seconds} s`);
      }
    }
  }

  const timer = setInterval(look, lookMs);
  timer.unref();
  return { look, close: () => clearInterval(timer) };
}
