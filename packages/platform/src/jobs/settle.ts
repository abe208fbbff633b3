/** Ends jobs in the database: each once, and an attempt only while it holds the job. */

import type { PgBoss } from "pg-boss";
import type { Database, Sql } from "../store/postgres/sql.ts";
import { type Attempt, leaseLost } from "./attempt.ts";
import { bossDatabase } from "./boss.ts";
import { bounded } from "./bounded.ts";
import type { Enqueue } from "./enqueue.ts";
import { isRetryable, jobErrorOf } from "./job-policies.ts";
import { forbidRetries, jobById, sweepLostJobs } from "./job-statements.ts";
import type { JobRecord, JobResult } from "./job-types.ts";

export type Outcome = "succeeded" | "failed" | "retried" | "lost";

export type Settling = ReturnType<typeof createSettling>;

export interface SettlingOptions {
  readonly boss: PgBoss;
  readonly database: Database;
  readonly enqueue: Enqueue;
  readonly onEnd?: OnJobEnd | undefined;
}

/** Called in the transaction that ends a job, however it ended. */
export type OnJobEnd = (sql: Sql, job: JobRecord) => Promise<void>;

/** After this the statement is tried again, on another connection. */
const settleMsMax = 10_000;

export function createSettling({ boss, database, enqueue, onEnd }: SettlingOptions) {
  /** In the transaction that ends the job: calls `onEnd` and enqueues the webhook, so that both happen exactly if the job ends. */
  async function announceEnd(sql: Sql, id: string): Promise<void> {
    const job = await jobById(sql, id);
    if (job === undefined) return;
    await onEnd?.(sql, job);
    const [stored] = await boss.findJobs<{ readonly webhook_url?: string }>(job.name, { id, db: bossDatabase(sql) });
    const url = stored?.data.webhook_url;
    if (url === undefined) return;
    const message = { url, event: `job.${job.status}`, job_id: id, body: describeJob(job) };
    // The attempt is part of the key because a job that a user starts again ends again.
    await enqueue(sql, "webhook", message, { key: `${id} ${job.attempt}` });
  }

  /** @throws NomalyError ABORTED when the attempt no longer holds the job; so does `completeIn`. */
  async function holdIn(sql: Sql, attempt: Attempt): Promise<void> {
    // Renewing the lease locks the job's row until the transaction ends.
    const { affected } = settled(await boss.touch(attempt.name, key(attempt), { db: bossDatabase(sql) }));
    if (affected === 0) throw leaseLost(attempt);
  }

  /** False when the attempt no longer holds the job. */
  async function tryComplete(sql: Sql, attempt: Attempt, result: JobResult): Promise<boolean> {
    const { affected } = settled(await boss.complete(attempt.name, key(attempt), result, { db: bossDatabase(sql) }));
    if (affected === 1) await announceEnd(sql, attempt.id);
    return affected === 1;
  }

  async function completeIn(sql: Sql, attempt: Attempt, result: JobResult): Promise<void> {
    if (!(await tryComplete(sql, attempt, result))) throw leaseLost(attempt);
    attempt.isCompletedByHandler = true;
  }

  async function complete(attempt: Attempt, result: JobResult): Promise<Outcome> {
    const isDone = await bounded(database, settleMsMax).transaction((sql) => tryComplete(sql, attempt, result));
    if (isDone) return "succeeded";
    // This attempt may have completed the job before, when the database's answer was lost.
    const [stored] = await boss.findJobs(attempt.name, { id: attempt.id });
    return stored?.state === "completed" && stored.retryCount === attempt.retryCount ? "succeeded" : "lost";
  }

  async function fail(attempt: Attempt, error: unknown): Promise<Outcome> {
    return bounded(database, settleMsMax).transaction(async (sql) => {
      if (!isRetryable(error)) await forbidRetries(sql, attempt);
      const output = { error: jobErrorOf(error) };
      const { affected } = settled(await boss.fail(attempt.name, key(attempt), output, { db: bossDatabase(sql) }));
      if (affected === 0) return "lost";
      const job = await jobById(sql, attempt.id);
      if (job?.status !== "failed") return "retried";
      await announceEnd(sql, attempt.id);
      return "failed";
    });
  }

  /** @returns how many jobs failed for good. */
  async function sweep(): Promise<number> {
    return bounded(database, settleMsMax).transaction(async (sql) => {
      const failed = await sweepLostJobs(sql);
      for (const id of failed) await announceEnd(sql, id);
      return failed.length;
    });
  }

  async function cancel({ id, name }: JobRecord): Promise<void> {
    await database.transaction(async (sql) => {
      const { affected } = settled(await boss.cancel(name, id, { db: bossDatabase(sql) }));
      if (affected === 1) await announceEnd(sql, id);
    });
  }

  return { holdIn, completeIn, complete, fail, sweep, cancel };
}

/** The body of the webhook for an ended job. */
function describeJob({ id, name, status, attempt, detectorId, datasetId, result, error, finishedAt }: JobRecord) {
  return {
    job_id: id,
    name,
    status,
    attempt,
    detector_id: detectorId,
    dataset_id: datasetId,
    result,
    error,
    finished_at: finishedAt?.toISOString() ?? null,
  };
}

/** The library's condition: only the attempt with this number may end the job. */
function key({ id, retryCount }: Attempt): { readonly id: string; readonly retryCount: number } {
  return { id, retryCount };
}

/** The library's types leave out this field of its answers. */
function settled(response: object): { readonly affected: number } {
  return response as { readonly affected: number };
}
