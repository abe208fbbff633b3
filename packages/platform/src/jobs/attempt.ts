/** One attempt at a job in this process: its abort signal, its progress and its lease. */

import { NomalyError } from "@nomaly/detect";
import type { JobPayloads } from "./job-types.ts";
import type { AttemptKey } from "./job-statements.ts";

export type StopReason = "lost" | "closing";

export interface Attempt extends ClaimedJob {
  readonly signal: AbortSignal;
  /** Aborts the work; the first reason counts. */
  readonly stop: (reason: StopReason, error: NomalyError) => void;
  readonly stopped: () => StopReason | undefined;
  /** Stores the progress, 0 to 1; a value below the last one is ignored. */
  readonly report: (done: number) => void;
  /** The progress if it was reported since the last call. */
  readonly takeProgress: () => number | undefined;
  /** To be called when the progress that was taken could not be written. */
  readonly reportAgain: () => void;
  /** Until this time of this process's clock no other process can take the job. */
  heldUntil: number;
  /** True when the handler has ended the job in its own transaction. */
  isCompletedByHandler: boolean;
}

export interface ClaimedJob extends AttemptKey {
  readonly payload: JobPayloads[keyof JobPayloads];
  readonly leaseMs: number;
}

/** @param claimedAt the time just before the claim: the lease began then or later. */
export function createAttempt(job: ClaimedJob, claimedAt: number): Attempt {
  const controller = new AbortController();
  let reason: StopReason | undefined;
  let progress = 0;
  let isReported = false;
  return {
    ...job,
    signal: controller.signal,
    stop: (why, error) => {
      if (reason !== undefined) return;
      reason = why;
      controller.abort(error);
    },
    stopped: () => reason,
    report: (done) => {
      if (!(done > progress)) return;
      progress = Math.min(1, done);
      isReported = true;
    },
    takeProgress: () => {
      if (!isReported) return undefined;
      isReported = false;
      return progress;
    },
    reportAgain: () => void (isReported = true),
    heldUntil: claimedAt + job.leaseMs,
    isCompletedByHandler: false,
  };
}

export function leaseLost({ id, name }: AttemptKey): NomalyError {
  return new NomalyError("ABORTED", `the ${name} job ${id} was cancelled, or another process has taken it over`, {
    field: "job_id",
  });
}

export function processStops({ id, name }: AttemptKey): NomalyError {
  return new NomalyError("ABORTED", `the process stops: the ${name} job ${id} goes back to the queue`, { field: "job_id" });
}
