/** The table of schedules. */

import { isId } from "../../ids/ids.ts";
import type { PageRequest } from "./page.ts";
import { lockInTransaction } from "../postgres/advisory-locks.ts";
import type { Sql } from "../postgres/sql.ts";

export const scheduleKinds = ["train", "score"] as const;
export type ScheduleKind = (typeof scheduleKinds)[number];
export const runStatuses = ["running", "succeeded", "failed", "cancelled"] as const;

export interface Timing {
  readonly cron: string | null;
  readonly everySeconds: number | null;
  /** For `cron`. */
  readonly timeZone: string;
}

export interface NewSchedule extends Timing {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly kind: ScheduleKind;
  readonly detectorId: string;
  readonly datasetId: string | null;
  /** The newest data set of that name when a run begins. */
  readonly datasetName: string | null;
  readonly nextRunAt: Date;
}

export interface RunError {
  readonly code: string;
  readonly detail: string;
}

export interface ScheduleRow extends Omit<NewSchedule, "nextRunAt"> {
  readonly enabled: boolean;
  readonly disabledReason: string | null;
  readonly nextRunAt: Date | null;
  readonly lastRunAt: Date | null;
  readonly lastJobId: string | null;
  readonly lastStatus: (typeof runStatuses)[number] | null;
  readonly lastError: RunError | null;
  readonly runCount: number;
  readonly skippedCount: number;
  readonly failureCount: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const columns = `id, name, owner, kind, detector_id as "detectorId", dataset_id as "datasetId", dataset_name as "datasetName", cron,
  every_seconds as "everySeconds", time_zone as "timeZone", enabled, disabled_reason as "disabledReason", next_run_at as "nextRunAt",
  last_run_at as "lastRunAt", last_job_id as "lastJobId", last_status as "lastStatus", last_error as "lastError",
  run_count::float8 as "runCount", skipped_count::float8 as "skippedCount", failure_count as "failureCount",
  created_at as "createdAt", updated_at as "updatedAt"`;

/** In a transaction, for which others wait that ask the same: so two requests cannot pass a limit together. */
export async function countSchedules(sql: Sql, owner: string): Promise<number> {
  await lockInTransaction(sql, "quota");
  const { rows } = await sql.query<{ count: number }>("select count(*)::integer as count from schedules where owner = $1", [
    owner,
  ]);
  return rows[0].count;
}

export async function insertSchedule(sql: Sql, given: NewSchedule): Promise<ScheduleRow> {
  const { id, name, owner, kind, detectorId, datasetId, datasetName, cron, everySeconds, timeZone, nextRunAt } = given;
  const text = `insert into schedules
      (id, name, owner, kind, detector_id, dataset_id, dataset_name, cron, every_seconds, time_zone, next_run_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning ${columns}`;
  const source = [detectorId, datasetId, datasetName];
  const { rows } = await sql.query<ScheduleRow>(text, [
    id,
    name,
    owner,
    kind,
    ...source,
    cron,
    everySeconds,
    timeZone,
    nextRunAt,
  ]);
  return rows[0];
}

export async function scheduleById(sql: Sql, id: string): Promise<ScheduleRow | undefined> {
  if (!isId(id)) return undefined;
  return (await sql.query<ScheduleRow>(`select ${columns} from schedules where id = $1`, [id])).rows[0];
}

export async function lockSchedule(sql: Sql, id: string): Promise<ScheduleRow | undefined> {
  if (!isId(id)) return undefined;
  return (await sql.query<ScheduleRow>(`select ${columns} from schedules where id = $1 for update`, [id])).rows[0];
}

/** Newest first. */
export async function listSchedules(sql: Sql, { limit, after }: PageRequest): Promise<readonly ScheduleRow[]> {
  const text = `select ${columns} from schedules where $1::timestamptz is null or (created_at, id) < ($1, $2::uuid)
    order by created_at desc, id desc limit $3`;
  return (await sql.query<ScheduleRow>(text, [after?.createdAt ?? null, after?.id ?? null, limit])).rows;
}

export async function deleteSchedule(sql: Sql, id: string): Promise<boolean> {
  if (!isId(id)) return false;
  return (await sql.query("delete from schedules where id = $1", [id])).rowCount === 1;
}

export interface ScheduleChange extends Timing {
  readonly name: string;
  /** Null disables it. */
  readonly nextRunAt: Date | null;
}

/** By a person: failures so far are forgotten. */
export async function changeSchedule(sql: Sql, id: string, changed: ScheduleChange): Promise<ScheduleRow> {
  const { name, cron, everySeconds, timeZone, nextRunAt } = changed;
  const text = `update schedules set name = $2, cron = $3, every_seconds = $4, time_zone = $5, next_run_at = $6::timestamptz,
      enabled = $6::timestamptz is not null, disabled_reason = null, failure_count = 0, planned_at = now(), updated_at = now()
    where id = $1 returning ${columns}`;
  return (await sql.query<ScheduleRow>(text, [id, name, cron, everySeconds, timeZone, nextRunAt])).rows[0];
}

export interface DueSchedule extends ScheduleRow {
  readonly nextRunAt: Date;
  readonly now: Date;
  /** False when the clock has gone back since its next run was decided, and no run is due. */
  readonly isDue: boolean;
  /** The job of the run before has not ended. */
  readonly isGoing: boolean;
}

/** Of the database's clock. A smaller step back is no reason to plan anew: it could repeat a run. */
const clockBackSeconds = 60;

/** In a transaction: one schedule that is due and that no other process works on. */
export async function takeDue(sql: Sql): Promise<DueSchedule | undefined> {
  const text = `select ${columns}, now() as now, next_run_at <= now() as "isDue",
      exists (select from jobs where id = schedules.last_job_id and status in ('queued', 'running', 'retrying')) as "isGoing"
    from schedules where enabled and (next_run_at <= now() or planned_at > now() + make_interval(secs => $1))
    order by next_run_at, id limit 1 for update skip locked`;
  return (await sql.query<DueSchedule>(text, [clockBackSeconds])).rows[0];
}

export async function planRun(sql: Sql, id: string, nextRunAt: Date): Promise<void> {
  await sql.query("update schedules set next_run_at = $2, planned_at = now() where id = $1", [id, nextRunAt]);
}

export async function runSkipped(sql: Sql, id: string): Promise<void> {
  await sql.query("update schedules set skipped_count = skipped_count + 1 where id = $1", [id]);
}

export async function runBegan(sql: Sql, id: string, jobId: string): Promise<void> {
  const text = `update schedules set run_count = run_count + 1, last_run_at = now(), last_job_id = $2, last_status = 'running',
    last_error = null where id = $1`;
  await sql.query(text, [id, jobId]);
}

const failed = `last_status = 'failed', failure_count = failure_count + 1,
  enabled = enabled and failure_count + 1 < $3,
  next_run_at = case when failure_count + 1 < $3 then next_run_at end,
  disabled_reason = case when enabled and failure_count + 1 >= $3 then 'the last ' || $3 || ' runs failed' else disabled_reason end`;

/** A run that could not begin. @param failuresMax as many in a row disable the schedule. */
export async function runRefused(sql: Sql, id: string, error: RunError, failuresMax: number): Promise<void> {
  const text = `update schedules set run_count = run_count + 1, last_run_at = now(), last_job_id = null, last_error = $2, ${failed} where id = $1`;
  await sql.query(text, [id, JSON.stringify(error), failuresMax]);
}

export async function runFailed(sql: Sql, jobId: string, error: RunError, failuresMax: number): Promise<void> {
  await sql.query(`update schedules set last_error = $2, ${failed} where last_job_id = $1`, [
    jobId,
    JSON.stringify(error),
    failuresMax,
  ]);
}

/** A run that was cancelled is no failure. */
export async function runEnded(sql: Sql, jobId: string, status: "succeeded" | "cancelled"): Promise<void> {
  const text = `update schedules set last_status = $2, last_error = null,
    failure_count = case when $2 = 'succeeded' then 0 else failure_count end where last_job_id = $1`;
  await sql.query(text, [jobId, status]);
}

export async function newestDatasetNamed(sql: Sql, name: string): Promise<string | undefined> {
  const text = "select id from datasets where name = $1 order by created_at desc, id desc limit 1";
  return (await sql.query<{ id: string }>(text, [name])).rows[0]?.id;
}
