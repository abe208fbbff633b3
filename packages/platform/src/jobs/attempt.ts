/** One try of one job in this process. */

import { NomalyError } from "@nomaly/detect";
import type { JobPayloads } from "./job-types.ts";
import type { AttemptKey } from "./job-statements.ts";

export type StopReason = "lost" | "closing";

export interface Attempt extends AttemptKey {
  readonly payload: JobPayloads[keyof JobPayloads];
  readonly leaseMs: number;
  readonly signal: AbortSignal;
  /** Ends the work; the first reason counts. */
  readonly stop: (reason: StopReason, error: NomalyError) => void;
  readonly stopped: () => StopReason | undefined;
  /** Only forwards, and only within 0 to 1. */
  readonly report: (done: number) => void;
  /** What was reported since it was last asked for. */
  readonly takeProgress: () => number | undefined;
  /** What was taken did not arrive. */
  readonly reportAgain: () => void;
  /** Until when, by this process's clock, no other process can have the job. */
  heldUntil: number;
  /** The handler ended the job in a transaction of its own. */
  isCompletedByHandler: boolean;
}

export interface ClaimedJob extends AttemptKey {
  readonly payload: JobPayloads[keyof JobPayloads];
  readonly leaseMs: number;
}

/** @param claimedAt when the claim was asked for: the lease began then or later. */
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
  return new NomalyError("ABORTED", `the ${name} job ${id} was cancelled, or is no longer this process's`, { field: "job_id" });
}

export function processStops({ id, name }: AttemptKey): NomalyError {
  return new NomalyError("ABORTED", `the process stops: the ${name} job ${id} goes back to the queue`, { field: "job_id" });
}
