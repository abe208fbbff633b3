import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { requireExactlyKept } from "../../test-support/faults/check-kept.ts";
import { eventually } from "../../test-support/eventually.ts";
import { faultRandom, healthy } from "../../test-support/faults/faults.ts";
import type { KeepingClient } from "../../test-support/faults/keeping-client.ts";
import { redisProgram, redisSkipReason, type RedisServer, startRedis } from "../../test-support/servers/redis.ts";
import { ask, fileForm, type Json, trySend } from "../../test-support/requests.ts";
import { openStage, sharedServer, type Stage } from "../../test-support/stage.ts";

const timeout = 300_000;
const rows = Array.from({ length: 60 }, (_, row) => ({ a: Math.sin(row), b: Math.cos(row * 1.7), c: row % 7 }));
const otherRows = rows.map(({ a, b, c }) => ({ a: a + 5, b: b * 3, c }));

const shared = sharedServer();
let stage: Stage;
let redis: RedisServer;

interface Faulty {
  readonly url: string;
  /** A second server on the same database and Redis. */
  readonly otherUrl: string;
  readonly client: KeepingClient;
}

/** Two servers under load, Redis in use. */
async function underLoad(name: string): Promise<Faulty> {
  const settings = { REDIS_URL: redis.url };
  const [{ url }, { url: otherUrl }] = await Promise.all([stage.start(settings), stage.start(settings)]);
  const client = stage.client(faultRandom(name), url);
  await acknowledges(client, 8);
  return { url, otherUrl, client };
}

async function acknowledges(client: KeepingClient, count: number): Promise<void> {
  const wanted = client.acknowledgedCount() + count;
  await eventually(`${count} further requests are acknowledged`, () => client.acknowledgedCount() >= wanted, 60_000);
}

async function kept({ url, client }: Faulty): Promise<string> {
  await client.finish();
  // No request was refused: without Redis all goes on, only slower.
  expect(client.repeatedCount()).toBe(0);
  await healthy(url);
  await requireExactlyKept(url, client);
  return `${client.acknowledgedCount()} requests acknowledged, none refused`;
}

async function breakerOf(url: string): Promise<unknown> {
  const { cache } = (await ask(url, "GET /health/full")) as { cache: { level2: Json } };
  return cache.level2["breaker"];
}

/** Asks so that the cache is asked too: each time about other rows. */
async function asksTheCache(url: string, detectorId: string, turn: number): Promise<void> {
  const answer = await trySend(url, "POST /detection/predict", {
    json: { detector_id: detectorId, data: rows.map(({ a, b }) => ({ a, b, c: turn })) },
  });
  expect(answer?.status, answer?.text).toBe(200);
}

async function trained(url: string): Promise<string> {
  const { id } = await ask(url, "POST /api/detectors", { json: { name: "beside", algorithm_name: "knn" } });
  await ask(url, "POST /detection/train", { json: { detector_id: id, data: rows } });
  return String(id);
}

describe.skipIf(redisProgram === undefined)(`faults of Redis${redisSkipReason}`, () => {
  beforeAll(shared.start);
  afterAll(shared.stop);
  beforeEach(async () => {
    stage = await openStage(shared.server());
    redis = stage.scene.opened(await startRedis(), (open) => open.close());
  });
  afterEach(() => stage.scene.endAll());

  it.for([
    { what: "killed", stop: () => redis.kill(), again: () => redis.start() },
    { what: "paused (SIGSTOP)", stop: async () => redis.pause(), again: async () => redis.resume() },
  ])(
    "Redis is $what under load: every request is answered without it, its breaker opens and is shown, and it is used again by itself afterwards",
    { timeout },
    async ({ what, stop, again }, { task }) => {
      const faulty = await underLoad(`Redis ${what}`);
      const { url, client } = faulty;
      const detectorId = await trained(url);
      client.acknowledged.detectors.set("beside", detectorId);
      client.acknowledged.trainings.push({ detectorId, version: 1 });
      await stop();
      let turn = 0;
      const opens = async () => {
        await asksTheCache(url, detectorId, turn++);
        return (await breakerOf(url)) === "open";
      };
      await eventually("the breaker opens", opens, 30_000);
      await again();
      const closes = async () => {
        await asksTheCache(url, detectorId, turn++);
        return (await breakerOf(url)) === "closed";
      };
      await eventually("Redis is used again", closes, 30_000);
      await acknowledges(client, 3);
      task.meta.seen = await kept(faulty);
    },
  );

  it(
    "Redis is emptied (FLUSHALL) again and again under load: every request is answered, and answers stay equal",
    { timeout },
    async ({ task }) => {
      const faulty = await underLoad("Redis emptied");
      for (let turn = 0; turn < 10; turn++) {
        await acknowledges(faulty.client, 3);
        await redis.command("FLUSHALL");
      }
      task.meta.seen = await kept(faulty);
    },
  );

  it(
    "Redis is paused while a detector is trained again: when it goes on with what it had, no server answers with the old model",
    { timeout },
    async () => {
      const [{ url }, { url: otherUrl }] = await Promise.all([1, 2].map(() => stage.start({ REDIS_URL: redis.url })));
      const { id: dataset } = await ask(url, "POST /api/datasets", { form: fileForm("other.json", JSON.stringify(otherRows)) });
      const detectorId = await trained(url);
      const predict = (from: string) => ask(from, "POST /detection/predict", { json: { detector_id: detectorId, data: rows } });
      const before = [await predict(url), await predict(otherUrl), await predict(url)];
      expect(before.map(({ model_version: version }) => version)).toEqual([1, 1, 1]);
      redis.pause();
      await ask(url, "POST /detection/train", { json: { detector_id: detectorId, dataset_id: dataset } });
      expect(await predict(url)).toMatchObject({ model_version: 2 });
      redis.resume();
      await eventually(
        "the other server answers with the new model",
        async () => (await predict(otherUrl))["model_version"] === 2,
        5000,
      );
      // Whatever is found in Redis from now on, the old model does not come back.
      for (let turn = 0; turn < 40; turn++) {
        const [one, two] = [await predict(url), await predict(otherUrl)];
        expect([one["model_version"], two["model_version"]]).toEqual([2, 2]);
        expect(two["predictions"]).toEqual(one["predictions"]);
      }
      await healthy(url);
      await healthy(otherUrl);
    },
  );
});
