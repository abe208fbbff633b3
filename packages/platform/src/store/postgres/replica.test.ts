import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { startTestServer, type TestServer, withClient } from "../../../test-support/servers/postgres.ts";
import { addDetector, openTestDatabase } from "../../../test-support/servers/store.ts";
import { detectorById, updateDetector } from "../tables/detectors.ts";
import { migrate } from "../schema/migrate.ts";
import type { OpenDatabase } from "./open-database.ts";

let primary: TestServer;
let replica: TestServer;
let database: OpenDatabase;
const time = { ahead: 0 };

beforeAll(async () => {
  primary = await startTestServer();
  await migrate(primary.url);
  replica = await primary.startReplica();
});
afterAll(async () => {
  await replica.stop();
  await primary.stop();
});
beforeEach(async () => {
  time.ahead = 0;
  const clock = { now: () => performance.now() + time.ahead };
  database = openTestDatabase({ url: primary.url, replicaUrl: replica.url, clock, acquireTimeoutMs: 2000 });
  await eventually("the replica is in use", isReady);
});
afterEach(() => database.close());

const state = () => database.stats().replica;

async function isReady(): Promise<boolean> {
  await database.probeReplica();
  return state()?.state === "ready";
}

/** Where a read is answered: the replica is in recovery, the primary is not. */
async function isReadFromReplica(): Promise<boolean> {
  const { rows } = await database.read.query<{ there: boolean }>("select pg_is_in_recovery() as there");
  return rows[0].there;
}

const onReplica = (text: string) => withClient(replica.url, (client) => client.query(text));

describe("a read replica", () => {
  it("answers reads, and never writes or transactions", async () => {
    expect(await isReadFromReplica()).toBe(true);
    const text = "select pg_is_in_recovery() as there";
    expect((await database.query(text)).rows).toEqual([{ there: false }]);
    expect((await database.transaction((sql) => sql.query(text))).rows).toEqual([{ there: false }]);
    expect(state()).toMatchObject({ reads: 1 });
  });

  it("is not asked until it has what this process wrote", async () => {
    await onReplica("select pg_wal_replay_pause()");
    const id = await addDetector(database, { name: "first" });
    expect((await detectorById(database.read, id))?.name).toBe("first");
    await database.transaction((sql) => updateDetector(sql, id, { name: "second" }));
    expect((await detectorById(database.read, id))?.name).toBe("second");
    await database.query("update detectors set name = 'third' where id = $1", [id]);
    expect((await detectorById(database.read, id))?.name).toBe("third");
    expect(state()).toMatchObject({ state: "behind", reads: 0, fallbacks: { behind: 3 } });
    await onReplica("select pg_wal_replay_resume()");
    await eventually("the replica is in use again", isReadFromReplica);
    expect((await detectorById(database.read, id))?.name).toBe("third");
  });

  it("is not asked until it has what another process wrote and said so", async () => {
    const id = await addDetector(database, { name: "first" });
    await eventually("the replica is in use", async () => (await isReady()) && (await isReadFromReplica()));
    await onReplica("select pg_wal_replay_pause()");
    const text = `update detectors set name = 'by another' where id = '${id}'`;
    await withClient(primary.url, (client) => client.query(text));
    database.heardOfWrite();
    expect((await detectorById(database.read, id))?.name).toBe("by another");
    await database.probeReplica();
    expect((await detectorById(database.read, id))?.name).toBe("by another");
    await onReplica("select pg_wal_replay_resume()");
    await eventually("the replica is in use again", isReadFromReplica);
    expect((await detectorById(database.read, id))?.name).toBe("by another");
  });

  it("gives every one of many alternating writes and reads its own write", async () => {
    const id = await addDetector(database);
    for (let count = 0; count < 60; count++) {
      await database.transaction((sql) => updateDetector(sql, id, { name: `${count}` }));
      expect((await detectorById(database.read, id))?.name).toBe(`${count}`);
    }
  });

  it("that is stale is left alone and shown, and used again when it has caught up", async () => {
    await onReplica("select pg_wal_replay_pause()");
    // Written by another process: this one has no position to wait for.
    await withClient(primary.url, (client) =>
      client.query("create table if not exists later (value integer); insert into later values (1)"),
    );
    await database.probeReplica();
    expect(await isReadFromReplica()).toBe(true);
    time.ahead += 6000;
    await database.probeReplica();
    expect(await isReadFromReplica()).toBe(false);
    expect(state()).toMatchObject({ state: "stale", fallbacks: { stale: 1 } });
    expect(state()?.lagMs).toBeGreaterThan(5000);
    await onReplica("select pg_wal_replay_resume()");
    await eventually("it is used again", async () => (await isReady()) && (await isReadFromReplica()));
  });

  it("that dies costs no read, is shown, and is used again when it is back", async () => {
    expect(await isReadFromReplica()).toBe(true);
    await replica.kill();
    const reads = await Promise.all(Array.from({ length: 10 }, isReadFromReplica));
    expect(reads).toEqual(Array.from({ length: 10 }, () => false));
    await eventually("it is shown as down", () => state()?.state === "down");
    expect(state()?.lastError).toContain("database");
    expect(await isReadFromReplica()).toBe(false);
    await replica.start();
    await eventually("it is used again", async () => (await isReady()) && (await isReadFromReplica()));
  });

  it("that hangs holds a read for some seconds only", async () => {
    expect(await isReadFromReplica()).toBe(true);
    replica.pause();
    try {
      const start = performance.now();
      expect(await isReadFromReplica()).toBe(false);
      expect(performance.now() - start).toBeLessThan(8000);
      await eventually("it is shown as down", () => state()?.state === "down");
      const next = performance.now();
      expect(await isReadFromReplica()).toBe(false);
      expect(performance.now() - next).toBeLessThan(1000);
    } finally {
      replica.resume();
    }
    await eventually("it is used again", async () => (await isReady()) && (await isReadFromReplica()));
  });

  it("that is no replica is not read from", async () => {
    const own = openTestDatabase({ url: primary.url, replicaUrl: primary.url });
    try {
      await own.probeReplica();
      expect((await own.read.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
      expect(own.stats().replica).toMatchObject({ state: "down", lastError: expect.stringContaining("no replica") });
    } finally {
      await own.close();
    }
  });

  it("answers reads also while the primary is away", async () => {
    await primary.kill();
    try {
      expect(await isReadFromReplica()).toBe(true);
    } finally {
      await primary.start();
    }
    await eventually("it follows again", isReady, 20_000);
  });
});
