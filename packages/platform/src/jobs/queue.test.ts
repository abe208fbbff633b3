import { NomalyError } from "@nomaly/detect";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../../test-support/eventually.ts";
import { createJobDatabase, forgetJobs, openTestDatabase } from "../../test-support/servers/job-database.ts";
import { openGate, recordingHandlers, runsOf, silentLog, trainPayload } from "../../test-support/faults/job-handlers.ts";
import { startTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import type { OpenDatabase } from "../store/postgres/open-database.ts";
import type { JobHandlers, JobRecord, JobStatus } from "./job-types.ts";
import { openQueue } from "./open-queue.ts";
import type { Queue } from "./queue.ts";

let server: TestDatabase;
let database: OpenDatabase;
let url: string;
let queue: Queue;

beforeAll(async () => {
  server = await startTestDatabase();
  url = await createJobDatabase(server);
  database = openTestDatabase(url);
});

afterAll(async () => {
  await database.close();
  await server.stop();
});

beforeEach(async () => {
  queue = await open();
  await forgetJobs(database);
});

afterEach(async () => {
  vi.useRealTimers();
  await queue.close({ timeoutMs: 0 });
});

function open(): Promise<Queue> {
  return openQueue({ database, url, retryLimit: 3, log: silentLog, leaseSeconds: 1 });
}

const work = (handlers: Partial<JobHandlers> = recordingHandlers(database)) => queue.work(handlers, { concurrency: 2 });
const enqueueTrain = (behaviour: string, gate?: string) => queue.enqueue(database, "train", trainPayload(behaviour, gate));

async function present(id: string): Promise<JobRecord> {
  const job = await queue.get(id);
  if (job === undefined) throw new Error(`no job ${id}`);
  return job;
}

async function reaching(id: string, status: JobStatus): Promise<JobRecord> {
  await eventually(`the job is ${status}`, async () => (await present(id)).status === status);
  return present(id);
}

async function running(id: string): Promise<void> {
  await eventually("the handler has begun", async () => (await runsOf(database, id)).length > 0);
}

describe("putting jobs in", () => {
  test("a job whose transaction rolls back does not exist", async () => {
    let id = "";
    const attempt = database.transaction(async (sql) => {
      id = await queue.enqueue(sql, "train", trainPayload("quick"));
      throw new Error("changed my mind");
    });
    await expect(attempt).rejects.toThrow("changed my mind");
    expect(await queue.get(id)).toBeUndefined();
  });

  test("a job is seen by others when its transaction commits, not before", async () => {
    const id = await database.transaction(async (sql) => {
      const made = await queue.enqueue(sql, "train", trainPayload("quick"));
      expect(await queue.get(made)).toBeUndefined();
      return made;
    });
    const job = await present(id);
    expect(job).toMatchObject({ name: "train", status: "queued", attempt: 0, attemptMax: 4, progress: 0, datasetId: "quick" });
  });

  test("requests with the same key find one job, also when they come at the same time", async () => {
    const ask = () => database.transaction((sql) => queue.enqueue(sql, "train", trainPayload("quick"), { key: "k" }));
    const ids = await Promise.all([ask(), ask(), ask()]);
    expect(new Set([...ids, await ask()]).size).toBe(1);
    expect((await queue.list({ limit: 10 })).items).toHaveLength(1);
  });

  test("rows in a payload are refused", async () => {
    const payload = trainPayload("x".repeat(1_100_000));
    await expect(queue.enqueue(database, "train", payload)).rejects.toMatchObject({ code: "TOO_LARGE", field: "payload" });
  });

  test("the job that came first is taken first, and one for later is not taken yet", async () => {
    const later = await enqueueTrain("quick");
    await database.query("update pgboss.job set start_after = now() + interval '1 hour' where id = $1", [later]);
    const first = await enqueueTrain("quick");
    const second = await enqueueTrain("quick");
    await queue.work(recordingHandlers(database), { concurrency: 1 });
    await reaching(second, "succeeded");
    const { rows } = await database.query<{ id: string }>(`select job_id as id from runs where event = 'start' order by at`);
    expect(rows.map(({ id }) => id)).toEqual([first, second]);
    expect(await present(later)).toMatchObject({ status: "queued" });
  });
});

describe("looking at jobs", () => {
  test("the pages of a list hold every job once, newest first, while others come in", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 7; index++) ids.unshift(await enqueueTrain("quick", index % 2 === 0 ? "even" : "odd"));
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await queue.list({ limit: 3, cursor });
      found.push(...page.items.map(({ id }) => id));
      await queue.enqueue(database, "webhook", { url: "http://host", event: "e", job_id: ids[0] ?? "", body: {} });
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(found).toEqual(ids);
    const even = await queue.list({ limit: 10, detectorId: "even", status: "queued", name: "train" });
    expect(even.items).toHaveLength(4);
    expect((await queue.counts()).train.queued).toBe(7);
    expect(await queue.depth()).toMatchObject({ queued: 10, running: 0, failed: 0 });
  });

  test("a cursor that is none is refused by name", async () => {
    await expect(queue.list({ limit: 3, cursor: "bm9uc2Vuc2U" })).rejects.toMatchObject({ code: "REQUEST", field: "cursor" });
  });

  test("an id that is none, or unknown, has no job and no events", async () => {
    expect(await queue.get("x")).toBeUndefined();
    expect(await queue.cancel("01a21033-f5ba-752a-9b54-79bce071f4a9")).toBeUndefined();
    const events = queue.events("x", AbortSignal.timeout(5000))[Symbol.asyncIterator]();
    await expect(events.next()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("events show a job from queue to end, with progress that never goes back", async () => {
    const id = await enqueueTrain("wait", "gate");
    const seen: JobRecord[] = [];
    for await (const job of queue.events(id, AbortSignal.timeout(20_000))) {
      seen.push(job);
      if (job.status === "queued") await work();
      if (job.progress === 0.25) await openGate(database, "gate");
    }
    expect([...new Set(seen.map(({ status }) => status))]).toEqual(["queued", "running", "succeeded"]);
    expect(seen.map(({ progress }) => progress)).toEqual(seen.map(({ progress }) => progress).sort((one, other) => one - other));
    expect(seen.at(-1)).toMatchObject({ progress: 1, attempt: 1, result: { attempt: 1 }, error: null });
  });

  test("events end quietly when nobody listens any more", async () => {
    const id = await enqueueTrain("quick");
    const listener = new AbortController();
    for await (const job of queue.events(id, listener.signal)) {
      expect(job.status).toBe("queued");
      listener.abort();
    }
  });
});

describe("failing", () => {
  test("after a cause that passes a job is tried again", async () => {
    const codes = ["DATABASE", "POOL_TIMEOUT", "TIMEOUT", "OVERLOADED", "WORKER", "OUTGOING", "STORAGE"];
    const ids = await Promise.all(codes.map((code) => enqueueTrain(`fail ${code} until 2`)));
    await work();
    for (const id of ids)
      expect(await reaching(id, "succeeded")).toMatchObject({ attempt: 2, error: null, result: { attempt: 2 } });
  });

  test("after any other cause a job has failed at once", async () => {
    const codes = ["PARAM", "COLUMN", "NOT_FOUND", "CONFLICT", "QUOTA", "MODEL_FILE"];
    const ids = await Promise.all(codes.map((code) => enqueueTrain(`fail ${code}`)));
    await work();
    for (const [index, id] of ids.entries()) {
      const error = { code: codes[index], detail: "as told", field: "dataset_id" };
      expect(await reaching(id, "failed")).toMatchObject({ attempt: 1, attemptMax: 1, error, result: null });
      expect((await runsOf(database, id)).map(({ event }) => event)).toEqual(["start", "failed"]);
    }
  });

  test("a bug fails the job without telling its inside", async () => {
    const id = await enqueueTrain("bug");
    await work();
    const { error } = await reaching(id, "failed");
    expect(error?.code).toBe("INTERNAL");
    expect(error?.detail).not.toContain("a bug");
  });

  test("a result that cannot be stored fails the job", async () => {
    const id = await enqueueTrain("quick");
    await work({ train: () => Promise.resolve({ text: "\0" }) });
    expect(await reaching(id, "failed")).toMatchObject({ attempt: 1, error: { code: "INTERNAL" } });
  });

  test("tries are spaced further and further, and the last leaves its error", async () => {
    const id = await openQueue({ database, url, retryLimit: 2, log: silentLog, leaseSeconds: 1 }).then(async (other) => {
      const made = await other.enqueue(database, "train", trainPayload("fail OUTGOING"));
      await other.close({ timeoutMs: 0 });
      return made;
    });
    await work();
    const job = await reaching(id, "failed");
    expect(job).toMatchObject({ attempt: 3, attemptMax: 3, error: { code: "OUTGOING" } });
    const text = `select extract(epoch from at - lag(at) over (order by at))::float8 as gap from runs where job_id = $1 and event = 'start'`;
    const { rows } = await database.query<{ gap: number | null }>(text, [id]);
    const [first = 0, second = 0] = rows.map(({ gap }) => gap).filter((gap) => gap !== null);
    // The library draws the second pause from 2 to 4 s, the first from 1 to 2.
    expect(first).toBeGreaterThanOrEqual(1);
    expect(second).toBeGreaterThanOrEqual(2);
    expect(queue.stats().byName.train).toMatchObject({ retried: 2, failed: 1, running: 0 });
  });

  test("a dead job can be started again by hand, one that has succeeded cannot", async () => {
    const id = await enqueueTrain("fail PARAM until 2");
    await work();
    await reaching(id, "failed");
    expect(await queue.retry(id)).toMatchObject({ status: "retrying" });
    expect(await reaching(id, "succeeded")).toMatchObject({ attempt: 2, attemptMax: 2 });
    await expect(queue.retry(id)).rejects.toMatchObject({ code: "CONFLICT" });
  });
});

describe("ending early", () => {
  test("a queued job that is cancelled never runs", async () => {
    const id = await enqueueTrain("quick");
    expect(await queue.cancel(id)).toMatchObject({ status: "cancelled", attempt: 0 });
    await work();
    await reaching(await enqueueTrain("quick"), "succeeded");
    expect(await runsOf(database, id)).toEqual([]);
    expect(await queue.cancel(id)).toMatchObject({ status: "cancelled" });
  });

  test("a running job that is cancelled stops by its signal and stays cancelled", async () => {
    const id = await enqueueTrain("wait");
    await work();
    await running(id);
    expect(await queue.cancel(id)).toMatchObject({ status: "cancelled" });
    await eventually("the handler has stopped", async () => (await runsOf(database, id)).at(-1)?.event === "aborted", 2000);
    await eventually("nothing runs", () => queue.stats().running === 0);
    expect(await present(id)).toMatchObject({ status: "cancelled" });
  });

  test("what ignores its signal does not complete a cancelled job", async () => {
    const id = await enqueueTrain("deaf", "gate");
    await work();
    await running(id);
    await queue.cancel(id);
    await openGate(database, "gate");
    await eventually("the handler has ended", async () => (await runsOf(database, id)).at(-1)?.event === "end");
    await eventually("nothing runs", () => queue.stats().running === 0);
    expect(await present(id)).toMatchObject({ status: "cancelled", result: null });
    expect(queue.stats().byName.train).toMatchObject({ lost: 1, succeeded: 0 });
  });

  test("a job that runs for too long is taken away and counts as a try", async () => {
    const id = await enqueueTrain("wait");
    await database.query("update pgboss.job set expire_seconds = 1, retry_limit = 0 where id = $1", [id]);
    await work();
    expect(await reaching(id, "failed")).toMatchObject({ attempt: 1, error: { code: "TIMEOUT" } });
    await eventually("its handler has stopped", async () => (await runsOf(database, id)).at(-1)?.event === "aborted");
  });

  test("closing lets a job end within the bound", async () => {
    const id = await enqueueTrain("wait", "gate");
    await work();
    await running(id);
    const closing = queue.close({ timeoutMs: 10_000 });
    await openGate(database, "gate");
    await closing;
    expect(await present(id)).toMatchObject({ status: "succeeded" });
  });

  test.each(["wait", "deaf"])(
    "closing gives a job that goes on (%s) back to the queue, without counting the try",
    async (behaviour) => {
      const id = await enqueueTrain(behaviour, "gate");
      await work();
      await running(id);
      await queue.close({ timeoutMs: 50 });
      expect(await present(id)).toMatchObject({ status: "retrying", attempt: 1, attemptMax: 5, error: null });
      await openGate(database, "gate");
      queue = await open();
      await work();
      expect(await reaching(id, "succeeded")).toMatchObject({ attempt: 2, result: { attempt: 2 } });
    },
  );
});

test("a webhook does not wait behind long trainings", async () => {
  const long = await Promise.all([enqueueTrain("wait"), enqueueTrain("wait"), enqueueTrain("wait")]);
  await work({ ...recordingHandlers(database), webhook: () => Promise.resolve({}) });
  await eventually("all places are taken", async () => (await queue.depth()).running === 2);
  const id = await queue.enqueue(database, "webhook", { url: "http://host", event: "e", job_id: long[0], body: {} });
  await reaching(id, "succeeded");
  expect(await queue.depth()).toMatchObject({ running: 2, queued: 1 });
});

describe("side effects", () => {
  test("a job completed in its handler's transaction is done when that commits", async () => {
    const id = await enqueueTrain("quick");
    await work({
      train: async (_, control) => {
        await database.transaction(async (sql) => {
          await openGate(sql, "effect");
          await control.completeIn(sql, { stored: true });
        });
        return { stored: true };
      },
    });
    expect(await reaching(id, "succeeded")).toMatchObject({ result: { stored: true }, attempt: 1 });
    await eventually("it is counted", () => queue.stats().byName.train.succeeded === 1);
  });

  test("an attempt whose job was cancelled cannot commit what it did", async () => {
    const id = await enqueueTrain("quick");
    const ended = Promise.withResolvers<unknown>();
    await work({
      train: async (_, control) => {
        const attempt = database.transaction(async (sql) => {
          await openGate(sql, "effect");
          await queue.cancel(id);
          await control.completeIn(sql, {});
        });
        await attempt.catch(ended.resolve);
        throw control.signal.reason ?? new NomalyError("ABORTED", "stopped");
      },
    });
    expect(await ended.promise).toMatchObject({ code: "ABORTED" });
    expect((await database.query("select 1 from gates")).rowCount).toBe(0);
    expect(await present(id)).toMatchObject({ status: "cancelled" });
  });

  test.each([
    ["quick", "job.succeeded"],
    ["fail PARAM", "job.failed"],
  ])("who wanted to be told of a job's end (%s) has one webhook waiting when it has ended", async (behaviour, event) => {
    const payload = { ...trainPayload(behaviour), webhook_url: "http://host/path" };
    const id = await queue.enqueue(database, "train", payload);
    const told = Promise.withResolvers<unknown>();
    await work({
      ...recordingHandlers(database),
      webhook: ({ payload: message }) => Promise.resolve({}).finally(() => told.resolve(message)),
    });
    const status = event.slice("job.".length);
    expect(await told.promise).toMatchObject({ url: "http://host/path", event, job_id: id, body: { job_id: id, status } });
    expect((await queue.list({ limit: 10, name: "webhook" })).items).toHaveLength(1);
  });

  test("maintenance is asked for once in its period, whoever asks, and removes jobs that ended long ago", async () => {
    const old = await enqueueTrain("quick");
    const young = await enqueueTrain("quick");
    const waiting = await enqueueTrain("quick");
    await queue.cancel(old);
    await queue.cancel(young);
    await database.query("update pgboss.job set completed_on = now() - interval '31 days' where id = $1", [old]);
    await database.query("update pgboss.job set created_on = now() - interval '90 days', keep_until = now() where id = $1", [
      waiting,
    ]);
    const other = await open();
    const handlers: Partial<JobHandlers> = { maintenance: () => Promise.resolve({}) };
    await Promise.all([work(handlers), other.work(handlers, { concurrency: 1 })]);
    await eventually("maintenance has run", async () => (await queue.counts()).maintenance.succeeded > 0);
    await other.close({ timeoutMs: 1000 });
    expect((await queue.list({ limit: 10, name: "maintenance" })).items).toHaveLength(1);
    expect(await queue.get(old)).toBeUndefined();
    expect(await present(young)).toMatchObject({ status: "cancelled" });
    expect(await present(waiting)).toMatchObject({ status: "queued" });
  });
});

test("a process whose clock jumps keeps its jobs", async () => {
  const id = await enqueueTrain("wait", "gate");
  await work();
  await running(id);
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(Date.now() + 86_400_000);
  const beats = "select heartbeat_on > started_on + interval '1.5 seconds' as later from pgboss.job where id = $1";
  await eventually(
    "its lease is renewed beyond its length",
    async () => (await database.query<{ later: boolean }>(beats, [id])).rows[0]?.later === true,
  );
  vi.setSystemTime(Date.now() - 2 * 86_400_000);
  await openGate(database, "gate");
  expect(await reaching(id, "succeeded")).toMatchObject({ attempt: 1 });
});
