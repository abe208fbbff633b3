/** Opens the job queue: prepares its tables, starts the queue library, and starts the worker when asked. */

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
import { createSettling, type OnJobEnd } from "./settle.ts";
import { startWorker, type Worker } from "./worker.ts";

export interface OpenQueueOptions {
  readonly database: Database;
  /** For making the tables on a connection beside the pool. */
  readonly url: string;
  /** Further attempts at a job that failed for a passing reason. */
  readonly retryLimit: number;
  readonly log: JobLog;
  /** How long the job of a dead process stays with it. All processes of a database should use the same value. */
  readonly leaseSeconds?: number;
  /** The longest pause between two polls for jobs. */
  readonly pollMs?: number;
  readonly clock?: Clock;
  readonly onEnd?: OnJobEnd;
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
  const settling = createSettling({ boss, database, enqueue, onEnd: options.onEnd });
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
      const message = `the job ${id} is ${job.status}: only a job that failed or was cancelled can be started again`;
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
      if (worker !== undefined) throw new Error("internal: the queue's worker was started twice");
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

/** Counts the job, and makes this process's worker poll soon, as the caller's transaction will commit in a moment. */
function countedEnqueue(enqueue: Enqueue, count: (name: Parameters<Enqueue>[1]) => void, hurry: () => void): Enqueue {
  return async (sql, name, payload, options) => {
    const id = await enqueue(sql, name, payload, options);
    count(name);
    hurry();
    return id;
  };
}
