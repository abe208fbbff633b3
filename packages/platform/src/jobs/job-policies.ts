/** How each job is treated: how long it may run, how often and how soon it is tried again, what it may crowd out. */

import { NomalyError } from "@nomaly/detect";
import type { JobError, JobName } from "./job-types.ts";

export interface JobPolicy {
  /** A job that still runs after this is stuck: it is taken away and counts as one try. */
  readonly expireSeconds: number;
  /** Before the second try; doubled before each further one, with some chance in it. */
  readonly retryDelaySeconds: number;
  readonly retryDelaySecondsMax: number;
  /** Light ones have places of their own: two long trainings must not keep a webhook waiting. */
  readonly lane: "compute" | "light";
}

const hour = 3600;
const compute = { expireSeconds: 6 * hour, retryDelaySeconds: 1, retryDelaySecondsMax: 300, lane: "compute" } as const;

export const jobPolicies: Readonly<Record<JobName, JobPolicy>> = {
  train: compute,
  predict: compute,
  batch: compute,
  // The receiver may be restarting: its tries reach over a minute.
  webhook: { expireSeconds: 300, retryDelaySeconds: 5, retryDelaySecondsMax: 600, lane: "light" },
  maintenance: { expireSeconds: hour, retryDelaySeconds: 10, retryDelaySecondsMax: 600, lane: "light" },
};

/** At once in one process, besides the others. */
export const lightConcurrency = 4;

/** Ended jobs are kept so long, to be looked at; queued ones for ever. */
export const keptSeconds = 30 * 24 * hour;

/** Causes that pass. A full disk is STORAGE too; what is damaged fails again soon enough. */
const retryableCodes = new Set<string>([
  "DATABASE",
  "POOL_TIMEOUT",
  "TIMEOUT",
  "OVERLOADED",
  "WORKER",
  "OUTGOING",
  "STORAGE",
  // Thrown while our own signal has not fired: something below was closing.
  "ABORTED",
]);

const detailCharsMax = 2000;

export function isRetryable(error: unknown): boolean {
  return error instanceof NomalyError && retryableCodes.has(error.code);
}

/** As it is stored and shown: what is no error of ours is told to the log only. */
export function jobErrorOf(error: unknown): JobError {
  if (!(error instanceof NomalyError)) {
    return { code: "INTERNAL", detail: "an error inside the service; its log has the cause under this job's id" };
  }
  const { code, message, field } = error;
  // The database takes no zero character, and a text quoted in a message may hold one.
  const detail = message.slice(0, detailCharsMax).replaceAll("\0", "");
  return field === undefined ? { code, detail } : { code, detail, field };
}
