import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { startFaultProxy } from "../../../test-support/faults/fault-proxy.ts";
import { startTestDatabase, type TestDatabase, withClient } from "../../../test-support/servers/postgres.ts";
import { type DatabaseOptions, type OpenDatabase, openDatabase } from "./open-database.ts";

let server: TestDatabase;
let url: string;
beforeAll(async () => {
  server = await startTestDatabase();
  url = await server.createDatabase();
  await withClient(url, (client) => client.query("create table numbers (value integer primary key)"));
});
afterAll(() => server.stop());

const opened: OpenDatabase[] = [];
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

function open(options: Partial<DatabaseOptions> = {}): OpenDatabase {
  const database = openDatabase({
    url,
    applicationName: "nomaly test",
    poolSize: 2,
    maxOverflow: 1,
    acquireTimeoutMs: 5000,
    recycleMs: 3_600_000,
    statementTimeoutMs: 60_000,
    ...options,
  });
  opened.push(database);
  return database;
}

async function backendOf(database: OpenDatabase): Promise<number> {
  const { rows } = await database.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0].pid;
}

const terminate = (pid: number) => withClient(url, (client) => client.query("select pg_terminate_backend($1, 5000)", [pid]));

/** What runs on this server under our name, by text. */
async function running(text: string): Promise<number> {
  const question =
    "select count(*)::integer as count from pg_stat_activity where state = 'active' and query = $1 and datname = current_database()";
  return withClient(url, async (client) => (await client.query<{ count: number }>(question, [text])).rows[0].count);
}

