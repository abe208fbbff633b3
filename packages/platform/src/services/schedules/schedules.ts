/** Makes, shows, changes and removes schedules. */

import { NomalyError } from "@nomaly/detect";
import { newId } from "../../ids/ids.ts";
import { databaseNow } from "../../store/postgres/database-clock.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import { detectorById } from "../../store/tables/detectors.ts";
import {
  changeSchedule as storeChange,
  countSchedules,
  deleteSchedule,
  insertSchedule,
  listSchedules,
  lockSchedule,
  type RunError,
  scheduleById,
  type ScheduleKind,
  type ScheduleRow,
  type Timing,
} from "../../store/tables/schedules.ts";
import { change, type Done } from "../core/change.ts";
import type { Call, ServiceContext } from "../core/context.ts";
import { type Page, pageFrom, type PageQuery } from "../core/pages.ts";
import { removing } from "../core/removing.ts";
import { noDetector } from "../detectors/detectors.ts";
import { requireDataset } from "../rows/rows-source.ts";
import { nextRun, requireTiming } from "./next-run.ts";

export { runStatuses, scheduleKinds } from "../../store/tables/schedules.ts";

export interface TimingGiven {
  readonly cron?: string;
  readonly every_seconds?: number;
  readonly time_zone?: string;
}

export interface ScheduleGiven extends TimingGiven {
  readonly name: string;
  readonly kind: ScheduleKind;
  readonly detector_id: string;
  readonly dataset_id?: string;
  readonly dataset_name?: string;
  readonly enabled?: boolean;
}

