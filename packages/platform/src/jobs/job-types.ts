/** The jobs there are: what each is told, how it is run, and what one can see of it. */

import type { Sql } from "../store/postgres/sql.ts";

export const jobNames = ["train", "predict", "batch", "webhook", "maintenance"] as const;
export type JobName = (typeof jobNames)[number];

/** Who asked, for the audit log, and who is told at the end. */
interface Asked {
  readonly actor: string;
  readonly request_id: string;
  readonly webhook_url?: string;
}

/** Stored as JSON, so in its spelling. Small: rows stand in data sets, never here. */
export interface JobPayloads {
  readonly train: Asked & { readonly detector_id: string; readonly dataset_id: string };
  readonly predict: Asked & {
    readonly detector_id: string;
    readonly dataset_id: string;
    readonly explain?: boolean;
  };
  readonly batch: Asked & {
    readonly detector_ids: readonly string[];
    readonly dataset_id: string;
    readonly explain?: boolean;
  };
  readonly webhook: {
    readonly url: string;
    readonly event: string;
    /** The job that the message is about: receivers drop what they have had under this id. */
    readonly job_id: string;
    readonly body: Readonly<Record<string, unknown>>;
  };
  readonly maintenance: Readonly<Record<string, never>>;
}

/** Shown to whoever asks for the job. */
export type JobResult = Readonly<Record<string, unknown>>;

export interface JobControl {
  /** Fires when the job is cancelled, has lost its lease, took too long, or this process stops. */
  readonly signal: AbortSignal;
  /** 0 to 1. Cheap: written twice a second at most, and never backwards. */
  readonly progress: (done: number) => void;
  /**
   * Ends the job within the transaction that stores what it did, as its last statement: then both are done or neither is.
   * @throws NomalyError ABORTED when the job is no longer this attempt's: the transaction must not commit.
   */
  readonly completeIn: (sql: Sql, result: JobResult) => Promise<void>;
  /**
   * The first statement of a transaction that stores something about the job: until its end nobody ends the job or takes it away.
   * @throws NomalyError ABORTED when the job is no longer this attempt's.
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
  /** A code of the closed list, or INTERNAL. */
  readonly code: string;
  readonly detail: string;
  readonly field?: string;
}

export interface JobRecord {
  readonly id: string;
  readonly name: JobName;
  readonly status: JobStatus;
  /** 0 to 1, of the attempt that runs or ran last. */
  readonly progress: number;
  /** From 1; 0 before the first. */
  readonly attempt: number;
  readonly attemptMax: number;
  readonly detectorId: string | null;
  readonly datasetId: string | null;
  readonly result: JobResult | null;
  /** Of the last attempt, when that failed. */
  readonly error: JobError | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export function hasEnded({ status }: Pick<JobRecord, "status">): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}
