/** Opens connections to Redis. A connection that fails is closed, never repaired, and the pool opens another. */

import { Redis, type RedisOptions } from "ioredis";

export interface RedisConnection {
  readonly client: Redis;
  /**
   * The id of the server process. A restarted server may have stale entries and tags from its last snapshot, and a replica that takes
   * over may lack the last invalidations: so entries that were written through another server process are invalid.
   */
  readonly runId: string;
  /** When it last answered. */
  answeredAt: number;
}

/** The limit for opening; callers do not wait that long. */
const openTimeoutMs = 2000;
/** How long a closing connection waits for the server before it is destroyed. */
const disconnectTimeoutMs = 200;
/**
 * Idle time before TCP probes the connection. Node cannot set interval and count of the probes; the health check finds a dead
 * connection sooner.
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
  // Every server speaks the older protocol, and it is enough here.
  protocol: 2,
};

export function redisClient(url: string, options: RedisOptions): Redis {
  // Replies in the form of protocol 2, which the overloads of the constructor do not express.
  return new Redis(url, { ...redisOptions, ...options, replyMapping: "legacy" });
}

/** @param onError receives socket errors: without a listener they would end the process. */
export async function openRedisConnection(url: string, onError: (error: Error) => void): Promise<RedisConnection> {
  const client = redisClient(url, { lazyConnect: true, retryStrategy: () => null });
  client.on("error", onError);
  try {
    await client.connect();
    const server = await withinMs(client.info("server"), openTimeoutMs);
    // A proxy may hide the run id: then restarts of the server go unnoticed.
    const runId = /^run_id:(\w+)/m.exec(server)?.[1] ?? "unknown";
    return { client, runId, answeredAt: performance.now() };
  } catch (error) {
    client.disconnect();
    throw error;
  }
}

/** Rejects after `timeoutMs`. A reply that has arrived counts, even if the event loop was too busy to read it in time. */
export function withinMs<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => reject(new RedisTimeout(timeoutMs))), Math.max(0, timeoutMs));
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** A class of its own, because timeouts are counted apart from other failures. */
export class RedisTimeout extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${Math.round(timeoutMs)} ms`);
  }
}
