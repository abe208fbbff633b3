/** A pool of connections to other servers, bounded in total and for each host; it closes idle connections to make room for others. */

import type { Client } from "undici";
import { NomalyError } from "@nomaly/detect";
import type { Clock } from "../pools/resource-pool.ts";
import { counter, gauge, type StatsOf } from "../watch/metric-kinds.ts";

export interface ConnectionPoolOptions {
  readonly connectionsMax: number;
  readonly connectionsPerHostMax: number;
  readonly clock: Clock;
}

export const connectionPoolMetrics = {
  capacity: gauge("The most connections at once, as set"),
  capacityPerHost: gauge("The most connections to one host, as set"),
  size: gauge("Connections open or opening"),
  idle: gauge("Open connections that are not in use"),
  inUse: gauge("Connections in use"),
  waiting: gauge("Calls that wait for a connection"),
  opened: counter("Connections opened"),
  closed: counter("Connections closed because they broke, or were idle for too long"),
  evicted: counter("Idle connections closed to make room for another host"),
  waitMsTotal: counter("Time that calls have waited for connections", { unit: "ms", name: "wait_seconds" }),
  waitMsMax: gauge("The longest wait for a connection", { unit: "ms", name: "wait_seconds_max" }),
};
export type ConnectionPoolStats = StatsOf<typeof connectionPoolMetrics>;

export interface Target {
  readonly origin: string;
  readonly host: string;
  readonly open: () => Client;
}

export interface ConnectionLease {
  readonly client: Client;
  /** Later calls do nothing. */
  release(broken: boolean): void;
}

export interface ConnectionPool {
  /** Waits for a connection until the signal fires. */
  acquire(target: Target, signal: AbortSignal): Promise<ConnectionLease>;
  stats(): ConnectionPoolStats;
  /** Refuses callers, closes idle connections, and destroys the others after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** An undici client with one connection at most, so that the pool can count connections. */
interface Connection {
  readonly client: Client;
  readonly origin: string;
  readonly host: string;
}

interface Waiter {
  readonly target: Target;
  readonly grant: (connection: Connection) => void;
  readonly refuse: (error: unknown) => void;
}

const waiterCountMax = 10_000;

export function createConnectionPool(options: ConnectionPoolOptions): ConnectionPool {
  const { connectionsMax, connectionsPerHostMax, clock } = options;
  const all = new Set<Connection>();
  /** The connection that has been idle longest is the first. */
  const idle = new Set<Connection>();
  const waiters = new Set<Waiter>();
  const countOfHost = new Map<string, number>();
  const count = { opened: 0, closed: 0, evicted: 0, waitMsTotal: 0, waitMsMax: 0 };
  let onEmpty: (() => void) | undefined;
  let isClosed = false;

  async function acquire(target: Target, signal: AbortSignal): Promise<ConnectionLease> {
    if (isClosed) throw closedError();
    signal.throwIfAborted();
    const connection = take(target);
    if (connection !== undefined) return leaseOf(connection);
    if (waiters.size >= waiterCountMax)
      throw new NomalyError("OUTGOING", `${waiterCountMax} calls to other servers are already waiting for a connection`);
    const start = clock.now();
    const granted = await wait(target, signal);
    const waitMs = clock.now() - start;
    count.waitMsTotal += waitMs;
    count.waitMsMax = Math.max(count.waitMsMax, waitMs);
    return leaseOf(granted);
  }

  /** Gives an idle connection to the target, or opens one, closing an idle connection to another if the pool is full. */
  function take(target: Target): Connection | undefined {
    const found = [...idle].findLast(({ origin }) => origin === target.origin);
    if (found !== undefined) {
      idle.delete(found);
      return found;
    }
    const isHostFull = (countOfHost.get(target.host) ?? 0) >= connectionsPerHostMax;
    if (isHostFull || all.size >= connectionsMax) {
      const victim = [...idle].find(({ host }) => !isHostFull || host === target.host);
      if (victim === undefined) return undefined;
      count.evicted++;
      drop(victim);
    }
    return open(target);
  }

  function open({ origin, host, open }: Target): Connection {
    const connection: Connection = { client: open(), origin, host };
    count.opened++;
    all.add(connection);
    countOfHost.set(host, (countOfHost.get(host) ?? 0) + 1);
    connection.client.on("disconnect", () => {
      // The server closed an idle connection, or undici did when its keep-alive time was over.
      if (!idle.has(connection)) return;
      drop(connection);
      serveWaiters();
    });
    return connection;
  }

  function drop(connection: Connection): void {
    if (!all.delete(connection)) return;
    idle.delete(connection);
    count.closed++;
    const left = (countOfHost.get(connection.host) ?? 1) - 1;
    if (left > 0) countOfHost.set(connection.host, left);
    else countOfHost.delete(connection.host);
    // The pool has given the connection up, so an error while closing it does not matter.
    connection.client.destroy().catch(() => {});
    if (all.size === 0) onEmpty?.();
  }

  function leaseOf(connection: Connection): ConnectionLease {
    let isReleased = false;
    return {
      client: connection.client,
      release(broken) {
        if (isReleased) return;
        isReleased = true;
        if (broken || isClosed || !connection.client.stats.connected) drop(connection);
        else idle.add(connection);
        serveWaiters();
      },
    };
  }

  /** Serves waiters in order, passing over those whose host has all its connections in use. */
  function serveWaiters(): void {
    for (const waiter of waiters) {
      const connection = take(waiter.target);
      if (connection === undefined) continue;
      waiters.delete(waiter);
      waiter.grant(connection);
    }
  }

  async function wait(target: Target, signal: AbortSignal): Promise<Connection> {
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    const waiter: Waiter = { target, grant: resolve, refuse: reject };
    const onAbort = () => {
      // A waiter that is no longer in the set has its connection already.
      if (waiters.delete(waiter)) reject(signal.reason as Error);
    };
    waiters.add(waiter);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async function close(graceMs: number): Promise<void> {
    isClosed = true;
    for (const waiter of waiters) waiter.refuse(closedError());
    waiters.clear();
    for (const connection of idle) drop(connection);
    if (all.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    onEmpty = resolve;
    const timer = setTimeout(() => {
      for (const connection of all) drop(connection);
    }, graceMs);
    await promise;
    clearTimeout(timer);
  }

  const stats = (): ConnectionPoolStats => ({
    capacity: connectionsMax,
    capacityPerHost: connectionsPerHostMax,
    size: all.size,
    idle: idle.size,
    inUse: all.size - idle.size,
    waiting: waiters.size,
    ...count,
  });

  return { acquire, stats, close };
}

function closedError(): NomalyError {
  return new NomalyError("OUTGOING", "the pool of connections to other servers is closed");
}
