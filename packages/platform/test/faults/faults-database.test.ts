import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { requireExactlyKept } from "../../test-support/faults/check-kept.ts";
import { eventually } from "../../test-support/eventually.ts";
import { faultRandom, healthy } from "../../test-support/faults/faults.ts";
import type { KeepingClient } from "../../test-support/faults/keeping-client.ts";
import { withClient } from "../../test-support/servers/postgres.ts";
import { type Answer, ask, askAll, type Json, send, trySend } from "../../test-support/requests.ts";
import { openStage, sharedServer, type Stage } from "../../test-support/stage.ts";

const timeout = 300_000;
/** Generous: the machine may have much else to do. */
const answeredMsMax = 20_000;

const shared = sharedServer();
let stage: Stage;
beforeAll(shared.start);
afterAll(shared.stop);
beforeEach(async () => void (stage = await openStage(shared.server())));
afterEach(() => stage.scene.endAll());

/** The client gets on. */
async function acknowledges(client: KeepingClient, count: number): Promise<void> {
  const wanted = client.acknowledgedCount() + count;
  await eventually(`${count} further requests are acknowledged`, () => client.acknowledgedCount() >= wanted, 60_000);
}

async function kept(client: KeepingClient, url: string): Promise<string> {
  await client.finish();
  await healthy(url);
  await requireExactlyKept(url, client);
  return `${client.acknowledgedCount()} requests acknowledged, ${client.repeatedCount()} times one was sent again`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // There is no such process.
    return false;
  }
}

describe("faults of the database", () => {
  it(
    "the database is killed twice and shut down once under load, and started again: requests are answered 503 meanwhile and go on by themselves, nothing is missing or doubled",
    { timeout },
    async ({ task }) => {
      const { url } = await stage.start();
      const client = stage.client(faultRandom("restarted database"), url);
      const { server } = stage;
      for (const signal of ["SIGKILL", "SIGINT", "SIGKILL"] as const) {
        await acknowledges(client, 8);
        const repeated = client.repeatedCount();
        const { pid } = server;
        process.kill(pid, signal);
        await eventually("the database has ended", () => !isAlive(pid));
        await eventually("requests are refused for now", () => client.repeatedCount() > repeated + 3, answeredMsMax);
        await server.start();
      }
      await acknowledges(client, 8);
      task.meta.seen = await kept(client, url);
    },
  );

  it(
    "the database answers 60 ms late each time: requests are slow and succeed; 10 s late: they are refused with 503 and Retry-After at their time limit, and all is well again after it",
    { timeout },
    async ({ task }) => {
      // Long enough for the many late answers of one request, also on a busy machine.
      const { url } = await stage.start({ NOMALY_REQUEST_TIMEOUT_S: "6" });
      const client = stage.client(faultRandom("slow database"), url);
      await acknowledges(client, 5);
      stage.proxy.delay(30);
      await acknowledges(client, 5);
      stage.proxy.delay(10_000);
      await refusedInTime(url);
      expect((await send(url, "GET /health/live")).status).toBe(200);
      stage.proxy.delay(0);
      await acknowledges(client, 5);
      task.meta.seen = await kept(client, url);
    },
  );

  it(
    "the connection to the database is silent, as when a cable is pulled: requests are refused at their time limit, /health/ready says so within 5 s, and all is well again after it",
    { timeout },
    async ({ task }) => {
      const { url } = await stage.start({ NOMALY_REQUEST_TIMEOUT_S: "2" });
      const client = stage.client(faultRandom("silent database"), url);
      await acknowledges(client, 5);
      stage.proxy.blackhole();
      await refusedInTime(url);
      expect((await send(url, "GET /health/live")).status).toBe(200);
      await eventually("readiness is refused", async () => (await send(url, "GET /health/ready")).status === 503, 5000);
      stage.proxy.heal();
      await acknowledges(client, 5);
      task.meta.seen = await kept(client, url);
    },
  );

  it(
    "all connections of the pool are taken: further requests are refused with 503 after their wait for one, and succeed under the same key afterwards, each once",
    { timeout },
    async ({ task }) => {
      const settings = { NOMALY_DATABASE_POOL_SIZE: "2", NOMALY_DATABASE_MAX_OVERFLOW: "1", NOMALY_DATABASE_POOL_TIMEOUT_S: "1" };
      const { url } = await stage.start({ ...settings, NOMALY_REQUEST_TIMEOUT_S: "10", NOMALY_JOB_CONCURRENCY: "0" });
      const names = Array.from({ length: 12 }, (_, index) => `detector-${index}`);
      const create = (name: string) => send(url, "POST /api/detectors", { json: { name }, key: name });
      let refused: readonly Answer[] = [];
      await withClient(stage.databaseUrl, async (client) => {
        await client.query("begin");
        await client.query("lock table detectors in access exclusive mode");
        refused = await Promise.all(names.map(create));
        await client.query("rollback");
      });
      expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]));
      for (const { headers } of refused) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
      const codes = refused.map(({ body }) => String(body["code"]));
      expect(codes.filter((code) => code === "POOL_TIMEOUT").length).toBeGreaterThanOrEqual(9);
      const created = await Promise.all(names.map(create));
      expect(created.map(({ status }) => status)).toEqual(names.map(() => 201));
      const listed = (await askAll(url, "/api/detectors")).map(({ name }) => String(name));
      expect(listed.toSorted()).toEqual(names.toSorted());
      const { pool } = (await healthy(url))["database"] as { pool: Json };
      expect(pool["timeouts"]).toBeGreaterThanOrEqual(9);
      task.meta.seen = `12 requests for 3 connections; refused as ${[...new Set(codes)].toSorted().join(" and ")}`;
    },
  );
});

