/** Runs one attempt: calls its handler, then stores its outcome in the database. */

import type { Database, Sql } from "../store/postgres/sql.ts";
import type { Attempt } from "./attempt.ts";
import { mayPass } from "./bounded.ts";
import type { Counting } from "./counting.ts";
import { giveBackJob, removeOldJobs } from "./job-statements.ts";
import type { JobControl, JobHandler, JobHandlers, JobName, JobResult } from "./job-types.ts";
import type { JobLog } from "./queue.ts";
import type { Settling } from "./settle.ts";

export interface RunParts {
  readonly database: Database;
  readonly settling: Settling;
  readonly counting: Counting;
  readonly log: JobLog;
}

export interface RunOptions extends RunParts {
  readonly handlers: Partial<JobHandlers>;
  /** True once the closing worker no longer waits for this attempt, whose lease then runs out. */
  readonly isAbandoned: () => boolean;
}

type Work = { readonly kind: "done"; readonly result: JobResult } | { readonly kind: "failed"; readonly error: unknown };

const settlePauseMs = 100;
const settlePauseMsMax = 2000;
const removedAtOnce = 1000;
const removalsMax = 1000;

/** Never rejects. */
export async function runAttempt(attempt: Attempt, options: RunOptions): Promise<void> {
  const { counting, log } = options;
  const { id, name } = attempt;
  counting.started(name);
  try {
    await endPatiently(attempt, await work(attempt, options), options);
  } catch (error) {
    // The lease runs out, and another attempt takes the job.
    log.error({ job_id: id, name, err: error }, "the end of a job could not be stored");
  } finally {
    counting.stopped(name);
  }
}

async function work(attempt: Attempt, { handlers, settling, database }: RunOptions): Promise<Work> {
  const { id, name, retryCount, payload, signal, report } = attempt;
  const control: JobControl = {
    signal,
    progress: report,
    completeIn: (sql, result) => settling.completeIn(sql, attempt, result),
    holdIn: (sql) => settling.holdIn(sql, attempt),
  };
  try {
    if (name === "maintenance") await removeOld(database);
    const handler = handlers[name] as JobHandler<JobName>;
    return { kind: "done", result: await handler({ id, attempt: retryCount + 1, payload }, control) };
  } catch (error) {
    return { kind: "failed", error };
  }
}

/** Tries again while the database is away and this process still has the job, so that finished work is not repeated. */
async function endPatiently(attempt: Attempt, outcome: Work, options: RunOptions): Promise<void> {
  const { counting, isAbandoned } = options;
  let toStore = outcome;
  let pauseMs = settlePauseMs;
  for (;;) {
    try {
      return await end(attempt, toStore, options);
    } catch (error) {
      if (mayPass(error)) {
        if (attempt.stopped() === "lost" || isAbandoned()) return counting.ended(attempt.name, "lost");
        counting.databaseFailed(error);
      } else if (toStore.kind === "done") {
        // A result that the database refuses is a bug of the handler, and every attempt would fail in the same way.
        toStore = { kind: "failed", error: new Error("the result of the job cannot be stored", { cause: error }) };
      } else throw error;
    }
    await new Promise((later) => setTimeout(later, pauseMs));
    pauseMs = Math.min(pauseMs * 2, settlePauseMsMax);
  }
}

async function end(attempt: Attempt, outcome: Work, options: RunOptions): Promise<void> {
  const { settling, counting, log } = options;
  const { id, name, retryCount } = attempt;
  if (outcome.kind === "done") return counting.ended(name, await settling.complete(attempt, outcome.result));
  if (attempt.stopped() === "closing") return giveBack(attempt, options);
  const { error } = outcome;
  const ended = await settling.fail(attempt, error);
  counting.ended(name, ended);
  if (ended !== "lost")
    log.warn({ job_id: id, name, attempt: retryCount + 1, outcome: ended, err: error }, "an attempt of a job failed");
}

export async function giveBack(attempt: Attempt, { database, counting }: Pick<RunParts, "database" | "counting">): Promise<void> {
  counting.ended(attempt.name, (await giveBackJob(database, attempt)) ? "givenBack" : "lost");
}

async function removeOld(database: Sql): Promise<void> {
  for (let round = 0; round < removalsMax; round++) {
    if ((await removeOldJobs(database, removedAtOnce)) < removedAtOnce) return;
  }
}
