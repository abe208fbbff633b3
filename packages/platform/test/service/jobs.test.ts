/** Jobs in several processes that die, stop and lose their database. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openQueue } from "../../src/jobs/open-queue.ts";
import type { Queue } from "../../src/jobs/queue.ts";
import type { JobRecord } from "../../src/jobs/job-types.ts";
import type { OpenDatabase } from "../../src/store/postgres/open-database.ts";
import { eventually } from "../../test-support/eventually.ts";
import { startFaultProxy } from "../../test-support/faults/fault-proxy.ts";
import { createJobDatabase, forgetJobs, openTestDatabase } from "../../test-support/servers/job-database.ts";
import { openGate, runsOf, silentLog, trainPayload } from "../../test-support/faults/job-handlers.ts";
import { startTestServer, type TestServer } from "../../test-support/servers/postgres.ts";

const program = fileURLToPath(new URL("../../test-support/faults/job-worker.ts", import.meta.url));
const leaseSeconds = 2;
const killCount = process.env["NOMALY_LONG"] === undefined ? 5 : 50;

interface WorkerProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it wrote to its error output. */
  readonly said: () => string;
}

let server: TestServer;
let url: string;
let database: OpenDatabase;
/** Takes no jobs itself. */
let queue: Queue;
let processes: ChildProcess[] = [];

beforeAll(async () => {
  server = await startTestServer();
  url = await createJobDatabase(server);
  database = openTestDatabase(url);
  queue = await openQueue({ database, url, retryLimit: 3, log: silentLog, leaseSeconds });
});

afterAll(async () => {
  await queue.close({ timeoutMs: 0 });
  await database.close();
  await server.stop();
});

beforeEach(() => forgetJobs(database));

afterEach(async () => {
  await Promise.all(processes.map((child) => end(child, "SIGKILL")));
  processes = [];
});

async function startWorker({ concurrency = 1, closeMs = 5000 } = {}): Promise<WorkerProcess> {
  const words = ["--conditions=source", program, url, String(leaseSeconds), String(concurrency), String(closeMs)];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] });
  processes.push(child);
  let said = "";
  child.stderr?.on("data", (bytes: Buffer) => (said += bytes.toString()));
  const [first] = await Promise.race([once(child.stdout, "data"), once(child, "exit").then(() => ["ended"])]);
  if (String(first) !== "ready\n") throw new Error(`the worker did not start: ${said}`);
  return { pid: child.pid!, child, said: () => said };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

const enqueue = (behaviour: string, gate?: string) => queue.enqueue(database, "train", trainPayload(behaviour, gate));

async function present(id: string): Promise<JobRecord> {
  const job = await queue.get(id);
  if (job === undefined) throw new Error(`no job ${id}`);
  return job;
}

async function running(id: string, attempt = 1): Promise<void> {
  const holds = async () => (await runsOf(database, id)).some((run) => run.event === "start" && run.attempt === attempt);
  await eventually(`attempt ${attempt} has begun`, holds, 20_000);
}

async function succeeded(id: string): Promise<JobRecord> {
  await eventually("the job has succeeded", async () => (await present(id)).status === "succeeded", 20_000);
  return present(id);
}

test("the job of a process that is killed is taken by another within seconds, and done once", async () => {
  const first = await startWorker();
  const id = await enqueue("wait", "gate");
  await running(id);
  const second = await startWorker();
  await end(first.child, "SIGKILL");
  const killedAt = performance.now();
  await running(id, 2);
  expect(performance.now() - killedAt).toBeLessThan((leaseSeconds + 3) * 1000);
  await openGate(database, "gate");
  expect(await succeeded(id)).toMatchObject({ attempt: 2, result: { attempt: 2 } });
  expect(await runsOf(database, id)).toEqual([
    { pid: first.pid, attempt: 1, event: "start" },
    { pid: second.pid, attempt: 2, event: "start" },
    { pid: second.pid, attempt: 2, event: "end" },
  ]);
});

test("a job that kills each of its processes fails when its tries are used up", async () => {
  const id = await enqueue("wait");
  await database.query("update pgboss.job set retry_limit = 1 where id = $1", [id]);
  for (const attempt of [1, 2]) {
    const worker = await startWorker();
    await running(id, attempt);
    await end(worker.child, "SIGKILL");
  }
  await startWorker();
  await eventually("it has failed", async () => (await present(id)).status === "failed");
  expect(await present(id)).toMatchObject({ attempt: 2, error: { code: "WORKER" } });
});

test("a process that was frozen beyond its lease does not complete the job that another has", async () => {
  const frozen = await startWorker();
  const id = await enqueue("deaf", "gate");
  await running(id);
  frozen.child.kill("SIGSTOP");
  await startWorker();
  await running(id, 2);
  frozen.child.kill("SIGCONT");
  await openGate(database, "gate 1");
  // The other process is taken up by the second attempt: when this runs, the first is over.
  await succeeded(await enqueue("quick"));
  expect((await runsOf(database, id)).at(-1)).toEqual({ pid: frozen.pid, attempt: 1, event: "end" });
  expect(await present(id)).toMatchObject({ status: "running", attempt: 2, result: null });
  await openGate(database, "gate 2");
  expect(await succeeded(id)).toMatchObject({ attempt: 2, result: { attempt: 2 } });
});