export interface ScheduleView {
  readonly id: string;
  readonly name: string;
  readonly kind: ScheduleKind;
  readonly detector_id: string;
  readonly dataset_id: string | null;
  readonly dataset_name: string | null;
  readonly cron: string | null;
  readonly every_seconds: number | null;
  readonly time_zone: string;
  readonly enabled: boolean;
  readonly disabled_reason: string | null;
  readonly next_run_at: string | null;
  readonly last_run_at: string | null;
  readonly last_job_id: string | null;
  readonly last_status: ScheduleRow["lastStatus"];
  readonly last_error: RunError | null;
  readonly runs: number;
  readonly skipped: number;
  readonly failures_in_a_row: number;
  readonly created_by: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** @throws NomalyError REQUEST, NOT_FOUND for detector or data set, QUOTA when the caller has as many as allowed. */
export async function createSchedule(context: ServiceContext, call: Call, given: ScheduleGiven): Promise<Done<ScheduleView>> {
  const { dataset_id: datasetId, dataset_name: datasetName, detector_id: detectorId, name, kind, enabled = true } = given;
  if ((datasetId === undefined) === (datasetName === undefined)) {
    throw new NomalyError("REQUEST", "a schedule needs either dataset_id or dataset_name", { field: "dataset_id" });
  }
  const timing = { cron: given.cron ?? null, everySeconds: given.every_seconds ?? null, timeZone: given.time_zone ?? "UTC" };
  const now = await databaseNow(context.database);
  requireTiming(timing, context.config.scheduleSecondsMin, now);
  if ((await detectorById(context.database, detectorId)) === undefined) throw noDetector(detectorId);
  if (datasetId !== undefined) await requireDataset(context, datasetId);
  return change<ScheduleView>(context, call, {
    action: "schedule.create",
    subjectKind: "schedule",
    status: 201,
    work: async (sql) => {
      requireFewer(await countSchedules(sql, call.actor), context.config.schedulesMax);
      const source = { detectorId, datasetId: datasetId ?? null, datasetName: datasetName ?? null };
      const own = { id: newId(), name, owner: call.actor, kind, ...source, ...timing };
      const made = await insertSchedule(sql, { ...own, nextRunAt: nextRun(timing, now) });
      const row = enabled ? made : await storeChange(sql, made.id, { ...made, nextRunAt: null });
      return { value: scheduleView(row), subjectId: row.id, details: { kind, detector_id: detectorId } };
    },
  });
}

function requireFewer(count: number, countMax: number): void {
  if (count < countMax) return;
  const message = `you have ${count} schedules, at most ${countMax} are allowed (schedules_max): remove one first`;
  throw new NomalyError("QUOTA", message, { field: "schedules_max", expected: `at most ${countMax}` });
}

/** @throws NomalyError NOT_FOUND. */
export async function getSchedule({ database }: ServiceContext, id: string): Promise<ScheduleView> {
  return scheduleView(required(await scheduleById(database, id), id));
}

export function findSchedules({ database }: ServiceContext, query: PageQuery): Promise<Page<ScheduleView>> {
  return pageFrom(query, async (page) => {
    const rows = await listSchedules(database, page);
    return rows.map((row) => ({ view: scheduleView(row), key: row }));
  });
}

export interface ScheduleChange extends TimingGiven {
  readonly name?: string;
  readonly enabled?: boolean;
}

/** Plans the next run anew. @throws NomalyError REQUEST, NOT_FOUND. */
export async function changeSchedule(
  context: ServiceContext,
  call: Call,
  id: string,
  given: ScheduleChange,
): Promise<ScheduleView> {
  const { value } = await change(context, call, {
    action: "schedule.change",
    subjectKind: "schedule",
    work: async (sql) => {
      const before = required(await lockSchedule(sql, id), id);
      const row = await storeChange(sql, id, await changed(sql, before, given, context.config.scheduleSecondsMin));
      return { value: scheduleView(row), subjectId: id, details: { fields: Object.keys(given) } };
    },
  });
  return value;
}

async function changed(sql: Sql, before: ScheduleRow, given: ScheduleChange, secondsMin: number) {
  const now = await databaseNow(sql);
  const timing = timingOf(before, given);
  requireTiming(timing, secondsMin, now);
  const { enabled = before.enabled, name = before.name } = given;
  return { name, ...timing, nextRunAt: enabled ? nextRun(timing, now) : null };
}

/** One of `cron` and `every_seconds` takes the place of the other. */
function timingOf(
  before: ScheduleRow,
  { cron, every_seconds: every, time_zone: timeZone = before.timeZone }: TimingGiven,
): Timing {
  if (cron === undefined && every === undefined) return { cron: before.cron, everySeconds: before.everySeconds, timeZone };
  return { cron: cron ?? null, everySeconds: every ?? null, timeZone };
}

/** A job that it has started goes on. */
export async function removeSchedule(context: ServiceContext, call: Call, id: string): Promise<void> {
  await removing(context, call, {
    action: "schedule.delete",
    subjectKind: "schedule",
    work: async (sql) => {
      if (!(await deleteSchedule(sql, id))) throw noSchedule(id);
      return { value: null, subjectId: id };
    },
  });
}

function required(row: ScheduleRow | undefined, id: string): ScheduleRow {
  if (row === undefined) throw noSchedule(id);
  return row;
}

function noSchedule(id: string): NomalyError {
  return new NomalyError("NOT_FOUND", `there is no schedule ${id}`, { field: "id", received: id });
}

function scheduleView(row: ScheduleRow): ScheduleView {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    detector_id: row.detectorId,
    dataset_id: row.datasetId,
    dataset_name: row.datasetName,
    cron: row.cron,
    every_seconds: row.everySeconds,
    time_zone: row.timeZone,
    enabled: row.enabled,
    disabled_reason: row.disabledReason,
    next_run_at: row.nextRunAt?.toISOString() ?? null,
    last_run_at: row.lastRunAt?.toISOString() ?? null,
    last_job_id: row.lastJobId,
    last_status: row.lastStatus,
    last_error: row.lastError,
    runs: row.runCount,
    skipped: row.skippedCount,
    failures_in_a_row: row.failureCount,
    created_by: row.owner,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
