import { NomalyError } from "@nomaly/detect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { type OpenContext, openContext, someCall } from "../../../test-support/servers/open-context.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { someRows } from "../../../test-support/servers/service.ts";
import { rowsGiven } from "../../compute/rows/parse-rows.ts";
import { hasEnded, type JobRecord } from "../../jobs/job-types.ts";
import { detectorById } from "../../store/tables/detectors.ts";
import { newId } from "../../ids/ids.ts";
import { beginTraining, endLapsedTrainings, endUnrecordedTrainings, renewTrainings } from "../../store/tables/trainings.ts";
import type { ServiceContext } from "../core/context.ts";
import { createDataset } from "../datasets/datasets.ts";
import { changeDetector, changeStatuses, createDetector, getDetector } from "./detectors.ts";
import { createJobHandlers } from "../jobs/job-handlers.ts";
import { cancelJob, retryJob } from "../jobs/jobs.ts";
import { liveModel } from "./live-model.ts";
import { requireDataset } from "../rows/rows-source.ts";
import { train, trainNow } from "./train.ts";

let server: TestDatabase;
let open: OpenContext;
/** Called by every fit before it begins; tests put in what they want to happen then. */
let atFit: (signal: AbortSignal | undefined) => Promise<void> = async () => {};
let context: ServiceContext;
let datasetId: string;
beforeAll(async () => {
  server = await startTestDatabase();
  open = await openContext(await server.createDatabase());
  const { compute } = open.context;
  const watched: ServiceContext["compute"] = {
    ...compute,
    async train(work, control) {
      await atFit(control?.signal);
      return compute.train(work, control);
    },
  };
  context = { ...open.context, compute: watched };
  await context.queue.work(
    createJobHandlers(context, async () => {}),
    { concurrency: 2 },
  );
  ({
    value: { id: datasetId },
  } = await createDataset(context, someCall(), { name: "rows", data: someRows(50) }));
});
afterAll(async () => {
  await open.close();
  await server.stop();
});

async function detector(description: object = {}): Promise<string> {
  const { value } = await createDetector(context, someCall(), { name: "watched", ...description });
  // So that a stale entry of the caches would show.
  await getDetector(context, value.id);
  await liveModel(context, value.id).catch(() => undefined);
  return value.id;
}

const statusOf = async (id: string) => {
  const { status, is_fitted: isFitted } = await getDetector(context, id);
  return isFitted ? `${status}, fitted` : status;
};
const errorOf = async (id: string) => (await getDetector(context, id)).last_training_error;
const rows = (count: number) => ({ source: rowsGiven(someRows(count), undefined) });
const trainAtOnce = (id: string, call = someCall()) => trainNow(context, call, { detectorId: id, ...rows(50) });
const answeringVersion = async (id: string) => (await liveModel(context, id)).model_version;
/** A column that is in no table. */
const impossible = { options: { columns: ["nowhere"] } };

/** @returns the statuses at the moment of each fit. */
async function duringFits(id: string, work: () => Promise<unknown>): Promise<readonly string[]> {
  const seen: string[] = [];
  atFit = async () => void seen.push(await statusOf(id));
  await work().finally(() => (atFit = async () => {}));
  return seen;
}

async function jobOf(id: string): Promise<string> {
  const answer = await train(context, someCall(), {
    detectorId: id,
    source: { kind: "dataset", dataset: await requireDataset(context, datasetId) },
    background: true,
  });
  if (answer.kind !== "accepted") throw new Error("it became no job");
  return answer.job.job_id;
}

async function ended(job: string): Promise<JobRecord> {
  let record = await context.queue.get(job);
  await eventually("the job has ended", async () => {
    record = await context.queue.get(job);
    return record !== undefined && hasEnded(record);
  });
  if (record === undefined) throw new Error("the job is gone");
  return record;
}

const becomes = (id: string, status: string) =>
  eventually(`the detector is ${status}`, async () => (await statusOf(id)) === status);

