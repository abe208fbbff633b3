/** One connection to Redis, which is never repaired: when it fails it is thrown away and the pool opens another. */

import { Redis, type RedisOptions } from "ioredis";

export interface RedisConnection {
  readonly client: Redis;
  /**
   * The server process it leads to. A server that starts again may come back with old versions of entries and tags from
   * its last snapshot, and a replica that takes over may lack the last invalidations: what another process has stamped is void.
   */
  readonly runId: string;
  /** When it last answered. */
  answeredAt: number;
}

/** How long opening may take; callers do not wait that long. */
const openTimeoutMs = 2000;
/** How long a closed connection may wait for the other side before it is destroyed. */
const disconnectTimeoutMs = 200;
/**
 * Idle time before TCP asks whether the other side is there. Interval and count of these questions cannot be set from
 * Node; the health check finds a dead connection sooner.
 */
const keepAliveIdleMs = 300_000;

const redisOptions: RedisOptions = {
  keepAlive: keepAliveIdleMs,
  noDelay: true,
  connectTimeout: openTimeoutMs,
  disconnectTimeout: disconnectTimeoutMs,
  enableReadyCheck: false,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  disableClientInfo: true,
  maxRetriesPerRequest: null,
  // The older protocol is enough and every server speaks it.
  protocol: 2,
};

export function redisClient(url: string, options: RedisOptions): Redis {
  // The protocol's replies are those of version 2; the overloads of the constructor cannot tell.
  return new Redis(url, { ...redisOptions, ...options, replyMapping: "legacy" });
}

/** @param onError for counting; without a listener an error of a socket would end the process. */
export async function openRedisConnection(url: string, onError: (error: Error) => void): Promise<RedisConnection> {
  const client = redisClient(url, { lazyConnect: true, retryStrategy: () => null });
  client.on("error", onError);
  try {
    await client.connect();
    const server = await withinMs(client.info("server"), openTimeoutMs);
    // A proxy in front of the server may hide it: its restarts then go unnoticed.
    const runId = /^run_id:(\w+)/m.exec(server)?.[1] ?? "unknown";
    return { client, runId, answeredAt: performance.now() };
  } catch (error) {
    client.disconnect();
    throw error;
  }
}

/** Rejects when the time is over. A reply that is already here counts, even if the event loop was too busy to read it in time. */
export function withinMs<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => reject(new RedisTimeout(timeoutMs))), Math.max(0, timeoutMs));
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Told apart from other failures by its class: a slow server is counted apart from one that is gone. */
export class RedisTimeout extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${Math.round(timeoutMs)} ms`);
  }
}
