import { existsSync } from "node:fs";
import { join } from "node:path";
import { createRandom } from "@nomaly/detect";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../test-support/eventually.ts";
import { createScene, faultRandom, healthy, type Scene } from "../../test-support/faults/faults.ts";
import { killStarts } from "../../test-support/faults/killed-starts.ts";
import { csv, probe } from "../../test-support/faults/keeping-client.ts";
import { ask, fileForm } from "../../test-support/requests.ts";
import { launchService, makeDataFolder, startService } from "../../test-support/servers/service-process.ts";
import { sharedServer } from "../../test-support/stage.ts";

const timeout = 300_000;

describe("faults of the start", () => {
  const shared = sharedServer();
  beforeAll(shared.start);
  afterAll(shared.stop);

  it(
    "migrations are interrupted (SIGKILL) at random points and repeated: the schema is that of an undisturbed start, no index is invalid, the service works",
    { timeout },
    async ({ task }) => {
      const random = faultRandom("interrupted migrations");
      task.meta.seen = await killStarts(shared.server(), { databaseCount: 3, killsOfEach: 2, random });
    },
  );
});

describe("faults of the embedded database", () => {
  let scene: Scene;
  let dataFolder: string;
  beforeEach(() => {
    scene = createScene();
    dataFolder = scene.opened(makeDataFolder(), (open) => open.remove()).path;
  });
  afterEach(() => scene.endAll());
  const start = async () => scene.opened(await startService({ dataFolder, program: "newest" }), (open) => open.end("SIGKILL"));

  it(
    "the first start on an empty folder is killed (SIGKILL) four times at random moments: the next one makes the database and serves",
    { timeout },
    async ({ task }) => {
      const random = faultRandom("first start killed");
      const delays: number[] = [];
      for (let kill = 0; kill < 4; kill++) {
        const launched = scene.opened(launchService({ dataFolder, program: "newest" }), (open) => open.end("SIGKILL"));
        const delayMs = random.integer(2000);
        await new Promise((later) => setTimeout(later, delayMs));
        await launched.end("SIGKILL");
        delays.push(delayMs);
      }
      const { url } = await start();
      await ask(url, "POST /api/detectors", { json: { name: "after" } });
      await healthy(url);
      task.meta.seen = `killed after ${delays.join(", ")} ms`;
    },
  );

  it(
    "two servers share a data folder and its database: the first to stop leaves it to the second, which goes on; the last to stop stops the database; a server that is killed leaves all to the next",
    { timeout },
    async () => {
      const first = await start();
      const second = await start();
      const { id: dataset } = await ask(first.url, "POST /api/datasets", {
        form: fileForm("some.csv", csv(createRandom(4), 200)),
      });
      const { id } = await ask(first.url, "POST /api/detectors", { json: { name: "shared" } });
      await ask(first.url, "POST /detection/train", { json: { detector_id: id, dataset_id: dataset } });
      const predict = async (url: string) =>
        (await ask(url, "POST /detection/predict", { json: { detector_id: id, data: probe } }))["predictions"];
      const before = await predict(first.url);
      expect(await first.end("SIGTERM")).toBe(0);
      expect(await predict(second.url)).toEqual(before);
      await healthy(second.url);
      const third = await start();
      await second.end("SIGKILL");
      expect(await predict(third.url)).toEqual(before);
      await healthy(third.url);
      expect(await third.end("SIGTERM")).toBe(0);
      await eventually("the database has stopped", () => !existsSync(join(dataFolder, "postgres/postmaster.pid")), 20_000);
      expect(await predict((await start()).url)).toEqual(before);
    },
  );
});
