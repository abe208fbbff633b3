import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createRandom } from "@nomaly/detect";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { requireExactlyKept } from "../../test-support/faults/check-kept.ts";
import { eventually } from "../../test-support/eventually.ts";
import { faultRandom, healthy, jobEnds } from "../../test-support/faults/faults.ts";
import { csv } from "../../test-support/faults/keeping-client.ts";
import { ask, askAll, fileForm, type Json, send } from "../../test-support/requests.ts";
import { openStage, sharedServer, type Stage } from "../../test-support/stage.ts";
import { killWorkers } from "../../test-support/faults/worker-kills.ts";
import { readConfig } from "../../src/config/read-config.ts";
import { createServiceHost } from "../../src/main/service-host.ts";

const timeout = 300_000;
const noJobs = { NOMALY_JOB_CONCURRENCY: "0" };

const shared = sharedServer();
let stage: Stage;
beforeAll(shared.start);
afterAll(shared.stop);
beforeEach(async () => void (stage = await openStage(shared.server())));
afterEach(() => stage.scene.endAll());

describe("faults of workers", () => {
  it(
    "a worker process is killed (SIGKILL) while it trains: another one trains, and there is one new model",
    { timeout },
    async ({ task }) => {
      const random = faultRandom("worker killed in training");
      task.meta.seen = await killWorkers(stage, { kind: "train", jobCount: 1, killsOfEach: 1, random });
    },
  );

  it(
    "a worker process is killed (SIGKILL) while it scores a data set: another one scores, and there is one result",
    { timeout },
    async ({ task }) => {
      const random = faultRandom("worker killed in scoring");
      task.meta.seen = await killWorkers(stage, { kind: "predict", jobCount: 1, killsOfEach: 1, random });
    },
  );

  it(
    "a worker process dies (it exits; it takes too much memory) in scoring, in training and in a job: scores and job succeed all the same, the training is refused with 503 and succeeds under the same key, each is done once",
    { timeout },
    async ({ task }) => {
      const crash = join(stage.dataFolder, "crash");
      const preload = resolve(import.meta.dirname, "../../test-support/faults/crash-worker.ts");
      const { url } = await stage.start({ NODE_OPTIONS: `--import=${preload}`, NOMALY_TEST_CRASH: crash });
      const { id: dataset } = await ask(url, "POST /api/datasets", { form: fileForm("some.csv", csv(createRandom(3), 20_000)) });
      const { id: detector } = await ask(url, "POST /api/detectors", { json: { name: "crashed", algorithm_name: "ecod" } });
      const training = { detector_id: detector, dataset_id: dataset };
      await ask(url, "POST /detection/train", { json: training });
      const rows = Array.from({ length: 30_000 }, (_, row) => [Math.sin(row), Math.cos(row), row % 5]);
      const scoring = { detector_id: detector, columns: ["a", "b", "c"], data: rows };
      const { predictions: before } = await ask(url, "POST /detection/predict", { json: scoring });
      const dies = async (how: string, work: () => Promise<void>) => {
        writeFileSync(crash, how);
        await work();
        expect(existsSync(crash), "the worker died").toBe(false);
      };
      for (const [how, rowCount] of [["exit", 29_000] as const, ["memory", 28_000] as const]) {
        await dies(how, async () => {
          // Other rows each time: an answer that is kept needs no worker.
          const json = { ...scoring, data: rows.slice(0, rowCount) };
          const { predictions } = await ask(url, "POST /detection/predict", { json });
          expect(predictions).toEqual((before as readonly unknown[]).slice(0, rowCount));
        });
      }
      await dies("exit", async () => {
        const refused = await send(url, "POST /detection/train", { json: training, key: "train" });
        expect([refused.status, refused.body["code"]]).toEqual([503, "WORKER"]);
      });
      await ask(url, "POST /detection/train", { json: training, key: "train" });
      await dies("exit", async () => {
        const { job_id: job } = await ask(url, "POST /detection/train", { json: { ...training, background: true } });
        expect(await jobEnds(url, job)).toMatchObject({ status: "succeeded", attempt: 2 });
      });
      const versions = await askAll(url, `/api/detectors/${String(detector)}/versions`);
      expect(versions.map(({ model_version: version }) => version)).toEqual([3, 2, 1]);
      const { crashed, replaced } = (await healthy(url))["compute"] as Json;
      expect(crashed).toBe(4);
      task.meta.seen = `${String(crashed)} workers died, ${String(replaced)} were replaced`;
    },
  );
});

