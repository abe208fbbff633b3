/** Says once that a server is lost and once that it is back, however many requests fail in between. */

import type { Log } from "../../services/core/context.ts";

export interface WatchedConnection {
  /** As in "Redis". */
  readonly name: string;
  readonly isUp: () => boolean;
  /** What is different while it is lost. */
  readonly meanwhile: string;
}

export interface ConnectionWatch {
  /** Looks now: for whoever hears of a change at once. */
  look(): void;
  close(): void;
}

/** One that is lost for a shorter time may pass unseen. */
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
