import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type OpenContext, openContext, someCall } from "../../../test-support/servers/open-context.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { someRows } from "../../../test-support/servers/service.ts";
import { createDataset, removeDataset } from "../datasets/datasets.ts";
import { createDetector, getDetector, removeDetector } from "../detectors/detectors.ts";
import { createJobHandlers } from "../jobs/job-handlers.ts";
import { findResults } from "../scoring/results.ts";
import { runDueSchedules } from "./run-due.ts";
import { changeSchedule, createSchedule, getSchedule, type ScheduleGiven } from "./schedules.ts";

let server: TestDatabase;
let open: OpenContext;
let detector: string;
let dataset: string;
beforeAll(async () => void (server = await startTestDatabase()));
afterAll(() => server.stop());
beforeEach(async () => {
  open = await openContext(await server.createDatabase(), { schedules_max: "2" });
  detector = (await createDetector(open.context, someCall(), { name: "scheduled" })).value.id;
  dataset = await addDataset("pumps");
});
afterEach(() => open.close());

const addDataset = async (name: string) => (await createDataset(open.context, someCall(), { name, data: someRows(60) })).value.id;
const add = async (given: Partial<ScheduleGiven> = {}) => {
  const source = given.dataset_name === undefined ? { dataset_id: dataset } : {};
  const own = { name: "hourly", kind: "train", detector_id: detector, every_seconds: 3600, ...source, ...given } as const;
  return (await createSchedule(open.context, someCall(), own)).value;
};
const eventually = (claim: () => Promise<void>, timeout = 20_000) => vi.waitFor(claim, { timeout, interval: 20 });
const { signal } = new AbortController();
const runDue = () => runDueSchedules(open.context, signal);
const get = (id: string) => getSchedule(open.context, id);
/**
 * The service's own look every two seconds may run it first. No multiple of any period here, so that a look whose transaction began a
 * moment before does not plan the next run for this very moment.
 */
const makeDue = (id: string) =>
  open.context.database.query("update schedules set next_run_at = now() - interval '4 hours 30 minutes' where id = $1", [id]);
const work = () =>
  open.context.queue.work(
    createJobHandlers(open.context, async () => {}),
    { concurrency: 1 },
  );
const ran = async (id: string, count: number) => {
  await runDue();
  await eventually(async () => expect((await get(id)).runs).toBe(count));
};

describe("a schedule", () => {
  it("trains, and later scores the newest data set of a name", async () => {
    await work();
    const { id } = await add();
    await makeDue(id);
    await ran(id, 1);
    await eventually(async () => expect((await get(id)).last_status).toBe("succeeded"), 30_000);
    expect(await getDetector(open.context, detector)).toMatchObject({ is_fitted: true, model_version: 1 });
    const newer = await addDataset("pumps");
    const scoring = await add({ kind: "score", dataset_name: "pumps" });
    await makeDue(scoring.id);
    await ran(scoring.id, 1);
    await eventually(async () => expect((await get(scoring.id)).last_status).toBe("succeeded"), 30_000);
    const { items } = await findResults(open.context, {});
    expect(items.map(({ dataset_id: id, job_id: job }) => [id, job])).toEqual([[newer, (await get(scoring.id)).last_job_id]]);
  }, 90_000);

  it("runs once after a stop of hours, however many processes look, and then at its next time", async () => {
    const { id, next_run_at: first } = await add();
    await makeDue(id);
    await Promise.all(Array.from({ length: 5 }, runDue));
    await eventually(async () => expect((await get(id)).runs).toBe(1));
    const { next_run_at: next, last_status: status } = await get(id);
    expect(status).toBe("running");
    expect(Date.parse(String(next))).toBeGreaterThan(Date.now());
    expect(Date.parse(String(next))).toBeLessThanOrEqual(Date.parse(String(first)) + 60_000);
    expect((await open.context.queue.list({ limit: 10 })).items).toHaveLength(1);
  });

  it("leaves a run out while the one before goes on, and counts it", async () => {
    const { id } = await add();
    await makeDue(id);
    await ran(id, 1);
    await makeDue(id);
    await runDue();
    await eventually(async () => expect(await get(id)).toMatchObject({ runs: 1, skipped: 1 }));
  });

  it.each([
    ["detector", () => removeDetector(open.context, someCall(), detector), "there is no detector"],
    ["data set", () => removeDataset(open.context, someCall(), dataset), "there is no data set"],
  ])("says that its %s is gone, and is disabled after five failures", async (_what, remove, detail) => {
    const { id } = await add();
    await remove();
    for (let count = 1; count <= 5; count++) {
      expect(await get(id)).toMatchObject({ enabled: true, failures_in_a_row: count - 1 });
      await makeDue(id);
      await ran(id, count);
    }
    const last = { code: "NOT_FOUND", detail: expect.stringContaining(detail) };
    expect(await get(id)).toMatchObject({ enabled: false, last_status: "failed", last_error: last, next_run_at: null });
    expect((await get(id)).disabled_reason).toBe("the last 5 runs failed");
    expect(await changeSchedule(open.context, someCall(), id, { enabled: true })).toMatchObject({
      enabled: true,
      failures_in_a_row: 0,
      disabled_reason: null,
    });
  });

  it("notes why its job failed", async () => {
    await work();
    const { id } = await add({ kind: "score" });
    await makeDue(id);
    await ran(id, 1);
    await eventually(async () => expect((await get(id)).last_status).toBe("failed"), 30_000);
    // It was never trained.
    expect(await get(id)).toMatchObject({ failures_in_a_row: 1, last_error: { code: "CONFLICT" } });
  }, 60_000);

  it("plans anew when the clock has gone back", async () => {
    const { id } = await add();
    const text =
      "update schedules set planned_at = now() + interval '2 days', next_run_at = now() + interval '2 days' where id = $1";
    await open.context.database.query(text, [id]);
    await runDue();
    await eventually(async () => {
      const { next_run_at: next, runs } = await get(id);
      expect(Date.parse(String(next))).toBeLessThan(Date.now() + 3_700_000);
      expect(runs).toBe(0);
    });
  });

  it("does nothing while it is disabled", async () => {
    const { id } = await add({ enabled: false });
    expect(await get(id)).toMatchObject({ enabled: false, next_run_at: null, disabled_reason: null });
    expect(await runDue()).toBe(0);
    const changed = await changeSchedule(open.context, someCall(), id, { enabled: true, cron: "0 3 * * *" });
    expect(changed).toMatchObject({ enabled: true, cron: "0 3 * * *", every_seconds: null });
  });
});

describe("a schedule is refused", () => {
  it.each([
    [{ detector_id: "01890000-0000-7000-8000-000000000000" }, "NOT_FOUND"],
    [{ dataset_id: "01890000-0000-7000-8000-000000000000" }, "NOT_FOUND"],
    [{ every_seconds: 59 }, "REQUEST"],
    [{ cron: "0 3 * * *" }, "REQUEST"],
  ])("with %j", async (given, code) => {
    await expect(add(given)).rejects.toMatchObject({ code });
  });

  it("beyond as many as one caller may make", async () => {
    await add();
    await add();
    await expect(add()).rejects.toMatchObject({ code: "QUOTA", field: "schedules_max" });
    const own = { name: "n", kind: "train", detector_id: detector, dataset_id: dataset, every_seconds: 60 } as const;
    await createSchedule(open.context, { ...someCall(), actor: "another" }, own);
  });
});
