import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { faultRandom, healthy } from "../../test-support/faults/faults.ts";
import { ask, type Json, send } from "../../test-support/requests.ts";
import { openStage, sharedServer, type Stage } from "../../test-support/stage.ts";
import { killWorkers } from "../../test-support/faults/worker-kills.ts";

const shared = sharedServer();
let stage: Stage;
beforeAll(shared.start);
afterAll(shared.stop);
beforeEach(async () => void (stage = await openStage(shared.server())));
afterEach(() => stage.scene.endAll());

it.for(["train", "predict"] as const)(
  "worker processes are killed (SIGKILL) three times at each of five jobs (%s): each job is done once in the end",
  { timeout: 1_800_000 },
  async (kind, { task }) => {
    const random = faultRandom(`workers killed, ${kind}`);
    task.meta.seen = await killWorkers(stage, { kind, jobCount: 5, killsOfEach: 3, random });
  },
);

it(
  "a worker process takes more memory than it may, fifty times: the server lives, answers in between, and each scoring is done or refused as too large",
  { timeout: 1_800_000 },
  async ({ task }) => {
    const crash = join(stage.dataFolder, "crash");
    const preload = resolve(import.meta.dirname, "../../test-support/faults/crash-worker.ts");
    const { url } = await stage.start({ NODE_OPTIONS: `--import=${preload}`, NOMALY_TEST_CRASH: crash });
    const { id: detector } = await ask(url, "POST /api/detectors", { json: { name: "filled" } });
    const rows = Array.from({ length: 30_000 }, (_, row) => [Math.sin(row), Math.cos(row)]);
    const given = { detector_id: detector, columns: ["a", "b"] };
    await ask(url, "POST /detection/train", { json: { ...given, data: rows.slice(0, 1000) } });
    const statuses: number[] = [];
    for (let time = 1; time <= 50; time++) {
      writeFileSync(crash, "memory");
      // Others than before, so that no answer is kept.
      const moved = rows.map(([a, b]) => [a + time, b]);
      const answer = await send(url, "POST /detection/predict", { json: { ...given, data: moved } });
      expect([200, 413], answer.text).toContain(answer.status);
      expect(existsSync(crash), "the worker died").toBe(false);
      statuses.push(answer.status);
      await ask(url, "POST /detection/predict", { json: { ...given, data: [[time, time]] } });
    }
    const { crashed, out_of_memory: outOfMemory } = (await healthy(url))["compute"] as Json;
    expect([crashed, outOfMemory]).toEqual([50, 50]);
    task.meta.seen = `${statuses.filter((status) => status === 200).length} done, ${statuses.filter((status) => status === 413).length} refused`;
  },
);
