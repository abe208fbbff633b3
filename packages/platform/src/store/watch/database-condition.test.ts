import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { type TestServer, withClient } from "../../../test-support/servers/postgres.ts";
import { modestUrl, watchedServer, withSql } from "../../../test-support/servers/watched.ts";
import { migrate } from "../schema/migrate.ts";
import { databaseCondition } from "./database-condition.ts";
import { lockWaits } from "./lock-waits.ts";
import { replicaLag } from "./replica-lag.ts";
import { tableBloat } from "./table-bloat.ts";
import { unusedIndexes } from "./unused-indexes.ts";

let server: TestServer;
let url: string;
beforeAll(async () => (server = await watchedServer()));
afterAll(() => server.stop());
beforeEach(async () => {
  url = await server.createDatabase();
  await migrate(url);
});

const run = (text: string) => withClient(url, async (client) => (await client.query<Record<string, unknown>>(text)).rows);
const manyDetectors = `insert into detectors (id, name, algorithm_name, contamination, options)
  select gen_random_uuid(), 'd' || n, 'algorithm-' || n, 0.1, '{}' from generate_series(1, 40000) n`;

it("a new database is in good condition", async () => {
  expect(await withSql(url, databaseCondition)).toMatchObject({
    index_faults: [],
    unused_indexes: { unused: [] },
    lock_waits: [],
    replicas: [],
    not_seen: [],
  });
});

it("the bloat of a table is near what reading all of it finds, and its dead rows are counted", async () => {
  await run(`create extension pgstattuple; ${manyDetectors}`);
  const ofDetectors = async () => (await withSql(url, tableBloat)).find(({ table }) => table === "public.detectors");
  expect(await ofDetectors()).toMatchObject({ needed_bytes: null, bloat_percent: null });
  await run("vacuum analyze detectors");
  expect((await ofDetectors())?.bloat_percent).toBeLessThan(5);
  await run("delete from detectors where right(name, 1) in ('1', '3', '5', '7')");
  await eventually("the dead rows are counted", async () => ((await ofDetectors())?.dead_rows ?? 0) > 0);
  expect(await ofDetectors()).toMatchObject({ live_rows: 24_000, dead_rows: 16_000 });
  await run("vacuum analyze detectors");
  const [{ free }] = await run("select free_percent as free from pgstattuple('detectors')");
  expect(Math.abs(((await ofDetectors())?.bloat_percent ?? 0) - Number(free))).toBeLessThan(5);
  expect(Number(free)).toBeGreaterThan(30);
});

it("an index of a megabyte that nobody has used is named, and no more once it is used", async () => {
  await run(manyDetectors);
  const names = async () => (await withSql(url, unusedIndexes)).unused.map(({ index }) => index);
  const before = await names();
  expect(before).toContain("public.idx_detectors_algorithm");
  // Small ones, those of empty tables, and those that keep values unique.
  expect(before.filter((name) => /pkey|datasets/.test(name))).toEqual([]);
  await run("set enable_seqscan = off; select from detectors where algorithm_name = 'algorithm-7'");
  await eventually("the use is counted", async () => !(await names()).includes("public.idx_detectors_algorithm"));
  expect((await withSql(url, unusedIndexes)).counted_since).toBeNull();
  await run("select pg_stat_reset()");
  expect((await withSql(url, unusedIndexes)).counted_since).toBeInstanceOf(Date);
});

it("who waits for a lock is told with those who hold it, without their values", async () => {
  await run("create table held (a integer)");
  await withClient(url, async (holder) => {
    await holder.query("begin; lock table held in access exclusive mode");
    await holder.query("select 'secret'");
    const waiting = expect(run("select a from held where a = 4711")).resolves.toEqual([]);
    const waits = () => withSql(url, lockWaits);
    await eventually("a session waits", async () => (await waits()).length === 1);
    const before = Date.now();
    const [first] = await waits();
    expect(first).toMatchObject({
      application_name: "test",
      state: "active",
      query: "select a from held where a = ?",
      waits_for: [{ application_name: "test", state: "idle in transaction", query: "select ?" }],
    });
    const [second] = await waits();
    // In milliseconds, and the longer the later it is asked.
    const grown = (second.waited_ms ?? 0) - (first.waited_ms ?? 0);
    expect(grown).toBeGreaterThan(0);
    expect(grown).toBeLessThanOrEqual(Date.now() - before + 1000);
    expect(second.waits_for[0].transaction_ms).toBeGreaterThan(second.waited_ms ?? 0);
    const modest = await withSql(await modestUrl(url, "modest_locks"), lockWaits);
    expect(modest).toMatchObject([{ state: null, query: null, waits_for: [{ state: null, query: null }] }]);
    await holder.query("rollback");
    await waiting;
  });
});

it("a replica that stands still is so many bytes behind, and none once it has replayed them", { timeout: 60_000 }, async () => {
  const replica = await server.startReplica();
  try {
    const lag = () => withSql(url, replicaLag);
    const isLevel = async () => (await lag())[0]?.bytes_behind === 0;
    await eventually("the replica has all", isLevel, 30_000);
    expect(await lag()).toMatchObject([{ state: "streaming" }]);
    replica.pause();
    const [{ before }] = await run("select pg_current_wal_lsn() as before");
    await run(manyDetectors);
    const [{ bytes }] = await run(`select pg_wal_lsn_diff(pg_current_wal_lsn(), '${String(before)}')::float8 as bytes`);
    expect((await lag())[0].bytes_behind).toBeGreaterThanOrEqual(Number(bytes));
    replica.resume();
    await eventually("the replica has all again", isLevel, 30_000);
  } finally {
    replica.resume();
    await replica.stop();
  }
});
