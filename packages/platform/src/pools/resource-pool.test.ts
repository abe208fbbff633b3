import { describe, expect, it } from "vitest";
import { createResourcePool, type Lease } from "./resource-pool.ts";

interface Connection {
  readonly id: number;
  dead: boolean;
  closed: boolean;
}

function poolOf({ base = 2, overflow = 1, acquireTimeoutMs = 1000 } = {}) {
  const opened: Connection[] = [];
  const time = { now: 0 };
  const state = { failOpening: false };
  const pool = createResourcePool<Connection>({
    name: "database",
    base,
    overflow,
    acquireTimeoutMs,
    recycleMs: 3_600_000,
    open: async () => {
      if (state.failOpening) throw new Error("refused");
      const connection = { id: opened.length, dead: false, closed: false };
      opened.push(connection);
      return connection;
    },
    close: (connection) => void (connection.closed = true),
    check: async (connection) => !connection.dead,
    clock: { now: () => time.now },
  });
  return { pool, opened, time, state };
}

describe("a pool", () => {
  it("lets the 51st caller of 20 + 30 wait, then fails with a coded error", async () => {
    const { pool } = poolOf({ base: 20, overflow: 30, acquireTimeoutMs: 30 });
    const leases = await Promise.all(Array.from({ length: 50 }, () => pool.acquire()));
    expect(pool.stats()).toMatchObject({ size: 50, inUse: 50, overflow: 30, idle: 0 });
    const late = pool.acquire();
    expect(pool.stats().waiting).toBe(1);
    await expect(late).rejects.toMatchObject({ code: "POOL_TIMEOUT", field: "database" });
    expect(pool.stats()).toMatchObject({ waiting: 0, timeouts: 1 });
    for (const lease of leases) lease.release();
    expect(pool.stats()).toMatchObject({ size: 20, idle: 20, inUse: 0, overflow: 0 });
  });

  it("serves those who wait in the order in which they came", async () => {
    const { pool } = poolOf({ base: 1, overflow: 0 });
    const first = await pool.acquire();
    const order: string[] = [];
    const take = async (name: string) => {
      const lease = await pool.acquire();
      order.push(name);
      lease.release();
    };
    const both = [take("second"), take("third")];
    first.release();
    await Promise.all(both);
    expect(order).toEqual(["second", "third"]);
  });

  it("never hands out a connection that died while idle", async () => {
    const { pool, opened } = poolOf();
    (await pool.acquire()).release();
    opened[0].dead = true;
    const lease = await pool.acquire();
    expect(lease.resource.id).toBe(1);
    expect(opened[0].closed).toBe(true);
    expect(pool.stats()).toMatchObject({ invalid: 1, size: 1 });
  });

  it("replaces a connection older than an hour", async () => {
    const { pool, opened, time } = poolOf();
    (await pool.acquire()).release();
    time.now = 3_600_000;
    const young = await pool.acquire();
    expect(young.resource.id).toBe(0);
    young.release();
    time.now = 3_600_001;
    expect((await pool.acquire()).resource.id).toBe(1);
    expect(opened[0].closed).toBe(true);
    expect(pool.stats()).toMatchObject({ recycled: 1, invalid: 0 });
  });

  it("gives the place of a broken connection to whoever waits", async () => {
    const { pool } = poolOf({ base: 1, overflow: 0 });
    const first = await pool.acquire();
    const second = pool.acquire();
    first.release(true);
    expect((await second).resource.id).toBe(1);
    expect(pool.stats()).toMatchObject({ size: 1, invalid: 1 });
  });

  it("loses no place when opening fails, and tells the caller why", async () => {
    const { pool, state } = poolOf({ base: 1, overflow: 0 });
    state.failOpening = true;
    const attempts = [pool.acquire(), pool.acquire()];
    await expect(attempts[0]).rejects.toThrow("refused");
    await expect(attempts[1]).rejects.toThrow("refused");
    state.failOpening = false;
    expect((await pool.acquire()).resource.id).toBe(0);
    expect(pool.stats()).toMatchObject({ size: 1, errors: 2 });
  });

  it("keeps what became free for a caller that gave up", async () => {
    const { pool } = poolOf({ base: 1, overflow: 0 });
    const first = await pool.acquire();
    const controller = new AbortController();
    const given = pool.acquire(controller.signal);
    first.release();
    controller.abort();
    await expect(given).rejects.toMatchObject({ code: "ABORTED" });
    await expect(pool.acquire()).resolves.toBeDefined();
  });

  it("takes a connection back once, however often it is given back", async () => {
    const { pool } = poolOf();
    const lease: Lease<Connection> = await pool.acquire();
    lease.release();
    lease.release();
    expect(pool.stats()).toMatchObject({ size: 1, idle: 1 });
  });

  it("refuses callers once closed, and closes what comes back", async () => {
    const { pool, opened } = poolOf({ base: 1, overflow: 0 });
    const lease = await pool.acquire();
    const waiting = pool.acquire();
    const refused = expect(waiting).rejects.toMatchObject({ code: "POOL_TIMEOUT" });
    await pool.close();
    await refused;
    lease.release();
    await pool.close();
    expect(opened[0].closed).toBe(true);
    expect(pool.stats()).toMatchObject({ size: 0 });
  });
});
