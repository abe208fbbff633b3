/** Creates, reads, changes and removes detectors. */

import { defaultDetectorId, detectorById as algorithmById, NomalyError, parseParams, parseThreshold } from "@nomaly/detect";
import { detectorBatchEntry, detectorInfoEntry } from "../../cache/keys.ts";
import type { TrainOptions } from "../../compute/work.ts";
import {
  deleteDetector,
  detectorById,
  detectorsByAlgorithms,
  type DetectorRow,
  type DetectorStatus,
  insertDetector,
  listDetectors,
  lockDetector,
  setStatuses,
  type StatusOutcome,
  untrainedAmong,
  updateDetector,
} from "../../store/tables/detectors.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import { newId } from "../../ids/ids.ts";
import type { PageKey } from "../../store/tables/page.ts";
import { change, type Done } from "../core/change.ts";
import type { Call, ServiceContext } from "../core/context.ts";
import { type DetectorOptions, type DetectorView, detectorView } from "./detector-view.ts";
import { type Page, pageFrom, type PageQuery } from "../core/pages.ts";
import { removing } from "../core/removing.ts";

export interface DetectorDescription {
  readonly name: string;
  readonly algorithm_name?: string;
  readonly hyperparameters?: Readonly<Record<string, unknown>>;
  readonly contamination?: number;
  readonly options?: DetectorOptions;
}

export const defaultContamination = 0.1;

export function createDetector(context: ServiceContext, call: Call, given: DetectorDescription): Promise<Done<DetectorView>> {
  const { name, algorithm_name: algorithmName = defaultDetectorId, hyperparameters = {}, options = {} } = given;
  const contamination = given.contamination ?? defaultContamination;
  requireUsable(algorithmName, hyperparameters, options);
  return change(context, call, {
    action: "detector.create",
    subjectKind: "detector",
    work: async (sql) => {
      const row = await insertDetector(sql, {
        id: newId(),
        name,
        algorithmName,
        contamination,
        options: { ...options },
        hyperparameters,
      });
      return { value: detectorView(row), subjectId: row.id };
    },
    status: 201,
  });
}

/** @throws NomalyError NOT_FOUND. */
export async function getDetector(context: ServiceContext, id: string): Promise<DetectorView> {
  // From the primary: a row that a replica lacks would be cached as missing.
  const { value } = await context.cache.get(detectorInfoEntry(id), async () => {
    const row = await detectorById(context.database, id);
    return row === undefined ? undefined : detectorView(row);
  });
  if (value === undefined) throw noDetector(id);
  return value;
}

export interface DetectorQuery extends PageQuery {
  /** One name, or several separated by commas. */
  readonly algorithm_name?: string;
  readonly status?: DetectorStatus;
  readonly is_fitted?: boolean;
}

export async function findDetectors(context: ServiceContext, query: DetectorQuery): Promise<Page<DetectorView>> {
  const { algorithm_name: algorithmName, status, is_fitted: isFitted } = query;
  const names = algorithmName?.split(",").map((name) => name.trim()) ?? [];
  if (names.length > 1) return findByAlgorithms(context, names, query);
  return pageFrom(query, async (page) => {
    const rows = await listDetectors(context.database.read, { ...page, algorithmName: names[0], status, isFitted });
    return rows.map((row) => ({ view: detectorView(row), key: row }));
  });
}

/** A page of the detectors of several algorithms, cut from the complete list, which is cached. */
async function findByAlgorithms(
  context: ServiceContext,
  names: readonly string[],
  query: DetectorQuery,
): Promise<Page<DetectorView>> {
  const { value = [] } = await context.cache.get<readonly DetectorView[]>(detectorBatchEntry(names), async () => {
    const rows = await detectorsByAlgorithms(context.database, names);
    return rows.map(detectorView);
  });
  const { status, is_fitted: isFitted } = query;
  return pageFrom(query, async ({ limit, after }) => {
    const found = value
      .filter((view) => (status ?? view.status) === view.status && (isFitted ?? view.is_fitted) === view.is_fitted)
      .map((view) => ({ view, key: { createdAt: new Date(view.created_at), id: view.id } }))
      .sort((a, b) => newestFirst(a.key, b.key));
    return found.filter(({ key }) => after === undefined || newestFirst(after, key) < 0).slice(0, limit);
  });
}

