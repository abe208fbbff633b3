/** The table of detectors, with their hyperparameters. */

import { announce } from "./cache-invalidations.ts";
import { isId } from "../../ids/ids.ts";
import { detectorsTag, detectorTag } from "../../ids/tags.ts";
import type { PageRequest } from "./page.ts";
import type { Sql } from "../postgres/sql.ts";

export const detectorStatuses = ["created", "training", "ready", "failed", "disabled"] as const;
export type DetectorStatus = (typeof detectorStatuses)[number];

type Values = Readonly<Record<string, unknown>>;

export interface NewDetector {
  readonly id: string;
  readonly name: string;
  readonly algorithmName: string;
  readonly contamination: number;
  /** How rows become numbers and scores become labels; stored as JSON. */
  readonly options: object;
  readonly hyperparameters: object;
}

export interface TrainingError {
  /** A code of NomalyError, or INTERNAL. */
  readonly code: string;
  readonly detail: string;
  readonly field?: string;
}

export interface DetectorRow extends NewDetector {
  readonly options: Values;
  readonly hyperparameters: Values;
  readonly status: DetectorStatus;
  /** `null` once a training has succeeded. */
  readonly lastTrainingError: TrainingError | null;
  readonly isFitted: boolean;
  readonly threshold: number | null;
  /** How the version that scores has its threshold. */
  readonly thresholdSpec: Values | null;
  /** The version that scores; `null` before the first training. */
  readonly modelVersion: number | null;
  readonly createdAt: Date;
  /** Later after every change, also when two changes fall into one millisecond. */
  readonly updatedAt: Date;
}

export interface DetectorChanges {
  readonly name?: string | undefined;
  readonly contamination?: number | undefined;
  readonly options?: object | undefined;
  /** The complete set: hyperparameters that are missing here are removed. */
  readonly hyperparameters?: object | undefined;
  readonly status?: DetectorStatus | undefined;
  readonly lastTrainingError?: TrainingError | null | undefined;
  readonly isFitted?: boolean | undefined;
  readonly threshold?: number | null | undefined;
  readonly modelVersion?: number | null | undefined;
}

export interface DetectorFilter extends PageRequest {
  readonly algorithmName?: string | undefined;
  readonly status?: DetectorStatus | undefined;
  readonly isFitted?: boolean | undefined;
}

const ownColumns = `d.id, d.name, d.algorithm_name as "algorithmName", d.contamination, d.options, d.status, d.last_training_error as "lastTrainingError",
  d.is_fitted as "isFitted", d.threshold, (select v.training_summary->'thresholdSpec' from model_versions v
  where v.detector_id = d.id and v.version = d.model_version) as "thresholdSpec", d.model_version as "modelVersion", d.created_at as "createdAt", d.updated_at as "updatedAt"`;
const columns = `${ownColumns}, coalesce((select jsonb_object_agg(h.name, h.value) from detector_hyperparameters h
  where h.detector_id = d.id), '{}') as hyperparameters`;

/** Later than the previous change even within one millisecond, because ETags are made from it. */
const laterThanBefore = "greatest(now(), updated_at + interval '1 millisecond')";

/** In a transaction. */
export async function insertDetector(sql: Sql, detector: NewDetector): Promise<DetectorRow> {
  const text = `with d as (
      insert into detectors (id, name, algorithm_name, contamination, options) values ($1, $2, $3, $4, $5) returning *
    ), h as (
      insert into detector_hyperparameters (detector_id, name, value)
      select $1::uuid, key, value from jsonb_each($6::jsonb)
    )
    select ${ownColumns}, $6::jsonb as hyperparameters from d`;
  const { id, name, algorithmName, contamination, options, hyperparameters } = detector;
  const values = [id, name, algorithmName, contamination, JSON.stringify(options), JSON.stringify(hyperparameters)];
  const { rows } = await sql.query<DetectorRow>(text, values);
  await announce(sql, [detectorTag(id), detectorsTag]);
  return rows[0];
}

export async function detectorById(sql: Sql, id: string): Promise<DetectorRow | undefined> {
  if (!isId(id)) return undefined;
  const { rows } = await sql.query<DetectorRow>(`select ${columns} from detectors d where d.id = $1`, [id]);
  return rows[0];
}

/** In a transaction: locks the detector's row until that ends. */
export async function lockDetector(sql: Sql, id: string): Promise<DetectorRow | undefined> {
  if (!isId(id)) return undefined;
  const { rows } = await sql.query<DetectorRow>(`select ${columns} from detectors d where d.id = $1 for update of d`, [id]);
  return rows[0];
}

const columnOf: Readonly<Record<Exclude<keyof DetectorChanges, "hyperparameters">, string>> = {
  name: "name",
  contamination: "contamination",
  options: "options",
  status: "status",
  lastTrainingError: "last_training_error",
  isFitted: "is_fitted",
  threshold: "threshold",
  modelVersion: "model_version",
};

/** In a transaction. `undefined` when there is no such detector. */
export async function updateDetector(sql: Sql, id: string, changes: DetectorChanges): Promise<DetectorRow | undefined> {
  if (!isId(id)) return undefined;
  const { hyperparameters, ...plain } = changes;
  const values: unknown[] = [id];
  const assignments = Object.entries(plain)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      values.push(typeof value === "object" && value !== null ? JSON.stringify(value) : value);
      return `${columnOf[name as keyof typeof columnOf]} = $${values.length}`;
    });
  const text = `update detectors set ${[...assignments, `updated_at = ${laterThanBefore}`].join(", ")} where id = $1`;
  const { rowCount } = await sql.query(text, values);
  if (rowCount === 0) return undefined;
  if (hyperparameters !== undefined) await replaceHyperparameters(sql, id, hyperparameters);
  await announce(sql, [detectorTag(id), detectorsTag]);
  return detectorById(sql, id);
}

