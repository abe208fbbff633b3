/** What the rest of the service can ask of the queue. `open-queue.ts` makes one. */

import type { Sql } from "../store/postgres/sql.ts";
import { type JobHandlers, type JobName, jobNames, type JobPayloads, type JobRecord, type JobStatus } from "./job-types.ts";
import { counter, gauge, labelled, type StatsOf } from "../watch/metric-kinds.ts";

export interface EnqueueOptions {
  /** A repeated request under the same key finds the first one's job. */
  readonly key?: string;
}

export interface JobQuery {
  readonly status?: JobStatus | undefined;
  readonly name?: JobName | undefined;
  readonly detectorId?: string | undefined;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

export interface JobPage {
  /** Newest first. */
  readonly items: readonly JobRecord[];
  /** `null` on the last page. */
  readonly nextCursor: string | null;
}

/** Of this process since it started. */
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
  sweptFailures: counter("Jobs whose last try this process took away from one that died or was stuck"),
  databaseErrors: counter("Looks for work, renewals and sweeps that the database refused"),
};
export type QueueStats = StatsOf<typeof queueMetrics>;

export interface QueueDepth {
  readonly queued: number;
  readonly retrying: number;
  readonly running: number;
  readonly failed: number;
  /** How long the job that may start and has waited longest has done so. */
  readonly oldestWaitMs: number;
}

/** The part of a log that the queue writes to. */
export interface JobLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface Queue {
  /**
   * In the caller's transaction: the job exists exactly when that commits.
   * @returns the job's id.
   * @throws NomalyError TOO_LARGE for a payload that should have been a data set, DATABASE.
   */
  enqueue<Name extends JobName>(sql: Sql, name: Name, payload: JobPayloads[Name], options?: EnqueueOptions): Promise<string>;
  get(id: string): Promise<JobRecord | undefined>;
  /** @throws NomalyError REQUEST for a cursor that is none. */
  list(query: JobQuery): Promise<JobPage>;
  /** Of a queued job at once; a running one's signal fires within a second, in whatever process. One that has ended stays as it is. */
  cancel(id: string): Promise<JobRecord | undefined>;
  /** Queues a failed or cancelled job again. @throws NomalyError CONFLICT when it is in another state. */
  retry(id: string): Promise<JobRecord | undefined>;
  /** The job now and at each change until it has ended; ends quietly by the signal. @throws NomalyError NOT_FOUND. */
  events(id: string, signal: AbortSignal): AsyncIterable<JobRecord>;
  /** Starts working, on the names given. Resolves at once. */
  work(handlers: Partial<JobHandlers>, options: { readonly concurrency: number }): Promise<void>;
  /** Plain numbers of this process. */
  stats(): QueueStats;
  /** What waits and runs in all processes: for health checks and metrics. */
  depth(): Promise<QueueDepth>;
  /** How many jobs the database holds, by name and status: for people, as it reads them all. */
  counts(): Promise<Readonly<Record<JobName, Readonly<Record<JobStatus, number>>>>>;
  /** Takes no more, waits so long for running ones, then aborts them and gives them back to the queue. */
  close(options: { readonly timeoutMs: number }): Promise<void>;
}
