/** Calls to Redis with a bounded wait: over a pool of connections, tried twice, given up at once while the breaker is open. */

import { NomalyError } from "@nomaly/detect";
import { createResourcePool, type Clock, type Lease } from "../../pools/resource-pool.ts";
import type { StatsOf } from "../../watch/metric-kinds.ts";
import type { redisCallMetrics } from "../level2.ts";
import { createBreaker } from "./breaker.ts";
import { openRedisConnection, RedisTimeout, withinMs, type RedisConnection } from "./redis-connection.ts";

export interface RedisCallOptions {
  readonly url: string;
  readonly connectionsMax: number;
  /** The whole call: waiting for a connection, and both tries. */
  readonly callTimeoutMs: number;
  /** A connection that has not answered for so long is asked before it is used. */
  readonly healthCheckMs: number;
  readonly breaker: { readonly failureCountMax: number; readonly windowMs: number; readonly openMs: number };
  readonly clock: Clock;
}

type RedisCallStats = StatsOf<typeof redisCallMetrics>;

export interface RedisCalls {
  /** The answer; undefined when there was none. `work` may run twice. */
  call<T>(work: (connection: RedisConnection) => Promise<T>): Promise<{ readonly answer: T } | undefined>;
  stats(): RedisCallStats;
  close(): Promise<void>;
}

/** A connection is replaced after an hour: addresses behind a name change. */
const recycleMs = 3_600_000;
/** The first try has this share of the time, so that a second one on another connection still has some. */
const firstTryShare = 0.5;

export function createRedisCalls(options: RedisCallOptions): RedisCalls {
  const { url, connectionsMax, callTimeoutMs, healthCheckMs, clock } = options;
  const breaker = createBreaker({ ...options.breaker, clock });
  const count = { calls: 0, skipped: 0, errors: 0, timeouts: 0, retries: 0 };
  const pool = createResourcePool<RedisConnection>({
    name: "redis",
    base: connectionsMax,
    overflow: 0,
    acquireTimeoutMs: callTimeoutMs,
    recycleMs,
    // Errors of sockets surface in the calls that meet them; the pool counts failed openings.
    open: async () => ({ ...(await openRedisConnection(url, () => {})), answeredAt: clock.now() }),
    close: ({ client }) => client.disconnect(),
    check: (connection) => isAlive(connection),
    clock,
  });

  async function isAlive(connection: RedisConnection): Promise<boolean> {
    if (connection.client.status !== "ready") return false;
    if (clock.now() - connection.answeredAt < healthCheckMs) return true;
    await withinMs(connection.client.ping(), callTimeoutMs * firstTryShare);
    connection.answeredAt = clock.now();
    return true;
  }

  async function call<T>(work: (connection: RedisConnection) => Promise<T>): Promise<{ readonly answer: T } | undefined> {
    const permit = breaker.enter();
    if (permit === undefined) {
      count.skipped++;
      return undefined;
    }
    count.calls++;
    try {
      const answer = await tryTwice(work);
      permit.succeeded();
      return { answer };
    } catch (error) {
      // Whatever it is, the caller goes on without Redis; what it was is counted.
      permit.failed();
      if (isTimeout(error)) count.timeouts++;
      else count.errors++;
      return undefined;
    }
  }

  async function tryTwice<T>(work: (connection: RedisConnection) => Promise<T>): Promise<T> {
    // Real time, not the clock passed in: these are real waits.
    const deadline = performance.now() + callTimeoutMs;
    try {
      return await tryOnce(work, callTimeoutMs * firstTryShare);
    } catch {
      // Every command used here may run twice. Each failed try has thrown its connection away.
      count.retries++;
      return await tryOnce(work, deadline - performance.now());
    }
  }

  async function tryOnce<T>(work: (connection: RedisConnection) => Promise<T>, timeoutMs: number): Promise<T> {
    const start = performance.now();
    const lease = await acquire(timeoutMs);
    try {
      const answer = await withinMs(work(lease.resource), timeoutMs - (performance.now() - start));
      lease.resource.answeredAt = clock.now();
      lease.release();
      return answer;
    } catch (error) {
      lease.release(true);
      throw error;
    }
  }

  async function acquire(timeoutMs: number): Promise<Lease<RedisConnection>> {
    const controller = new AbortController();
    const waiting = pool.acquire(controller.signal);
    try {
      return await withinMs(waiting, timeoutMs);
    } catch (error) {
      // The pool keeps what it was opening for the next caller.
      controller.abort();
      throw error;
    }
  }

  const stats = (): RedisCallStats => ({
    breaker: breaker.state(),
    breakerOpenings: breaker.openedCount(),
    ...count,
    connections: pool.stats(),
  });

  return { call, stats, close: () => pool.close() };
}

function isTimeout(error: unknown): boolean {
  return error instanceof RedisTimeout || (error instanceof NomalyError && error.code === "POOL_TIMEOUT");
}
