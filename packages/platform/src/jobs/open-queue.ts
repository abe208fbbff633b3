/** Opens the queue: its tables, the library that keeps jobs in them, and what works on them. */

import { NomalyError } from "@nomaly/detect";
import type { Clock } from "../pools/resource-pool.ts";
import { isId } from "../ids/ids.ts";
import type { Database } from "../store/postgres/sql.ts";
import { openBoss } from "./boss.ts";
import { createCounting } from "./counting.ts";
import { createEnqueue, type Enqueue } from "./enqueue.ts";
import { followJob } from "./follow-job.ts";
import { countJobs, jobById, listJobs, queueDepth } from "./job-statements.ts";
import { hasEnded, type JobRecord } from "./job-types.ts";
import { createPacer } from "./pacer.ts";
import { prepareQueue } from "./prepare-queue.ts";
import type { JobLog, Queue } from "./queue.ts";
import { createSettling, type JobEnds } from "./settle.ts";
import { startWorker, type Worker } from "./worker.ts";

export interface OpenQueueOptions {
  readonly database: Database;
  /** For making the tables, once, on a connection of its own. */
  readonly url: string;
  /** Further tries of a job that failed for a passing reason. */
  readonly retryLimit: number;
  readonly log: JobLog;
  /** How long the job of a process that died stays with it. All processes of a database should say the same. */
  readonly leaseSeconds?: number;
  /** The longest pause between two looks for work. */
  readonly pollMs?: number;
  readonly clock?: Clock;
  readonly ends?: JobEnds;
}

const defaultLeaseSeconds = 10;
const defaultPollMs = 250;

/** @throws NomalyError DATABASE, CONFLICT when the tables are those of a newer version. */
export async function openQueue(options: OpenQueueOptions): Promise<Queue> {
  const { database, url, retryLimit, log, leaseSeconds = defaultLeaseSeconds, pollMs = defaultPollMs } = options;
  const clock = options.clock ?? { now: () => performance.now() };
  await prepareQueue(database, { url, leaseSeconds });
  const boss = await openBoss(database, log);
  const counting = createCounting(log, clock);
  const pacer = createPacer(pollMs);
  const ask = createEnqueue(boss, retryLimit);
  const enqueue = countedEnqueue(ask, counting.enqueued, pacer.hurry);
  const settling = createSettling({ boss, database, enqueue, ends: options.ends });
  let worker: Worker | undefined;

  const get = async (id: string) => (isId(id) ? jobById(database, id) : undefined);

  async function cancel(id: string): Promise<JobRecord | undefined> {
    const job = await get(id);
    if (job === undefined || hasEnded(job)) return job;
    await settling.cancel(job);
    return get(id);
  }

  async function retry(id: string): Promise<JobRecord | undefined> {
    const job = await get(id);
    if (job === undefined) return undefined;
    if (job.status === "failed") await boss.retry(job.name, id);
    else if (job.status === "cancelled") await boss.resume(job.name, id);
    else {
      const message = `the job ${id} is ${job.status}: only one that failed or was cancelled can be started again`;
      throw new NomalyError("CONFLICT", message, { field: "status", received: job.status });
    }
    pacer.hurry();
    return get(id);
  }

  return {
    enqueue,
    get,
    list: (query) => listJobs(database, query),
    cancel,
    retry,
    events: (id, signal) => followJob(id, get, signal),
    work: async (handlers, { concurrency }) => {
      if (worker !== undefined) throw new Error("internal: a queue works once");
      worker = startWorker({ boss, database, settling, enqueue: ask, counting, pacer, clock, log }, { handlers, concurrency });
    },
    stats: () => counting.stats(),
    depth: () => queueDepth(database),
    counts: () => countJobs(database),
    close: async ({ timeoutMs }) => {
      await worker?.close(timeoutMs);
      await boss.stop({ close: false, graceful: false });
    },
  };
}

/** The worker of this process need not wait for its next look: the caller's transaction will commit in a moment. */
function countedEnqueue(enqueue: Enqueue, count: (name: Parameters<Enqueue>[1]) => void, hurry: () => void): Enqueue {
  return async (sql, name, payload, options) => {
    const id = await enqueue(sql, name, payload, options);
    count(name);
    hurry();
    return id;
  };
}
