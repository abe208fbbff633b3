/** Receives the announcements of other processes over one listening connection, which it opens again when it is lost. */

import { setTimeout as sleep } from "node:timers/promises";
import { type Announcement, cacheChannel, parseAnnouncement } from "../tables/cache-invalidations.ts";
import { closeConnection, type Connection, openConnection } from "./connection.ts";
import { databaseError } from "./database-error.ts";
import { isUsable } from "./statement.ts";

export interface NotificationOptions {
  readonly url: string;
  readonly applicationName: string;
  /** Called with each announcement of a committed transaction, of this process or another. */
  readonly onAnnouncement: (announcement: Announcement) => void;
  /** Called when announcements may have been missed: once the connection is lost, and again once it listens anew. */
  readonly onGap: () => void;
  /** How often an idle connection is checked; 30 s by default. */
  readonly checkMs?: number | undefined;
}

export interface NotificationStats {
  readonly isListening: boolean;
  readonly received: number;
  readonly gaps: number;
  /** Messages that were not announcements. */
  readonly malformed: number;
}

export interface Notifications {
  stats(): NotificationStats;
  close(): Promise<void>;
}

const connectTimeoutMs = 5_000;
const checkMsDefault = 30_000;
const retryMsMin = 100;
const retryMsMax = 5_000;

/** Resolves when it listens. @throws NomalyError DATABASE when the first connection fails. */
export async function listen(options: NotificationOptions): Promise<Notifications> {
  const { onAnnouncement, onGap, checkMs = checkMsDefault } = options;
  const count = { received: 0, gaps: 0, malformed: 0 };
  const closing = new AbortController();
  let connection: Connection | undefined;

  async function connect(): Promise<Connection> {
    const { url, applicationName } = options;
    const opened = await openConnection({ url, applicationName, statementTimeoutMs: connectTimeoutMs, connectTimeoutMs });
    opened.client.on("notification", ({ payload }) => {
      const announcement = parseAnnouncement(payload);
      if (announcement === undefined) return void count.malformed++;
      count.received++;
      onAnnouncement(announcement);
    });
    try {
      await opened.client.query(`listen ${cacheChannel}`);
    } catch (error) {
      opened.destroy();
      throw databaseError(error);
    }
    return opened;
  }

  /** Returns once the connection is lost or `close` is called. */
  async function watch(watched: Connection): Promise<void> {
    const lost = new AbortController();
    watched.client.once("end", () => lost.abort());
    const signal = AbortSignal.any([lost.signal, closing.signal]);
    while (!signal.aborted && !watched.isDead()) {
      await sleep(checkMs, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted && !(await isUsable(watched).catch(() => false))) watched.destroy();
    }
  }

  async function reconnect(): Promise<Connection | undefined> {
    for (let waitMs = retryMsMin; !closing.signal.aborted; waitMs = Math.min(2 * waitMs, retryMsMax)) {
      try {
        return await connect();
      } catch {
        // The database is away, which its other users report; this only tries again.
        await sleep(waitMs, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
    return undefined;
  }

  async function run(): Promise<void> {
    while (connection !== undefined) {
      await watch(connection);
      await closeConnection(connection).catch(() => undefined);
      connection = undefined;
      if (closing.signal.aborted) return;
      count.gaps++;
      onGap();
      connection = await reconnect();
      if (connection !== undefined) onGap();
    }
  }

  connection = await connect();
  const running = run();
  return {
    stats: () => ({ isListening: connection?.isDead() === false, ...count }),
    async close() {
      closing.abort();
      await running;
    },
  };
}