describe("a detector that is trained at once", () => {
  it("is in training while it trains, and then ready", async () => {
    const id = await detector();
    expect(await duringFits(id, () => trainAtOnce(id))).toEqual(["training"]);
    expect(await statusOf(id)).toBe("ready, fitted");
  });

  it("answers with its old model while it trains again", async () => {
    const id = await detector();
    await trainAtOnce(id);
    const versions: number[] = [];
    atFit = async () => void versions.push(await answeringVersion(id));
    await trainAtOnce(id).finally(() => (atFit = async () => {}));
    expect([...versions, await answeringVersion(id)]).toEqual([1, 2]);
  });

  it("has failed when the training failed, whatever the reason, and is not fitted", async () => {
    const id = await detector(impossible);
    await expect(trainAtOnce(id)).rejects.toMatchObject({ code: "COLUMN" });
    expect(await statusOf(id)).toBe("failed");
    expect(await errorOf(id)).toMatchObject({ code: "COLUMN", field: "nowhere", detail: expect.stringContaining("nowhere") });
    await expect(liveModel(context, id)).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("has not failed with other settings, and tells of the last training until one succeeds", async () => {
    const id = await detector(impossible);
    await expect(trainAtOnce(id)).rejects.toMatchObject({ code: "COLUMN" });
    const change = (given: object) => changeDetector(context, someCall(), id, { given, expectedTag: undefined });
    expect(await change({ name: "another" })).toMatchObject({ status: "failed", last_training_error: { code: "COLUMN" } });
    expect(await change({ options: {} })).toMatchObject({ status: "created", last_training_error: { code: "COLUMN" } });
    await trainAtOnce(id);
    expect([await statusOf(id), await errorOf(id)]).toEqual(["ready, fitted", null]);
  });

  it("hides what went wrong inside the service", async () => {
    const id = await detector();
    atFit = () => Promise.reject(new Error("secret"));
    await expect(trainAtOnce(id)).rejects.toThrow("secret");
    atFit = async () => {};
    expect(await errorOf(id)).toEqual({
      code: "INTERNAL",
      detail: "an error inside the service; its log has the cause under the request's id",
    });
  });

  it("stays disabled after a training that failed, and tells of it", async () => {
    const id = await detector(impossible);
    await changeStatuses(context, someCall(), { ids: [id], status: "disabled" });
    await expect(trainAtOnce(id)).rejects.toMatchObject({ code: "COLUMN" });
    expect([await statusOf(id), await errorOf(id)]).toEqual(["disabled", expect.objectContaining({ code: "COLUMN" })]);
  });

  it("goes on answering after a training that failed, and is ready after the next that succeeds", async () => {
    const id = await detector();
    await trainAtOnce(id);
    await changeDetector(context, someCall(), id, { given: impossible, expectedTag: undefined });
    await expect(trainAtOnce(id)).rejects.toMatchObject({ code: "COLUMN" });
    expect([await statusOf(id), await errorOf(id)]).toEqual(["ready, fitted", expect.objectContaining({ code: "COLUMN" })]);
    expect(await answeringVersion(id)).toBe(1);
    await changeDetector(context, someCall(), id, { given: { options: {} }, expectedTag: undefined });
    await trainAtOnce(id);
    expect(await statusOf(id)).toBe("ready, fitted");
  });

  it("is what it was before when its client left, and has failed when the time of the request was over", async () => {
    const reasons = { "client left": new NomalyError("ABORTED", "left"), "time over": new NomalyError("TIMEOUT", "over") };
    const statuses: string[] = [];
    let timedOut = "";
    for (const reason of Object.values(reasons)) {
      const id = await detector();
      timedOut = id;
      const controller = new AbortController();
      atFit = async () => controller.abort(reason);
      const call = { ...someCall(), signal: controller.signal };
      await expect(trainAtOnce(id, call)).rejects.toMatchObject({ code: "ABORTED" });
      statuses.push(await statusOf(id));
    }
    atFit = async () => {};
    expect(statuses).toEqual(["created", "failed"]);
    expect(await errorOf(timedOut)).toMatchObject({ code: "TIMEOUT", detail: "over" });
  });

  it("is what it was before when its client left while the beginning of the training was being stored", async () => {
    const id = await detector();
    const controller = new AbortController();
    const left = new NomalyError("ABORTED", "left");
    let isFirst = true;
    const withSignal: ServiceContext["database"]["withSignal"] = (signal) => {
      const database = context.database.withSignal(signal);
      return {
        ...database,
        /** The first is committed, and its caller does not hear of it. */
        async transaction(work) {
          const value = await database.transaction(work);
          if (!isFirst) return value;
          isFirst = false;
          controller.abort(left);
          throw left;
        },
      };
    };
    const cut = { ...context, database: { ...context.database, withSignal } };
    const call = { ...someCall(), signal: controller.signal };
    await expect(trainNow(cut, call, { detectorId: id, ...rows(50) })).rejects.toThrow(left);
    expect((await detectorById(context.database, id))?.status).toBe("created");
    expect(await statusOf(id)).toBe("created");
  });

  it("has not failed when the training could not begin because the disk was full", async () => {
    const id = await detector();
    const full = { ...context, reserve: { isShort: () => true, giveUp: () => false } };
    await expect(trainNow(full, someCall(), { detectorId: id, ...rows(50) })).rejects.toMatchObject({ code: "STORAGE" });
    expect(await statusOf(id)).toBe("created");
  });

  it("is in training until the last of two trainings has ended", async () => {
    const id = await detector();
    const seen: string[] = [];
    atFit = async () => {
      atFit = async () => {};
      // The second begins and ends while the first is at it.
      await trainAtOnce(id);
      seen.push(await statusOf(id));
    };
    await trainAtOnce(id);
    expect([...seen, await statusOf(id)]).toEqual(["training, fitted", "ready, fitted"]);
  });
});

describe("a detector that a job trains", () => {
  it("is in training while it trains, and then ready", async () => {
    const id = await detector();
    const seen = await duringFits(id, async () => expect((await ended(await jobOf(id))).status).toBe("succeeded"));
    expect(seen).toEqual(["training"]);
    await becomes(id, "ready, fitted");
  });

  it("has failed when its job has failed, which says why, and is ready when that is started again and succeeds", async () => {
    const id = await detector(impossible);
    const job = await jobOf(id);
    expect(await ended(job)).toMatchObject({ status: "failed", error: { code: "COLUMN" } });
    await becomes(id, "failed");
    expect(await errorOf(id)).toEqual((await context.queue.get(job))?.error);
    await changeDetector(context, someCall(), id, { given: { options: {} }, expectedTag: undefined });
    await retryJob(context, someCall(), job);
    await becomes(id, "ready, fitted");
  });

  it("stays in training while a job that failed for a passing reason waits for its next try", async () => {
    const id = await detector();
    let tries = 0;
    atFit = async () => {
      if (tries++ === 0) throw new NomalyError("WORKER", "the thread died");
    };
    const job = await jobOf(id);
    await eventually("the job waits", async () => (await context.queue.get(job))?.status === "retrying");
    expect(await statusOf(id)).toBe("training");
    expect((await ended(job)).status).toBe("succeeded");
    atFit = async () => {};
    await becomes(id, "ready, fitted");
  });

  it("is what it was before when its job is cancelled", async () => {
    for (const before of ["created", "ready, fitted"]) {
      const id = await detector();
      if (before !== "created") await trainAtOnce(id);
      const stopped = Promise.withResolvers<void>();
      atFit = (signal) => {
        signal?.addEventListener("abort", () => stopped.resolve(), { once: true });
        return stopped.promise;
      };
      const job = await jobOf(id);
      await eventually("it trains", async () => (await statusOf(id)).startsWith("training"));
      await cancelJob(context, someCall(), job);
      await becomes(id, before);
      await stopped.promise;
      atFit = async () => {};
    }
  });
});

describe("a detector whose training ended with its process", () => {
  /** As a process does; another one has looked at its lease by then, or does when asked. */
  const begin = (detectorId: string, leaseSeconds: number | undefined, { training = newId(), isRenewed = false } = {}) =>
    context.database.transaction(async (sql) => {
      await beginTraining(sql, { id: training, detectorId, leaseSeconds });
      if (isRenewed) await renewTrainings(sql, [training], 60);
    });

  it("is as it was before once the lease of the training is over, goes on answering, and tells of it", async () => {
    const id = await detector();
    await trainAtOnce(id);
    await begin(id, -1);
    await endLapsedTrainings(context.database);
    await becomes(id, "ready, fitted");
    expect([await answeringVersion(id), await errorOf(id)]).toEqual([1, expect.objectContaining({ code: "WORKER" })]);
  });

  it("is in training as long as the lease is renewed", async () => {
    const id = await detector();
    await begin(id, -1, { isRenewed: true });
    await endLapsedTrainings(context.database);
    await becomes(id, "training");
  });

  it("is what it was before when nothing is left of the job that trained it", async () => {
    const id = await detector();
    await begin(id, undefined);
    await endLapsedTrainings(context.database);
    await becomes(id, "created");
  });

  it("is left in training while its job waits to be taken again", async () => {
    const id = await detector();
    const payload = { detector_id: id, dataset_id: datasetId, actor: "test", request_id: "test" };
    const training = await context.database.transaction(async (sql) => {
      const job = await context.queue.enqueue(sql, "train", payload);
      await sql.query("update pgboss.job set start_after = now() + interval '1 day' where id = $1", [job]);
      return job;
    });
    await begin(id, undefined, { training });
    await endLapsedTrainings(context.database);
    await becomes(id, "training");
    await context.queue.cancel(training);
    await becomes(id, "created");
  });
});

describe("a detector in training of which no training is recorded", () => {
  /** As an older version of this program could leave it. */
  async function forgotten(): Promise<string> {
    const id = await detector();
    await context.database.query("update detectors set status = 'training' where id = $1", [id]);
    return id;
  }
  const storedStatus = async (id: string) => (await detectorById(context.database, id))?.status;

  it("is ready where it has a model, and else as new", async () => {
    const [fresh, fitted] = [await forgotten(), await forgotten()];
    await context.database.query("update detectors set is_fitted = true where id = $1", [fitted]);
    await endUnrecordedTrainings(context.database);
    expect([await storedStatus(fresh), await storedStatus(fitted)]).toEqual(["created", "ready"]);
  });

  it("is told from one whose training is recorded", async () => {
    const id = await detector();
    await context.database.transaction((sql) => beginTraining(sql, { id: newId(), detectorId: id, leaseSeconds: 60 }));
    expect(await endUnrecordedTrainings(context.database)).toBe(0);
    expect(await storedStatus(id)).toBe("training");
  });
});

describe("switching detectors on", () => {
  it("refuses those that are not trained, names them, and changes none", async () => {
    const trained = await detector();
    await trainAtOnce(trained);
    await changeStatuses(context, someCall(), { ids: [trained], status: "disabled" });
    const untrained = [await detector(), await detector(impossible)];
    await trainAtOnce(untrained[1]).catch(() => undefined);
    const ids = [trained, newId(), ...untrained];
    const refused = changeStatuses(context, someCall(), { ids, status: "ready" });
    await expect(refused).rejects.toMatchObject({ code: "CONFLICT", field: "ids" });
    for (const id of untrained) await expect(refused).rejects.toThrow(id);
    await expect(refused).rejects.not.toThrow(trained);
    expect(await Promise.all([trained, ...untrained].map(statusOf))).toEqual(["disabled, fitted", "created", "failed"]);
  });

  it("makes trained ones ready, and says training of one that is being trained", async () => {
    const id = await detector();
    await trainAtOnce(id);
    const seen = await duringFits(id, async () => {
      const before = atFit;
      atFit = async (signal) => {
        await changeStatuses(context, someCall(), { ids: [id], status: "disabled" });
        await before(signal);
        await changeStatuses(context, someCall(), { ids: [id], status: "ready" });
        await before(signal);
      };
      await trainAtOnce(id);
    });
    expect([...seen, await statusOf(id)]).toEqual(["disabled, fitted", "training, fitted", "ready, fitted"]);
  });
});
