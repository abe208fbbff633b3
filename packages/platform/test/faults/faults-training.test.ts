import { createRandom } from "@nomaly/detect";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { eventually } from "../../test-support/eventually.ts";
import { healthy, jobEnds } from "../../test-support/faults/faults.ts";
import { csv } from "../../test-support/faults/keeping-client.ts";
import { withClient } from "../../test-support/servers/postgres.ts";
import { ask, fileForm, send, trySend } from "../../test-support/requests.ts";
import { openStage, sharedServer, type Stage } from "../../test-support/stage.ts";

const timeout = 300_000;

const shared = sharedServer();
let stage: Stage;
beforeAll(shared.start);
afterAll(shared.stop);
beforeEach(async () => void (stage = await openStage(shared.server())));
afterEach(() => stage.scene.endAll());

it(
  "a server is killed while it trains one detector at once and another by a job: the next start marks the first as failed, and trains the second to its end",
  { timeout },
  async () => {
    const settings = { NOMALY_REQUEST_TIMEOUT_S: "600" };
    const killed = await stage.start(settings);
    const { url } = killed;
    // Slow enough to be met in the middle.
    const form = fileForm("rows.csv", csv(createRandom(7), 60_000));
    const { id: dataset } = await ask(url, "POST /api/datasets", { form });
    const create = async (name: string) =>
      (await ask(url, "POST /api/detectors", { json: { name, algorithm_name: "lof" } }))["id"];
    const [atOnce, byJob] = [await create("at once"), await create("by job")];
    const statusAt = async (from: string, id: unknown) => (await ask(from, `GET /api/detectors/${String(id)}`))["status"];
    const training = { dataset_id: dataset, background: false };
    void trySend(url, "POST /detection/train", { json: { ...training, detector_id: atOnce } });
    const asked = { json: { ...training, detector_id: byJob, background: true } };
    const { job_id: job } = await ask(url, "POST /detection/train", asked);
    await eventually(
      "both are in training",
      async () => (await statusAt(url, atOnce)) === "training" && (await statusAt(url, byJob)) === "training",
      30_000,
    );
    await killed.end("SIGKILL");
    const before = await withClient(stage.databaseUrl, async (client) => {
      // A minute later.
      await client.query("update trainings set lease_until = lease_until - interval '1 minute'");
      return (await client.query("select status from detectors order by name")).rows.map((row: { status: string }) => row.status);
    });
    expect(before).toEqual(["training", "training"]);
    const next = await stage.start(settings);
    await eventually("the first has failed", async () => (await statusAt(next.url, atOnce)) === "failed", 30_000);
    expect(await jobEnds(next.url, job)).toMatchObject({ status: "succeeded" });
    await eventually("the second is ready", async () => (await statusAt(next.url, byJob)) === "ready");
    const refused = await send(next.url, "PATCH /api/detectors/status", { json: { ids: [atOnce, byJob], status: "ready" } });
    expect([refused.status, refused.body["code"]]).toEqual([409, "CONFLICT"]);
    expect(refused.text).toContain(String(atOnce));
    await healthy(next.url);
  },
);