async function replaceHyperparameters(sql: Sql, id: string, hyperparameters: object): Promise<void> {
  await sql.query("delete from detector_hyperparameters where detector_id = $1", [id]);
  const text =
    "insert into detector_hyperparameters (detector_id, name, value) select $1::uuid, key, value from jsonb_each($2::jsonb)";
  await sql.query(text, [id, JSON.stringify(hyperparameters)]);
}

/** In a transaction. Also deletes its models and results and schedules their blobs for removal. False when there is no such detector. */
export async function deleteDetector(sql: Sql, id: string): Promise<boolean> {
  if (!isId(id)) return false;
  // The lock keeps others from adding a version or a result while the blobs are gathered.
  if ((await lockDetector(sql, id)) === undefined) return false;
  const gather = `insert into blob_removals (blob_key)
    select blob_key from model_versions where detector_id = $1 and blob_key is not null
    union select blob_key from detection_results where detector_id = $1 and blob_key is not null
    on conflict (blob_key) do nothing`;
  await sql.query(gather, [id]);
  await sql.query("delete from detectors where id = $1", [id]);
  await announce(sql, [detectorTag(id), detectorsTag]);
  return true;
}

/** Newest first. */
export async function listDetectors(sql: Sql, filter: DetectorFilter): Promise<readonly DetectorRow[]> {
  const { limit, after, algorithmName, status, isFitted } = filter;
  const text = `select ${columns} from detectors d
    where ($1::text is null or d.algorithm_name = $1) and ($2::text is null or d.status = $2)
      and ($3::boolean is null or d.is_fitted = $3) and ($4::timestamptz is null or (d.created_at, d.id) < ($4, $5::uuid))
    order by d.created_at desc, d.id desc limit $6`;
  const values = [algorithmName ?? null, status ?? null, isFitted ?? null, after?.createdAt ?? null, after?.id ?? null, limit];
  const { rows } = await sql.query<DetectorRow>(text, values);
  return rows;
}

/** The detectors of these algorithms, by algorithm name and then newest first, in one query. */
export async function detectorsByAlgorithms(sql: Sql, names: readonly string[]): Promise<readonly DetectorRow[]> {
  if (names.length === 0) return [];
  const text = `select ${ownColumns}, coalesce(jsonb_object_agg(h.name, h.value) filter (where h.name is not null), '{}') as hyperparameters
    from detectors d left join detector_hyperparameters h on h.detector_id = d.id
    where d.algorithm_name = any($1::text[]) group by d.id order by d.algorithm_name, d.created_at desc, d.id desc`;
  const { rows } = await sql.query<DetectorRow>(text, [names]);
  return rows;
}

export interface StatusOutcome {
  readonly updatedCount: number;
  /** In the spelling and order given, each once. */
  readonly unknownIds: readonly string[];
}

const idsPerStatement = 1000;

/** In a transaction: locks these detectors and returns the ids of those without a model, sorted. */
export async function untrainedAmong(sql: Sql, ids: readonly string[]): Promise<readonly string[]> {
  const untrained: string[] = [];
  const text = "select id from detectors where id = any($1::uuid[]) and not is_fitted order by id for update";
  const possible = [...new Set(ids.map((id) => id.toLowerCase()))].filter(isId).sort();
  for (let start = 0; start < possible.length; start += idsPerStatement) {
    const { rows } = await sql.query<{ id: string }>(text, [possible.slice(start, start + idsPerStatement)]);
    for (const { id } of rows) untrained.push(id);
  }
  return untrained;
}

/** In a transaction. A detector that is being trained gets `training` instead of `ready`. Two statements for each thousand ids. */
export async function setStatuses(sql: Sql, ids: readonly string[], status: DetectorStatus): Promise<StatusOutcome> {
  // A uuid may be given in capitals; PostgreSQL answers in small letters.
  const asked = new Map(ids.map((id) => [id.toLowerCase(), id]));
  const known = new Set<string>();
  // Locked in order of the ids, so that two calls at once cannot deadlock.
  const lock = "select from detectors where id = any($1::uuid[]) order by id for update";
  // A statement after the lock: a statement that waits for a lock still sees trainings that have ended meanwhile.
  const change = `update detectors d set updated_at = ${laterThanBefore}, status = case
      when $2::text = 'ready' and exists (select from trainings t where t.detector_id = d.id) then 'training' else $2 end
    where d.id = any($1::uuid[]) returning d.id`;
  const possible = [...asked.keys()].filter(isId).sort();
  for (let start = 0; start < possible.length; start += idsPerStatement) {
    const chunk = possible.slice(start, start + idsPerStatement);
    await sql.query(lock, [chunk]);
    const { rows } = await sql.query<{ id: string }>(change, [chunk, status]);
    for (const { id } of rows) known.add(id);
  }
  if (known.size > 0) await announce(sql, [...[...known].map(detectorTag), detectorsTag]);
  return { updatedCount: known.size, unknownIds: [...asked].flatMap(([id, given]) => (known.has(id) ? [] : [given])) };
}