/** At its time limit and not when the database comes back; with the time after which to ask again. */
async function refusedInTime(url: string): Promise<void> {
  const answers = await Promise.all([
    trySend(url, "GET /api/detectors", { timeoutMs: answeredMsMax }),
    trySend(url, "POST /api/detectors", { json: { name: "refused" }, key: "refused", timeoutMs: answeredMsMax }),
  ]);
  for (const answer of answers) {
    expect(answer?.status, answer?.text).toBe(503);
    expect(Number(answer?.headers.get("retry-after"))).toBeGreaterThan(0);
  }
}

describe("faults of a read replica", () => {
  const stateOf = async (url: string): Promise<Json> => {
    const { database } = (await ask(url, "GET /health/full")) as { database: { replica: Json } };
    return database.replica;
  };
  const isReady = async (url: string, moreReadsThan = -1) => {
    const { state, reads } = await stateOf(url);
    return state === "ready" && Number(reads) > moreReadsThan;
  };

  it(
    "the replica is behind, then killed, then back: every write is read at once after it, every read is answered, and the replica is used again",
    { timeout },
    async ({ task }) => {
      const replica = stage.scene.opened(await stage.server.startReplica(), (open) => open.stop());
      const replicaUrl = new URL(stage.databaseUrl);
      replicaUrl.port = String(replica.port);
      const { url } = await stage.start({ DATABASE_REPLICA_URL: replicaUrl.href });
      const client = stage.client(faultRandom("replica"), url);
      await acknowledges(client, 5);
      await client.finish();
      const readsItsWrites = async (count: number) => {
        for (let turn = 0; turn < count; turn++) {
          const name = `own-${client.acknowledged.detectors.size}`;
          const { id } = await ask(url, "POST /api/detectors", { json: { name } });
          const [newest] = (await ask(url, "GET /api/detectors?limit=1"))["items"] as Json[];
          expect(newest).toMatchObject({ id, name });
          client.acknowledged.detectors.set(name, String(id));
        }
      };
      await eventually(
        "the replica answers reads",
        async () => {
          await ask(url, "GET /api/detectors");
          return isReady(url, 0);
        },
        30_000,
      );
      await withClient(replicaUrl.href, (plain) => plain.query("select pg_wal_replay_pause()"));
      await readsItsWrites(10);
      expect((await stateOf(url))["state"]).not.toBe("ready");
      await withClient(replicaUrl.href, (plain) => plain.query("select pg_wal_replay_resume()"));
      await eventually("the replica has caught up", () => isReady(url), 30_000);
      await replica.kill();
      await readsItsWrites(10);
      await eventually("the dead replica is shown", async () => (await stateOf(url))["state"] === "down", 30_000);
      await replica.start();
      const { reads } = await stateOf(url);
      await eventually(
        "the replica answers reads again",
        async () => {
          await ask(url, "GET /api/detectors");
          return isReady(url, Number(reads));
        },
        60_000,
      );
      task.meta.seen = await kept(client, url);
    },
  );
});