/** The same order as in SQL. */
function newestFirst(a: PageKey, b: PageKey): number {
  return b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

export type DetectorChange = Partial<Pick<DetectorDescription, "name" | "hyperparameters" | "contamination" | "options">>;

/** Changes the detector's settings; its model stays as it is until the next training. */
export async function changeDetector(
  context: ServiceContext,
  call: Call,
  id: string,
  { given, expectedTag }: { readonly given: DetectorChange; readonly expectedTag: string | undefined },
): Promise<DetectorView> {
  const { value } = await change(context, call, {
    action: "detector.change",
    subjectKind: "detector",
    work: async (sql) => {
      const before = await lockUnchanged(sql, id, expectedTag);
      requireUsable(before.algorithmName, given.hyperparameters ?? {}, given.options ?? {});
      const { options, ...plain } = given;
      const settings = options === undefined ? plain : { ...plain, options: { ...options } };
      // It was the settings before that no model could be made with.
      const isOtherwise = given.hyperparameters !== undefined || given.contamination !== undefined || options !== undefined;
      const status = before.status === "failed" && isOtherwise ? { status: "created" as const } : {};
      const row = await updateDetector(sql, id, { ...settings, ...status });
      if (row === undefined) throw noDetector(id);
      return { value: detectorView(row), subjectId: id, details: { fields: Object.keys(given) } };
    },
  });
  return value;
}

export async function removeDetector(context: ServiceContext, call: Call, id: string, expectedTag?: string): Promise<void> {
  await removing(context, call, {
    action: "detector.delete",
    subjectKind: "detector",
    work: async (sql) => {
      await lockUnchanged(sql, id, expectedTag);
      await deleteDetector(sql, id);
      return { value: null, subjectId: id };
    },
  });
}

const idsToldMax = 10;

/** @throws NomalyError CONFLICT, naming the detectors without a model, when the status is `ready`: then no detector is changed. */
export async function changeStatuses(
  context: ServiceContext,
  call: Call,
  { ids, status }: { readonly ids: readonly string[]; readonly status: "ready" | "disabled" },
): Promise<StatusOutcome> {
  const { value } = await change(context, call, {
    action: "detector.status",
    subjectKind: "detector",
    work: async (sql) => {
      const untrained = status === "ready" ? await untrainedAmong(sql, ids) : [];
      if (untrained.length > 0) throw notTrained(untrained);
      const outcome = await setStatuses(sql, ids, status);
      return { value: outcome, subjectId: null, details: { status, count: outcome.updatedCount } };
    },
  });
  return value;
}

function notTrained(ids: readonly string[]): NomalyError {
  const more = ids.length > idsToldMax ? ` and ${ids.length - idsToldMax} more` : "";
  const told = ids.slice(0, idsToldMax).join(", ");
  const message = `not trained yet, so not ready: ${told}${more}; no detector was changed. POST /api/detection/train makes a detector ready`;
  return new NomalyError("CONFLICT", message, { field: "ids", received: told });
}

/** The strong ETag of a detector, which is different after every change. */
export function detectorTagOf({ id, updated_at: updatedAt }: DetectorView): string {
  return `"${id.slice(-12)}-${Date.parse(updatedAt).toString(36)}"`;
}

/** @throws NomalyError NOT_FOUND; CONFLICT when the detector has another ETag. */
export async function lockUnchanged(sql: Sql, id: string, expected: string | undefined): Promise<DetectorRow> {
  const row = await lockDetector(sql, id);
  if (row === undefined) throw noDetector(id);
  if (expected === undefined || listsTag(expected, detectorTagOf(detectorView(row)))) return row;
  throw new NomalyError("CONFLICT", `the detector has changed since it was read (If-Match ${expected})`, { field: "if-match" });
}

/** If-Match and If-None-Match hold one ETag, several separated by commas, or `*`. */
export function listsTag(header: string, tag: string): boolean {
  return header.split(",").some((item) => item.trim() === tag || item.trim() === "*");
}

/** Refuses parameters already here, which the training would refuse later. */
export function requireUsable(
  algorithmName: string,
  hyperparameters: Readonly<Record<string, unknown>>,
  options: DetectorOptions,
): void {
  const { id, params } = algorithmById(algorithmName);
  parseParams(id, params, hyperparameters);
  if (options.threshold !== undefined) parseThreshold({ ...options.threshold });
}

/** The library's options for a stored detector. */
export function trainOptionsOf(row: DetectorRow): TrainOptions {
  const { label_column: label, threshold, scaling, missing, columns, seed } = row.options as DetectorOptions;
  return {
    detector: row.algorithmName,
    params: row.hyperparameters,
    ...(threshold === undefined ? { contamination: row.contamination } : { threshold: parseThreshold({ ...threshold }) }),
    ...(scaling === undefined ? {} : { scaling }),
    ...(missing === undefined ? {} : { missing }),
    ...(columns === undefined ? {} : { columns }),
    ...(seed === undefined ? {} : { seed }),
    ...(label === undefined ? {} : { label }),
  };
}

export function noDetector(id: string): NomalyError {
  return new NomalyError("NOT_FOUND", `there is no detector ${id}`, { field: "detector_id", received: id });
}
