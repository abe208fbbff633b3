/** For each kind of job: how long it may run, how soon it is tried again, and which jobs share its places. Also which errors are retried. */

import { NomalyError } from "@nomaly/detect";
import type { JobError, JobName } from "./job-types.ts";

export interface JobPolicy {
  /** An attempt that still runs after this is stuck: the sweep takes the job away from it. */
  readonly expireSeconds: number;
  /** The delay before the second attempt; it doubles, with jitter, before each further one. */
  readonly retryDelaySeconds: number;
  readonly retryDelaySecondsMax: number;
  /** Light jobs have their own places, so that two long trainings do not keep a webhook waiting. */
  readonly lane: "compute" | "light";
}

const hour = 3600;
const compute = { expireSeconds: 6 * hour, retryDelaySeconds: 1, retryDelaySecondsMax: 300, lane: "compute" } as const;

export const jobPolicies: Readonly<Record<JobName, JobPolicy>> = {
  train: compute,
  predict: compute,
  batch: compute,
  update: compute,
  // The receiver may be restarting: the attempts span more than a minute.
  webhook: { expireSeconds: 300, retryDelaySeconds: 5, retryDelaySecondsMax: 600, lane: "light" },
  maintenance: { expireSeconds: hour, retryDelaySeconds: 10, retryDelaySecondsMax: 600, lane: "light" },
};

/** Light jobs that one process runs at once, beside the compute jobs. */
export const lightConcurrency = 4;

/** How long ended jobs are kept; queued jobs are kept without limit. */
export const keptSeconds = 30 * 24 * hour;

/** Errors after which a later attempt may succeed. STORAGE may be a full disk; a damaged file soon fails again. */
const retryableCodes = new Set<string>([
  "DATABASE",
  "POOL_TIMEOUT",
  "TIMEOUT",
  "OVERLOADED",
  "WORKER",
  "OUTGOING",
  "STORAGE",
  // ABORTED while the attempt's own signal has not fired: another part of the process was closing.
  "ABORTED",
]);

const detailCharsMax = 2000;

export function isRetryable(error: unknown): boolean {
  return error instanceof NomalyError && retryableCodes.has(error.code);
}

/** The error as stored and shown to users. Only the log gets the text of an error that is no NomalyError. */
export function jobErrorOf(error: unknown): JobError {
  if (!(error instanceof NomalyError)) {
    return { code: "INTERNAL", detail: "an error inside the service; its log has the cause under this job's id" };
  }
  const { code, message, field } = error;
  // PostgreSQL stores no NUL character, and a text quoted in the message may hold one.
  const detail = message.slice(0, detailCharsMax).replaceAll("\0", "");
  return field === undefined ? { code, detail } : { code, detail, field };
}
