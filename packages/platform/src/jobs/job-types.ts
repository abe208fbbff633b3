/** The kinds of jobs: their payloads, their handlers, and what can be read of a job. */

import type { Sql } from "../store/postgres/sql.ts";

export const jobNames = ["train", "predict", "batch", "update", "webhook", "maintenance"] as const;
export type JobName = (typeof jobNames)[number];

/** The common payload: who asked, for the audit log, the data set, and the webhook to call at the end. */
interface Asked {
  readonly dataset_id: string;
  readonly actor: string;
  readonly request_id: string;
  readonly webhook_url?: string;
}

/** Stored as JSON. Payloads are small: they name data sets and never hold rows. */
export interface JobPayloads {
  readonly train: Asked & { readonly detector_id: string };
  readonly predict: Asked & { readonly detector_id: string; readonly explain?: boolean };
  readonly batch: Asked & { readonly detector_ids: readonly string[]; readonly explain?: boolean };
  readonly update: Asked & { readonly detector_id: string };
  readonly webhook: {
    readonly url: string;
    readonly event: string;
    /** The job that the message is about. */
    readonly job_id: string;
    readonly body: Readonly<Record<string, unknown>>;
  };
  readonly maintenance: Readonly<Record<string, never>>;
}

export type JobResult = Readonly<Record<string, unknown>>;

export interface JobControl {
  /** Fires when the job is cancelled, has lost its lease, took too long, or this process stops. */
  readonly signal: AbortSignal;
  /** Reports progress, 0 to 1. Cheap: it is written at most twice a second. */
  readonly progress: (done: number) => void;
  /**
   * Ends the job as the last statement of the transaction that stores its effect, so that both commit or neither does.
   * @throws NomalyError ABORTED when this attempt no longer holds the job: the transaction must not commit.
   */
  readonly completeIn: (sql: Sql, result: JobResult) => Promise<void>;
  /**
   * The first statement of a transaction that stores something about the job: until that ends nobody ends the job or takes it away.
   * @throws NomalyError ABORTED when this attempt no longer holds the job.
   */
  readonly holdIn: (sql: Sql) => Promise<void>;
}

export type JobHandler<Name extends JobName> = (
  job: { readonly id: string; readonly attempt: number; readonly payload: JobPayloads[Name] },
  control: JobControl,
) => Promise<JobResult>;

export type JobHandlers = { readonly [Name in JobName]: JobHandler<Name> };

export const jobStatuses = ["queued", "running", "retrying", "succeeded", "failed", "cancelled"] as const;
export type JobStatus = (typeof jobStatuses)[number];

export interface JobError {
  /** A code of NomalyError, or INTERNAL. */
  readonly code: string;
  readonly detail: string;
  readonly field?: string;
}

export interface JobRecord {
  readonly id: string;
  readonly name: JobName;
  readonly status: JobStatus;
  /** 0 to 1, of the last attempt. */
  readonly progress: number;
  /** The number of the last attempt, from 1; 0 before the first. */
  readonly attempt: number;
  readonly attemptMax: number;
  readonly detectorId: string | null;
  readonly datasetId: string | null;
  readonly result: JobResult | null;
  /** The error of the last attempt, if that failed. */
  readonly error: JobError | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export function hasEnded({ status }: Pick<JobRecord, "status">): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}
