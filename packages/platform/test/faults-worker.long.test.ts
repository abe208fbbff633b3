import { afterAll, afterEach, beforeAll, beforeEach, it } from "vitest";
import { faultRandom } from "../test-support/faults.ts";
import { openStage, sharedServer, type Stage } from "../test-support/stage.ts";
import { killWorkers } from "../test-support/worker-kills.ts";

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