test("cancelling stops a job in another process within a second or so, and progress is seen from here", async () => {
  await startWorker();
  const id = await enqueue("wait");
  await eventually("progress is seen", async () => (await present(id)).progress === 0.25);
  const cancelledAt = performance.now();
  expect(await queue.cancel(id)).toMatchObject({ status: "cancelled", progress: 0.25 });
  await eventually("its handler has stopped", async () => (await runsOf(database, id)).at(-1)?.event === "aborted");
  expect(performance.now() - cancelledAt).toBeLessThan(2500);
  expect(await present(id)).toMatchObject({ status: "cancelled", result: null });
});

test("several processes run each of many jobs exactly once", async () => {
  const ids = await database.transaction(async (sql) => {
    const made: string[] = [];
    for (let count = 0; count < 60; count++) made.push(await queue.enqueue(sql, "train", trainPayload("quick")));
    return made;
  });
  await Promise.all([startWorker({ concurrency: 3 }), startWorker({ concurrency: 3 })]);
  await eventually("all have succeeded", async () => (await queue.counts()).train.succeeded === ids.length, 30_000);
  const { rows } = await database.query<{ event: string; runs: number; jobs: number }>(
    "select event, count(*)::int as runs, count(distinct job_id)::int as jobs from runs group by event order by event",
  );
  expect(rows).toEqual(["end", "start"].map((event) => ({ event, runs: 60, jobs: 60 })));
});

test(`${killCount} kills of processes at random moments lose no job and repeat no side effect`, async () => {
  const count = 10 * killCount;
  await database.transaction(async (sql) => {
    for (let made = 0; made < count; made++) await queue.enqueue(sql, "train", trainPayload("effect"));
    await sql.query("update pgboss.job set retry_limit = 1000");
  });
  for (let kill = 0; kill < killCount; kill++) {
    const { child } = await startWorker({ concurrency: 3 });
    // Not a wait for something: the moment itself is what is tried.
    await new Promise((later) => setTimeout(later, Math.random() * 400));
    await end(child, "SIGKILL");
  }
  await startWorker({ concurrency: 3 });
  await eventually("all have succeeded", async () => (await queue.counts()).train.succeeded === count, 60_000);
  const { rows } = await database.query("select count(*)::int as effects, count(distinct job_id)::int as jobs from effects");
  expect(rows).toEqual([{ effects: count, jobs: count }]);
}, 600_000);

test("a process that is told to stop gives its job back, and the next one goes on at once", async () => {
  const first = await startWorker({ closeMs: 100 });
  const id = await enqueue("wait", "gate");
  await running(id);
  await end(first.child, "SIGTERM");
  expect(first.child.exitCode).toBe(0);
  expect(await present(id)).toMatchObject({ status: "retrying", attemptMax: 5 });
  await openGate(database, "gate");
  await startWorker();
  expect(await succeeded(id)).toMatchObject({ attempt: 2 });
});

test("a process that is cut off from the database stops its job when that could have passed on, and can still be closed", async () => {
  const { port } = new URL(url);
  const proxy = await startFaultProxy({ port: Number(port) });
  const through = new URL(url);
  through.port = String(proxy.port);
  const pool = openTestDatabase(through.href);
  const cutOff = await openQueue({ database: pool, url: through.href, retryLimit: 3, log: silentLog, leaseSeconds });
  const begun = Promise.withResolvers<AbortSignal>();
  await cutOff.work(
    {
      train: async (_job, { signal }) => {
        begun.resolve(signal);
        await once(signal, "abort");
        throw signal.reason;
      },
    },
    { concurrency: 1 },
  );
  const id = await enqueue("quick");
  const signal = await begun.promise;
  proxy.blackhole();
  const cutAt = performance.now();
  await eventually("its signal has fired", () => signal.aborted);
  expect(performance.now() - cutAt).toBeLessThan((leaseSeconds + 2) * 1000);
  await startWorker();
  expect(await succeeded(id)).toMatchObject({ attempt: 2 });
  const closedAt = performance.now();
  await cutOff.close({ timeoutMs: 100 });
  expect(performance.now() - closedAt).toBeLessThan(6000);
  await proxy.close();
  await pool.close();
});

test("when the database is killed and comes back, processes go on by themselves and no job is done twice or lost", async () => {
  const workers = await Promise.all([startWorker({ concurrency: 2 }), startWorker({ concurrency: 2 })]);
  const held = await enqueue("wait", "gate");
  await running(held);
  const listener = new AbortController();
  const events = collect(queue.events(held, listener.signal));
  await server.kill();
  await server.start();
  await eventually("jobs can be put in", () => enqueue("quick").then(Boolean, () => false));
  await openGate(database, "gate");
  await succeeded(held);
  await eventually("all have succeeded", async () => {
    const { train } = await queue.counts();
    return train.succeeded === (await queue.list({ limit: 100, name: "train" })).items.length;
  });
  expect((await events).at(-1)).toMatchObject({ id: held, status: "succeeded" });
  const { rows } = await database.query<{ doubled: number }>(
    "select count(*)::int as doubled from (select 1 from runs where event = 'end' group by job_id having count(*) > 1) as more",
  );
  expect(rows[0].doubled).toBe(0);
  for (const { child, said } of workers) {
    expect(child.exitCode).toBeNull();
    expect(said()).not.toMatch(/unhandled|uncaught/i);
  }
});

async function collect(events: AsyncIterable<JobRecord>): Promise<readonly JobRecord[]> {
  const all: JobRecord[] = [];
  for await (const job of events) all.push(job);
  return all;
}