describe("several processes", () => {
  it(
    "two servers and one worker share a database: each job is run once, what is trained through one answers through the other at once, nothing is missing or doubled",
    { timeout },
    async ({ task }) => {
      const [{ url }, { url: otherUrl }] = [await stage.start(noJobs), await stage.start(noJobs)];
      await stage.start({}, { command: "worker" });
      const client = stage.client(faultRandom("two servers"), url);
      for (let turn = 0; turn < 12; turn++) {
        const wanted = client.acknowledgedCount() + 4;
        await eventually("requests are acknowledged", () => client.acknowledgedCount() >= wanted, 60_000);
        client.moveTo(turn % 2 === 0 ? otherUrl : url);
      }
      await client.finish();
      await requireExactlyKept(url, client);
      await requireExactlyKept(otherUrl, client);
      const lateness: number[] = [];
      const [{ detectorId }] = client.acknowledged.trainings;
      const [{ id: dataset }] = client.acknowledged.datasets.values();
      const background = { json: { detector_id: detectorId, dataset_id: dataset, background: true } };
      // The client's own choice may have been no job at all.
      for (const at of [url, otherUrl, url, otherUrl]) await ask(at, "POST /detection/train", background);
      const trainings = () => askAll(url, "/api/jobs?name=train");
      await eventually(
        "every training job has ended",
        async () => (await trainings()).every(({ status }) => status === "succeeded"),
        60_000,
      );
      const jobs = await trainings();
      expect(new Set(jobs.map(({ attempt }) => attempt))).toEqual(new Set([1]));
      for (let turn = 0; turn < 10; turn++) {
        const [trains, asked] = turn % 2 === 0 ? [url, otherUrl] : [otherUrl, url];
        const json = { detector_id: detectorId, dataset_id: dataset };
        const { model_version: version } = await ask(trains, "POST /detection/train", { json });
        const start = performance.now();
        const answers = async () => {
          const { model_version: found } = await ask(asked, "POST /detection/predict", {
            json: { detector_id: detectorId, data: [{ a: 1, b: turn, c: 0 }] },
          });
          return found === version;
        };
        await eventually("the other server answers with the new model", answers, 2000);
        lateness.push(performance.now() - start);
      }
      await healthy(url);
      await healthy(otherUrl);
      const latest = Math.round(Math.max(...lateness));
      task.meta.seen = `${jobs.length} jobs, each with one attempt; after 10 trainings the other server knew within ${latest} ms, its answer included`;
    },
  );

  it(
    "a key that is revoked is refused by both of two servers within 2 s, and another key goes on",
    { timeout },
    async ({ task }) => {
      const settings = { NOMALY_AUTH: "required", ...noJobs };
      const urls = [(await stage.start(settings)).url, (await stage.start(settings)).url];
      const { config } = readConfig({
        commandLine: { data_dir: stage.dataFolder, database_url: stage.databaseUrl },
        environment: {},
      });
      const host = createServiceHost("0.0.0-test");
      const create = (name: string) => host.withKeys(config, (keys) => keys.create({ name, scopes: ["read"], expiresAt: null }));
      const [revoked, other] = [await create("revoked"), await create("other")];
      const statusOf = async (url: string, key: string) =>
        (await send(url, "GET /api/detectors", { headers: { authorization: `Bearer ${key}` } })).status;
      for (const url of urls) expect([await statusOf(url, revoked.key), await statusOf(url, other.key)]).toEqual([200, 200]);
      await host.withKeys(config, async (keys) => keys.revoke(revoked.id));
      const start = performance.now();
      for (const url of urls) {
        await eventually("the key is refused", async () => (await statusOf(url, revoked.key)) === 401, 2000);
        expect(await statusOf(url, other.key)).toBe(200);
        await healthy(url, { authorization: `Bearer ${other.key}` });
      }
      task.meta.seen = `refused by both after ${Math.round(performance.now() - start)} ms, looks at their health included`;
    },
  );
});
