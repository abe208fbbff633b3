/** The interface of the job queue and its metrics. */

import type { Sql } from "../store/postgres/sql.ts";
import { type JobHandlers, type JobName, jobNames, type JobPayloads, type JobRecord, type JobStatus } from "./job-types.ts";
import { counter, gauge, labelled, type StatsOf } from "../watch/metric-kinds.ts";

export interface EnqueueOptions {
  /** A repeated request under the same key gets the job of the first request. */
  readonly key?: string;
}

export interface JobQuery {
  readonly status?: JobStatus | undefined;
  readonly name?: JobName | undefined;
  readonly detectorId?: string | undefined;
  readonly limit: number;
  /** `nextCursor` of the previous page. */
  readonly cursor?: string | undefined;
}

export interface JobPage {
  /** Newest first. */
  readonly items: readonly JobRecord[];
  /** `null` on the last page. */
  readonly nextCursor: string | null;
}

/** Counts of this process since its start. */
export const jobMetrics = {
  enqueued: counter("Jobs put into the queue"),
  running: gauge("Attempts under way"),
  succeeded: counter("Jobs that succeeded"),
  retried: counter("Attempts that will be repeated"),
  failed: counter("Jobs that ended in failure"),
  lost: counter("Attempts whose job was cancelled or taken over by another process"),
  givenBack: counter("Attempts given back to the queue when the process stopped"),
};

export const queueMetrics = {
  byName: labelled("job", jobNames, jobMetrics),
  running: gauge("Attempts under way"),
  sweptFailures: counter("Jobs that failed when this process took their last attempt away from a process that died or was stuck"),
  databaseErrors: counter("Polls, lease renewals and sweeps that failed in the database"),
};
export type QueueStats = StatsOf<typeof queueMetrics>;

export type JobCounts = Readonly<Record<JobName, Readonly<Record<JobStatus, number>>>>;

export interface QueueDepth {
  readonly queued: number;
  readonly retrying: number;
  readonly running: number;
  readonly failed: number;
  /** The longest time that a job that may start has waited. */
  readonly oldestWaitMs: number;
}

export interface JobLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface Queue {
  /** In the caller's transaction: the job exists when that commits. @returns its id. @throws NomalyError TOO_LARGE for the payload, DATABASE. */
  enqueue<Name extends JobName>(sql: Sql, name: Name, payload: JobPayloads[Name], options?: EnqueueOptions): Promise<string>;
  get(id: string): Promise<JobRecord | undefined>;
  /** @throws NomalyError REQUEST for an invalid cursor. */
  list(query: JobQuery): Promise<JobPage>;
  /** Cancels a queued job at once; the signal of a running job fires within a second, in any process. An ended job stays as it is. */
  cancel(id: string): Promise<JobRecord | undefined>;
  /** Queues a failed or cancelled job again. @throws NomalyError CONFLICT for a job in another state. */
  retry(id: string): Promise<JobRecord | undefined>;
  /** Yields the job now and at each change until it has ended or the signal fires. @throws NomalyError NOT_FOUND. */
  events(id: string, signal: AbortSignal): AsyncIterable<JobRecord>;
  /** Starts the worker for the kinds of jobs that have a handler. */
  work(handlers: Partial<JobHandlers>, options: { readonly concurrency: number }): Promise<void>;
  /** Counts of this process. */
  stats(): QueueStats;
  /** How many jobs wait, run and have failed in all processes: for health checks and metrics. */
  depth(): Promise<QueueDepth>;
  /** How many jobs the database holds, by name and status. Slow, as it reads them all. */
  counts(): Promise<JobCounts>;
  /** Claims no more jobs, waits up to `timeoutMs` for running ones, then aborts those and puts them back into the queue. */
  close(options: { readonly timeoutMs: number }): Promise<void>;
}
