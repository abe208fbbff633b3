import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createResourcePool } from "./resource-pool.ts";

interface Connection {
  readonly id: number;
}

function poolOf({ base = 1, overflow = 1, acquireTimeoutMs = 1000 } = {}) {
  const time = { now: 0 };
  const seen = { opened: 0, closed: [] as number[], checks: 0, failing: "nothing" as "nothing" | "open" | "check" | "close" };
  /** If set, opening and checking wait for this promise. */
  const held: { gate?: Promise<void> } = {};
  const pool = createResourcePool<Connection>({
    name: "database",
    base,
    overflow,
    acquireTimeoutMs,
    recycleMs: 1000,
    open: async () => {
      await held.gate;
      if (seen.failing === "open") throw new Error("refused");
      return { id: seen.opened++ };
    },
    close: async ({ id }) => {
      await held.gate;
      seen.closed.push(id);
      if (seen.failing === "close") throw new Error("it was dead already");
    },
    check: async () => {
      seen.checks++;
      if (seen.failing === "check") throw new Error("no answer");
      return true;
    },
    clock: { now: () => time.now },
  });
  return { pool, time, seen, held };
}

describe("what a pool counts", () => {
  it("is who was served, how long they waited together and at most, and nobody's time-out", async () => {
    const { pool, time, held } = poolOf({ base: 3, overflow: 0 });
    for (const waitMs of [30, 10]) {
      const gate = Promise.withResolvers<void>();
      held.gate = gate.promise;
      const acquiring = pool.acquire();
      time.now += waitMs;
      gate.resolve();
      await acquiring;
    }
    const expected = { acquired: 2, waitMsTotal: 40, waitMsMax: 30, timeouts: 0, errors: 0, recycled: 0, invalid: 0 };
    expect(pool.stats()).toMatchObject({
      ...expected,
      base: 3,
      capacity: 3,
      size: 2,
      inUse: 2,
      idle: 0,
      overflow: 0,
      waiting: 0,
    });
  });

  it("has no time-out of a caller that was served in time", async () => {
    const { pool } = poolOf({ acquireTimeoutMs: 20 });
    const lease = await pool.acquire();
    await sleep(60);
    expect(pool.stats()).toMatchObject({ timeouts: 0, waiting: 0 });
    lease.release();
    expect(pool.stats()).toMatchObject({ size: 1, idle: 1 });
  });

  it("has the overflow only while it is open", async () => {
    const { pool, seen } = poolOf({ base: 1, overflow: 2 });
    const leases = [await pool.acquire(), await pool.acquire(), await pool.acquire()];
    expect(pool.stats()).toMatchObject({ size: 3, overflow: 2, capacity: 3 });
    leases[0].release();
    leases[1].release();
    expect(pool.stats()).toMatchObject({ size: 1, overflow: 0, idle: 0 });
    leases[2].release();
    expect(pool.stats()).toMatchObject({ size: 1, overflow: 0, idle: 1 });
    await pool.close();
    expect(seen.closed.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  });
});

describe("a pool's connection", () => {
  it("is checked before it is used again, and not when it was just opened", async () => {
    const { pool, seen } = poolOf();
    (await pool.acquire()).release();
    expect(seen.checks).toBe(0);
    (await pool.acquire()).release();
    expect(seen.checks).toBe(1);
  });

  it("is replaced when its check fails in any way", async () => {
    const { pool, seen } = poolOf();
    (await pool.acquire()).release();
    seen.failing = "check";
    expect((await pool.acquire()).resource.id).toBe(1);
    expect(seen.closed).toEqual([0]);
    expect(pool.stats()).toMatchObject({ invalid: 1, recycled: 0, size: 1 });
  });

  it("counts as recycled when it is too old, and is not checked then", async () => {
    const { pool, seen, time } = poolOf();
    (await pool.acquire()).release();
    time.now = 1001;
    expect((await pool.acquire()).resource.id).toBe(1);
    expect(seen.checks).toBe(0);
    expect(pool.stats()).toMatchObject({ recycled: 1, invalid: 0 });
  });

  it("leaves its place although closing it fails", async () => {
    const { pool, seen } = poolOf({ base: 1, overflow: 0 });
    const lease = await pool.acquire();
    seen.failing = "close";
    lease.release(true);
    expect(pool.stats()).toMatchObject({ size: 0, invalid: 1 });
    expect((await pool.acquire()).resource.id).toBe(1);
    await pool.close();
  });

  it("that was thrown away is not given back a second time", async () => {
    const { pool } = poolOf({ base: 1, overflow: 0 });
    const lease = await pool.acquire();
    lease.release(true);
    lease.release();
    expect(pool.stats()).toMatchObject({ size: 0, idle: 0, invalid: 1 });
  });
});

describe("a caller of a pool", () => {
  it("that gave up before it asked takes nothing", async () => {
    const { pool, seen } = poolOf();
    await expect(pool.acquire(AbortSignal.abort("gone"))).rejects.toMatchObject({ code: "ABORTED", cause: "gone" });
    expect(seen.opened).toBe(0);
    expect(pool.stats()).toMatchObject({ size: 0, acquired: 0 });
  });

  it("that gives up while it waits leaves the queue", async () => {
    const { pool } = poolOf({ base: 1, overflow: 0 });
    const lease = await pool.acquire();
    const controller = new AbortController();
    const waiting = pool.acquire(controller.signal);
    expect(pool.stats().waiting).toBe(1);
    controller.abort("gone");
    await expect(waiting).rejects.toMatchObject({ code: "ABORTED", cause: "gone" });
    expect(pool.stats().waiting).toBe(0);
    lease.release();
    expect(pool.stats()).toMatchObject({ size: 1, idle: 1 });
  });

  it("that gives up while a connection is opened for it leaves it to the pool", async () => {
    const { pool, held } = poolOf({ base: 1, overflow: 0 });
    const gate = Promise.withResolvers<void>();
    held.gate = gate.promise;
    const controller = new AbortController();
    const opening = pool.acquire(controller.signal);
    controller.abort();
    await expect(opening).rejects.toMatchObject({ code: "ABORTED" });
    const next = pool.acquire();
    gate.resolve();
    expect((await next).resource.id).toBe(0);
    expect(pool.stats()).toMatchObject({ size: 1, acquired: 1 });
  });

  it("whose signal ends later keeps what it has", async () => {
    const { pool } = poolOf();
    const controller = new AbortController();
    const lease = await pool.acquire(controller.signal);
    controller.abort();
    lease.release();
    expect(pool.stats()).toMatchObject({ size: 1, idle: 1, acquired: 1 });
  });

  it("is told the name, the size and how many others still wait when its time is over", async () => {
    const { pool } = poolOf({ base: 1, overflow: 1, acquireTimeoutMs: 20 });
    await pool.acquire();
    await pool.acquire();
    const outcomes = await Promise.allSettled([pool.acquire(), pool.acquire()]);
    for (const [index, others] of [1, 0].entries()) {
      expect(outcomes[index]).toMatchObject({
        status: "rejected",
        reason: { code: "POOL_TIMEOUT", field: "database", expected: "1 + 1 connections" },
      });
      const message = `no database connection became free within 20 ms: all 2 are in use, ${others} callers wait`;
      expect((outcomes[index] as PromiseRejectedResult).reason).toHaveProperty("message", message);
    }
  });
});

describe("closing a pool", () => {
  it("waits until what it closes is closed, and refuses who comes later", async () => {
    const { pool, seen, held } = poolOf();
    (await pool.acquire()).release();
    const gate = Promise.withResolvers<void>();
    held.gate = gate.promise;
    let isClosed = false;
    const closing = pool.close().then(() => (isClosed = true));
    await sleep(5);
    expect(isClosed).toBe(false);
    gate.resolve();
    await closing;
    expect(seen.closed).toEqual([0]);
    await expect(pool.acquire()).rejects.toMatchObject({ code: "POOL_TIMEOUT", message: "the database pool is closed" });
    expect(pool.stats()).toMatchObject({ size: 0, idle: 0 });
  });

  it("leaves nobody in the queue, and nothing that is given back to anybody", async () => {
    const { pool, seen } = poolOf({ base: 1, overflow: 0 });
    const lease = await pool.acquire();
    const refused = expect(pool.acquire()).rejects.toMatchObject({ code: "POOL_TIMEOUT" });
    await pool.close();
    await refused;
    expect(pool.stats()).toMatchObject({ waiting: 0, size: 1 });
    lease.release();
    await pool.close();
    expect(seen.closed).toEqual([0]);
    expect(pool.stats()).toMatchObject({ size: 0, idle: 0 });
  });
});