describe("the database pool", () => {
  it("opens sessions named nomaly, without jit, with 60 s for a statement", async () => {
    const names = ["application_name", "jit", "statement_timeout", "timezone"];
    const text = `select ${names.map((name) => `current_setting('${name}') as ${name}`).join(", ")}`;
    const { rows } = await open().query(text);
    expect(rows).toEqual([{ application_name: "nomaly test", jit: "off", statement_timeout: "1min", timezone: "UTC" }]);
  });

  it("keeps its session settings when the URL brings others", async () => {
    const withOptions = new URL(url);
    withOptions.searchParams.set("options", "-c jit=on -c work_mem=5MB");
    withOptions.searchParams.set("application_name", "another");
    const text =
      "select current_setting('jit') as jit, current_setting('work_mem') as work_mem, current_setting('application_name') as name";
    const { rows } = await open({ url: withOptions.href }).query(text);
    expect(rows).toEqual([{ jit: "off", work_mem: "5MB", name: "nomaly test" }]);
  });

  it("lets the 51st caller wait and fail at its timeout with a coded error", async () => {
    const database = open({ poolSize: 20, maxOverflow: 30, acquireTimeoutMs: 3000 });
    const release = Promise.withResolvers<void>();
    let begun = 0;
    const held = Array.from({ length: 50 }, () =>
      database.transaction(async (sql) => {
        await sql.query("select 1");
        begun++;
        await release.promise;
      }),
    );
    await eventually("50 connections are in use", () => begun === 50);
    const start = performance.now();
    await expect(database.query("select 1")).rejects.toMatchObject({ code: "POOL_TIMEOUT", field: "database" });
    expect(performance.now() - start).toBeGreaterThan(2900);
    expect(database.stats().pool).toMatchObject({ size: 50, inUse: 50, overflow: 30, timeouts: 1 });
    release.resolve();
    await Promise.all(held);
    await eventually("the overflow is closed", () => database.stats().pool.size === 20);
  });

  it("never hands out a connection that was killed while idle", async () => {
    const database = open();
    const pid = await backendOf(database);
    await terminate(pid);
    expect(await backendOf(database)).not.toBe(pid);
    expect(database.stats().pool).toMatchObject({ invalid: 1, size: 1 });
  });

  it("replaces a connection that is older than its age", async () => {
    const time = { now: 0 };
    const database = open({ clock: { now: () => time.now } });
    const pid = await backendOf(database);
    time.now = 3_600_000;
    expect(await backendOf(database)).toBe(pid);
    time.now = 3_600_001;
    expect(await backendOf(database)).not.toBe(pid);
    expect(database.stats().pool.recycled).toBe(1);
  });

  it("ends a statement at the limit and keeps the connection", async () => {
    const database = open({ statementTimeoutMs: 100 });
    const pid = await backendOf(database);
    await expect(database.query("select pg_sleep(20)")).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(await backendOf(database)).toBe(pid);
  });

  it("cancels the running statement of a caller that leaves, and gives its connection back", async () => {
    const database = open();
    const pid = await backendOf(database);
    const caller = new AbortController();
    const text = "select pg_sleep(30)";
    const asked = expect(database.withSignal(caller.signal).query(text)).rejects.toMatchObject({ code: "ABORTED" });
    await eventually("it runs", async () => (await running(text)) === 1);
    caller.abort();
    await asked;
    expect(await running(text)).toBe(0);
    expect(await backendOf(database)).toBe(pid);
    expect(database.stats().statements.cancelled).toBe(1);
  });

  it("rolls back the transaction of a caller that leaves", async () => {
    const database = open();
    const caller = new AbortController();
    const work = database.withSignal(caller.signal).transaction(async (sql) => {
      await sql.query("insert into numbers values (1)");
      caller.abort();
    });
    await expect(work).rejects.toMatchObject({ code: "ABORTED" });
    expect((await database.query("select from numbers where value = 1")).rowCount).toBe(0);
    expect(database.stats().pool).toMatchObject({ invalid: 0, inUse: 0, idle: 1 });
  });

  it("lets a waiting caller leave the queue", async () => {
    const database = open({ poolSize: 1, maxOverflow: 0 });
    const release = Promise.withResolvers<void>();
    const holder = database.transaction(() => release.promise);
    await eventually("it is held", () => database.stats().statements.transactions === 1);
    const caller = new AbortController();
    const waiting = expect(database.withSignal(caller.signal).query("select 1")).rejects.toMatchObject({ code: "ABORTED" });
    caller.abort();
    await waiting;
    expect(database.stats().pool.waiting).toBe(0);
    release.resolve();
    await holder;
  });

  it("sends a read again, once, when its connection is lost; never a write", async () => {
    const database = open();
    const text = "select pg_sleep(1)";
    const asked = database.read.query(text);
    await eventually("it runs", async () => (await running(text)) === 1);
    const killer =
      "select pg_terminate_backend(pid, 5000) from pg_stat_activity where query = $1 and datname = current_database() and pid <> pg_backend_pid()";
    await withClient(url, (client) => client.query(killer, [text]));
    expect((await asked).rowCount).toBe(1);
    expect(database.stats().statements.retries).toBe(1);
    const write = "insert into numbers select 2 from pg_sleep(30)";
    const written = expect(database.query(write)).rejects.toMatchObject({ code: "DATABASE" });
    await eventually("it runs", async () => (await running(write)) === 1);
    await withClient(url, (client) => client.query(killer, [write]));
    await written;
    expect((await database.query("select from numbers where value = 2")).rowCount).toBe(0);
  });

  it("refuses a statement after the end of its transaction", async () => {
    const database = open();
    const late = await database.transaction(async (sql) => sql);
    await expect(late.query("insert into numbers values (3)")).rejects.toThrow("after the end");
  });

  it("tells values that cannot be stored from faults of the database", async () => {
    const database = open();
    await expect(database.query("select $1::text", ["a\0b"])).rejects.toMatchObject({ code: "REQUEST" });
    await expect(database.query("select $1::integer", [3e10])).rejects.toMatchObject({ code: "REQUEST" });
    await expect(database.query("select nothing")).rejects.toMatchObject({ code: "DATABASE" });
    await database.query("insert into numbers values (4)");
    await expect(database.query("insert into numbers values (4)")).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("counts statements and their time", async () => {
    const database = open();
    await database.query("select 1");
    await database.transaction((sql) => sql.query("select pg_sleep(0.01)"));
    await database.query("select nothing").catch(() => undefined);
    const { statements } = database.stats();
    expect(statements).toMatchObject({ count: 3, failures: 1, transactions: 1, cancelled: 0, slow: 0 });
    expect(statements.durationMsMax).toBeGreaterThanOrEqual(9);
    expect(statements.durationMsTotal).toBeGreaterThanOrEqual(statements.durationMsMax);
  });

  it("does not wait for ever on a server that has gone silent, and is of use again when it is back", async () => {
    const { hostname, port } = new URL(url);
    const proxy = await startFaultProxy({ host: hostname, port: Number(port) });
    try {
      const through = Object.assign(new URL(url), { hostname: proxy.host, port: String(proxy.port) }).href;
      const database = open({ url: through, poolSize: 1, maxOverflow: 0, acquireTimeoutMs: 1000, statementTimeoutMs: 1000 });
      await backendOf(database);
      const asked = database.query("select pg_sleep(0.5)");
      await eventually("it runs", () => database.stats().pool.inUse === 1);
      await eventually("it was sent", async () => (await running("select pg_sleep(0.5)")) === 1);
      proxy.blackhole();
      await expect(database.query("select 1")).rejects.toMatchObject({ code: "POOL_TIMEOUT" });
      await expect(asked).rejects.toMatchObject({ code: "DATABASE" });
      proxy.heal();
      await eventually("it is of use", () => backendOf(database).then(Boolean, () => false), 20_000);
      expect(database.stats().pool).toMatchObject({ size: 1, inUse: 0 });
    } finally {
      await proxy.close();
    }
  });

  it("is of use again by itself after every connection was cut", async () => {
    const { hostname, port } = new URL(url);
    const proxy = await startFaultProxy({ host: hostname, port: Number(port) });
    try {
      const database = open({ url: Object.assign(new URL(url), { hostname: proxy.host, port: String(proxy.port) }).href });
      await Promise.all([backendOf(database), backendOf(database), backendOf(database)]);
      proxy.cut();
      expect(await Promise.all([backendOf(database), backendOf(database)])).toHaveLength(2);
      proxy.refuse();
      proxy.cut();
      await expect(database.query("select 1")).rejects.toMatchObject({ code: "DATABASE" });
      proxy.heal();
      expect(await backendOf(database)).toBeGreaterThan(0);
      expect(database.stats().pool).toMatchObject({ inUse: 0 });
    } finally {
      await proxy.close();
    }
  });
});
