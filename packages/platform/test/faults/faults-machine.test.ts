import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createRandom } from "@nomaly/detect";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readConfig } from "../../src/config/read-config.ts";
import { createServiceHost } from "../../src/main/service-host.ts";
import { eventually } from "../../test-support/eventually.ts";
import { healthy, jobEnds } from "../../test-support/faults/faults.ts";
import { csv } from "../../test-support/faults/keeping-client.ts";
import { ask, askAll, fileForm, type Json, send } from "../../test-support/requests.ts";
import { mountSkipReason, mountSmallDisk, type SmallDisk } from "../../test-support/servers/small-disk.ts";
import { openStage, sharedServer, type Stage } from "../../test-support/stage.ts";

const timeout = 300_000;
const shared = sharedServer();
let stage: Stage;
beforeAll(shared.start);
afterAll(shared.stop);
beforeEach(async () => void (stage = await openStage(shared.server())));
afterEach(() => stage.scene.endAll());

/** A folder that is soon full; gone before the data folder that it is in. */
function smallDisk(name: string, size: string): SmallDisk {
  return stage.scene.opened(mountSmallDisk(join(stage.dataFolder, name), size), (disk) => disk.unmount());
}

function filesUnder(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

const small = csv(createRandom(11), 300);
const large = csv(createRandom(12), 120_000);

/** Too large a file is refused, nothing of it stays, and what was there before is there after. */
async function refusesWhatDoesNotFit(url: string): Promise<void> {
  const before = await ask(url, "POST /api/datasets", { form: fileForm("before.csv", small) });
  const refused = await send(url, "POST /api/datasets", { form: fileForm("large.csv", large), key: "large" });
  expect([refused.status, refused.body["code"]], refused.text).toEqual([507, "STORAGE"]);
  const after = await ask(url, "POST /api/datasets", { form: fileForm("after.csv", small) });
  const listed = (await askAll(url, "/api/datasets")).map(({ id }) => id);
  expect(new Set(listed)).toEqual(new Set([before["id"], after["id"]]));
  expect(readdirSync(join(stage.dataFolder, "blobs/dataset"))).toHaveLength(2);
  const rowsOf = async ({ id }: Json) => (await ask(url, `GET /api/datasets/${String(id)}/rows?limit=300`))["rows"];
  expect(await rowsOf(before)).toEqual(await rowsOf(after));
  expect(before["checksum"]).toBe(after["checksum"]);
}

describe("faults of the disk", () => {
  it.skipIf(mountSkipReason !== "")(
    `the disk is full during an upload: it is refused with 507, nothing of it stays, smaller ones go on, and it succeeds under the same key when there is room${mountSkipReason}`,
    { timeout },
    async () => {
      const disk = smallDisk("blobs", "3m");
      const { url } = await stage.start();
      await refusesWhatDoesNotFit(url);
      disk.enlarge();
      const { n_samples: rowCount } = await ask(url, "POST /api/datasets", { form: fileForm("large.csv", large), key: "large" });
      expect(rowCount).toBe(120_000);
      await healthy(url);
    },
  );

  it.skipIf(process.platform !== "linux")(
    "files may not grow beyond a limit of the system (ulimit -f) during an upload: it is refused with 507, nothing of it stays, smaller ones go on",
    { timeout },
    async () => {
      // In blocks of 512 bytes: 3 MiB.
      const { url } = await stage.start({}, { under: ["sh", "-c", 'ulimit -f 6144; exec "$@"', "sh"] });
      await refusesWhatDoesNotFit(url);
      await healthy(url);
    },
  );

  it.skipIf(mountSkipReason !== "")(
    `the disk for temporary files is full while a data set is scored: 507, nothing is stored, and the same request succeeds when there is room${mountSkipReason}`,
    { timeout },
    async () => {
      const disk = smallDisk("tmp", "1m");
      const { url } = await stage.start();
      const { id: dataset } = await ask(url, "POST /api/datasets", { form: fileForm("large.csv", large) });
      const { id: detector } = await ask(url, "POST /api/detectors", { json: { name: "scores", algorithm_name: "hbos" } });
      await ask(url, "POST /detection/train", { json: { detector_id: detector, dataset_id: dataset } });
      const score = () =>
        send(url, "POST /detection/predict", {
          json: { detector_id: detector, dataset_id: dataset, background: false },
          key: "score",
        });
      const refused = await score();
      expect(refused.status, refused.text).toBe(507);
      expect(await askAll(url, "/api/results")).toHaveLength(0);
      expect(filesUnder(disk.path)).toEqual([]);
      disk.enlarge();
      expect((await score()).status).toBe(200);
      expect(await askAll(url, "/api/results")).toHaveLength(1);
      await healthy(url);
    },
  );
});

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

describe("faults of the clock", () => {
  it(
    "the wall clock jumps ahead by an hour and 400 days and back: requests, jobs under way, keys and their rate limits go on, nothing is missing or doubled",
    { timeout },
    async ({ task }) => {
      const clock = join(stage.dataFolder, "clock");
      const seen = `${clock}.seen`;
      const preload = resolve(import.meta.dirname, "../../test-support/faults/clock-shift.ts");
      const settings = { NODE_OPTIONS: `--import=${preload}`, NOMALY_TEST_CLOCK: clock, NOMALY_RATE_LIMIT: "50" };
      const { url } = await stage.start(settings);
      const { config } = readConfig({
        commandLine: { data_dir: stage.dataFolder, database_url: stage.databaseUrl },
        environment: {},
      });
      const { key } = await createServiceHost("0.0.0-test").withKeys(config, (keys) =>
        keys.create({ name: "clock", scopes: ["read"], expiresAt: null }),
      );
      const asKey = async () => (await send(url, "GET /api/detectors", { headers: { authorization: `Bearer ${key}` } })).status;
      const { id: dataset } = await ask(url, "POST /api/datasets", { form: fileForm("clock.csv", csv(createRandom(5), 30_000)) });
      const { id: detector } = await ask(url, "POST /api/detectors", { json: { name: "clock", algorithm_name: "lof" } });
      const training = { detector_id: detector, dataset_id: dataset, background: true };
      const results: unknown[] = [];
      for (const [turn, offsetMs] of [0, hourMs, 400 * dayMs, -400 * dayMs, 0].entries()) {
        const { job_id: job } = await ask(url, "POST /detection/train", { json: training, key: `train ${turn}` });
        await eventually(
          "the job runs",
          async () => (await ask(url, `GET /api/jobs/${String(job)}`))["status"] === "running",
          30_000,
        );
        writeFileSync(clock, String(offsetMs));
        const took = () => offsetMs === 0 || (existsSync(seen) && readFileSync(seen, "utf8") === String(offsetMs));
        await eventually("the clock has jumped", took, 5000);
        const burst = await Promise.all(Array.from({ length: 80 }, asKey));
        expect(new Set(burst)).toEqual(new Set([200, 429]));
        await eventually("the key may ask again", async () => (await asKey()) === 200, 5000);
        expect(await jobEnds(url, job)).toMatchObject({ status: "succeeded", attempt: 1 });
        expect(await ask(url, "POST /detection/train", { json: training, key: `train ${turn}` })).toMatchObject({ job_id: job });
        const scoring = { detector_id: detector, data: [{ a: 0, b: 1, c: turn }], keep: true };
        const scored = await ask(url, "POST /detection/predict", { json: scoring, key: `score ${turn}` });
        expect(scored).toMatchObject({ model_version: turn + 1 });
        results.push(scored["result_id"]);
      }
      for (const id of results) expect((await send(url, `GET /api/results/${String(id)}?format=csv`)).status).toBe(200);
      const listed = (await askAll(url, "/api/results")).map(({ id }) => id);
      expect(listed).toHaveLength(results.length);
      expect(new Set(listed)).toEqual(new Set(results));
      expect(await askAll(url, `/api/detectors/${String(detector)}/versions`)).toHaveLength(5);
      await healthy(url);
      task.meta.seen = "5 jumps, each in the middle of a job";
    },
  );
});
