/** A pool of connections: some stay open, further ones close after use, callers wait for a bounded time, each connection is checked before use. */

import { NomalyError } from "@nomaly/detect";
import { counter, gauge, type StatsOf } from "../watch/metric-kinds.ts";

export interface Clock {
  /** Milliseconds that never go back. */
  now(): number;
}

export interface ResourcePoolOptions<T> {
  /** For messages, as in "database". */
  readonly name: string;
  /** Connections that the pool keeps open once it has opened them. */
  readonly base: number;
  /** Further connections, which the pool closes when they are released and no caller waits. */
  readonly overflow: number;
  /** How long a caller waits for a connection, opening and checking included. */
  readonly acquireTimeoutMs: number;
  /** The pool replaces a connection older than this instead of handing it out. */
  readonly recycleMs: number;
  readonly open: () => Promise<T>;
  readonly close: (resource: T) => void | Promise<void>;
  /** False, or a rejection, when the connection can no longer be used. */
  readonly check: (resource: T) => Promise<boolean>;
  readonly clock?: Clock;
}

export const resourcePoolMetrics = {
  base: gauge("Connections that stay open, as set"),
  capacity: gauge("The most connections at once, as set"),
  size: gauge("Connections open or opening"),
  idle: gauge("Open connections that are not in use"),
  inUse: gauge("Connections in use"),
  overflow: gauge("Connections beyond those that stay open"),
  waiting: gauge("Callers that wait for a connection"),
  acquired: counter("Connections handed out"),
  waitMsTotal: counter("Time that callers have waited for connections", { unit: "ms", name: "wait_seconds" }),
  waitMsMax: gauge("The longest wait for a connection", { unit: "ms", name: "wait_seconds_max" }),
  timeouts: counter("Callers that waited in vain"),
  errors: counter("Openings that failed"),
  recycled: counter("Connections replaced because of their age"),
  invalid: counter("Connections thrown away because the check before use failed, or their user said so"),
};
export type ResourcePoolStats = StatsOf<typeof resourcePoolMetrics>;

export interface Lease<T> {
  readonly resource: T;
  /** Gives the connection back to the pool, which closes a broken one. Later calls do nothing. */
  release(broken?: boolean): void;
}

export interface ResourcePool<T> {
  /** @throws NomalyError POOL_TIMEOUT when none became free in time, ABORTED by the signal; what `open` threw when it failed. */
  acquire(signal?: AbortSignal): Promise<Lease<T>>;
  stats(): ResourcePoolStats;
  /** Refuses new and waiting callers, closes idle connections now and the others when they are released. */
  close(): Promise<void>;
}

interface Held<T> {
  readonly resource: T;
  readonly openedAt: number;
}

/** What a caller is granted: an open connection, or the right to open one. */
type Grant<T> = Held<T> | "open";

interface Waiter<T> {
  readonly grant: (grant: Grant<T>) => void;
  readonly refuse: (error: NomalyError) => void;
}

export function createResourcePool<T>(options: ResourcePoolOptions<T>): ResourcePool<T> {
  const { name, base, overflow, acquireTimeoutMs, recycleMs, open, check } = options;
  const clock = options.clock ?? { now: () => performance.now() };
  const capacity = base + overflow;
  const idle: Held<T>[] = [];
  const waiters = new Set<Waiter<T>>();
  const closings = new Set<Promise<void>>();
  const count = { acquired: 0, waitMsTotal: 0, waitMsMax: 0, timeouts: 0, errors: 0, recycled: 0, invalid: 0 };
  let size = 0;
  let closed: NomalyError | undefined;

  async function acquire(signal?: AbortSignal): Promise<Lease<T>> {
    if (closed !== undefined) throw closed;
    if (signal?.aborted) throw aborted(name, signal);
    const start = clock.now();
    const held = await withinLimits(claim(), signal);
    const waitMs = clock.now() - start;
    count.acquired++;
    count.waitMsTotal += waitMs;
    count.waitMsMax = Math.max(count.waitMsMax, waitMs);
    return leaseOf(held);
  }

  /** Gives a grant now or later; `leave` takes the caller out of the queue. */
  function claim(): { readonly grant: Promise<Grant<T>>; readonly leave: () => void } {
    const held = idle.pop();
    if (held !== undefined) return { grant: Promise.resolve(held), leave: nothing };
    if (size < capacity) {
      size++;
      return { grant: Promise.resolve("open"), leave: nothing };
    }
    const { promise, resolve, reject } = Promise.withResolvers<Grant<T>>();
    const waiter: Waiter<T> = { grant: resolve, refuse: reject };
    waiters.add(waiter);
    return { grant: promise, leave: () => void waiters.delete(waiter) };
  }

  /** Resolves to a connection that is ready to use; when the caller has given up meanwhile, the pool keeps the connection. */
  function withinLimits(claimed: ReturnType<typeof claim>, signal: AbortSignal | undefined): Promise<Held<T>> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      const finish = (settle: () => void) => {
        if (isOver) return;
        isOver = true;
        claimed.leave();
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        settle();
      };
      const onAbort = () => finish(() => reject(aborted(name, signal)));
      const timer = setTimeout(() => {
        count.timeouts++;
        finish(() => reject(timedOut(options, waiters.size)));
      }, acquireTimeoutMs);
      signal?.addEventListener("abort", onAbort, { once: true });
      claimed.grant
        .then((grant) => {
          // The caller gave up in the turn in which the grant came: the next caller gets it.
          if (isOver) return giveBack(grant);
          return makeReady(grant).then((held) => (isOver ? giveBack(held) : finish(() => resolve(held))));
        })
        .catch((error: unknown) => finish(() => reject(error)));
    });
  }

  async function makeReady(grant: Grant<T>): Promise<Held<T>> {
    if (grant !== "open") {
      const isOld = clock.now() - grant.openedAt > recycleMs;
      if (!isOld && (await isUsable(grant.resource))) return grant;
      if (isOld) count.recycled++;
      else count.invalid++;
      discard(grant.resource);
    }
    try {
      return { resource: await open(), openedAt: clock.now() };
    } catch (error) {
      count.errors++;
      freeSlot();
      throw error;
    }
  }

  async function isUsable(resource: T): Promise<boolean> {
    try {
      return await check(resource);
    } catch {
      // A failed check means the same as the answer no.
      return false;
    }
  }

  function leaseOf(held: Held<T>): Lease<T> {
    let isReleased = false;
    return {
      resource: held.resource,
      release: (broken = false) => {
        if (isReleased) return;
        isReleased = true;
        if (!broken) return giveBack(held);
        count.invalid++;
        discard(held.resource);
        freeSlot();
      },
    };
  }

  function giveBack(grant: Grant<T>): void {
    if (grant === "open") return freeSlot();
    const waiter = closed === undefined ? nextWaiter() : undefined;
    if (waiter !== undefined) return waiter.grant(grant);
    if (closed === undefined && size <= base) return void idle.push(grant);
    discard(grant.resource);
    freeSlot();
  }

  /** Lets the caller that has waited longest open a connection in the free place. */
  function freeSlot(): void {
    const waiter = closed === undefined ? nextWaiter() : undefined;
    if (waiter === undefined) size--;
    else waiter.grant("open");
  }

  function nextWaiter(): Waiter<T> | undefined {
    for (const waiter of waiters) {
      waiters.delete(waiter);
      return waiter;
    }
    return undefined;
  }

  function discard(resource: T): void {
    // The connection may be dead already, so an error while closing it does not matter.
    const closing = Promise.resolve()
      .then(() => options.close(resource))
      .catch(nothing)
      .finally(() => closings.delete(closing));
    closings.add(closing);
  }

  async function close(): Promise<void> {
    closed ??= new NomalyError("POOL_TIMEOUT", `the ${name} pool is closed`, { field: name });
    for (const waiter of waiters) waiter.refuse(closed);
    waiters.clear();
    for (const { resource } of idle.splice(0)) {
      discard(resource);
      size--;
    }
    await Promise.all(closings);
  }

  const stats = (): ResourcePoolStats => ({
    base,
    capacity,
    size,
    idle: idle.length,
    inUse: size - idle.length,
    overflow: Math.max(0, size - base),
    waiting: waiters.size,
    ...count,
  });

  return { acquire, stats, close };
}

function nothing(): void {}

function aborted(name: string, signal: AbortSignal | undefined): NomalyError {
  return new NomalyError("ABORTED", `the caller stopped waiting for the ${name} pool`, { cause: signal?.reason });
}

function timedOut(options: Omit<ResourcePoolOptions<unknown>, "open" | "close" | "check">, waiting: number): NomalyError {
  const { name, base, overflow, acquireTimeoutMs } = options;
  const message = `no ${name} connection became free within ${acquireTimeoutMs} ms: all ${base + overflow} are in use, ${waiting} callers wait`;
  return new NomalyError("POOL_TIMEOUT", message, { field: name, expected: `${base} + ${overflow} connections` });
}
