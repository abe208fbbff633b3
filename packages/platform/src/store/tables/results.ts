/** Stored results of scoring. The table is cut into months; an id says in which one its row lies. */

import { idTime, isId } from "../../ids/ids.ts";
import type { PageRequest } from "./page.ts";
import type { Sql } from "../postgres/sql.ts";

export interface NewResult {
  /** Time-ordered: the row's `created_at` is the time inside it. */
  readonly id: string;
  readonly detectorId: string;
  readonly datasetId: string | null;
  readonly modelVersion: number;
  readonly jobId: string | null;
  readonly summary: object;
  /** Parquet of the scored rows: in the row when small, else among the blobs. */
  readonly content: { readonly fileBytes: Uint8Array } | { readonly blobKey: string };
  readonly sizeBytes: number;
}

export interface ResultRow {
  readonly id: string;
  readonly detectorId: string;
  readonly datasetId: string | null;
  readonly modelVersion: number;
  readonly jobId: string | null;
  readonly summary: Readonly<Record<string, unknown>>;
  /** `null` when the bytes lie in the row. */
  readonly blobKey: string | null;
  readonly sizeBytes: number;
  readonly createdAt: Date;
}

export interface ResultFilter extends PageRequest {
  readonly detectorId?: string | undefined;
  readonly datasetId?: string | undefined;
  /** From this time on. */
  readonly from?: Date | undefined;
  /** Before this time. */
  readonly to?: Date | undefined;
}

/** @param summary an expression: a list leaves out what may be large. */
const columnsWith = (
  summary: string,
) => `id, detector_id as "detectorId", dataset_id as "datasetId", model_version as "modelVersion", job_id as "jobId",
  ${summary}, blob_key as "blobKey", size_bytes::float8 as "sizeBytes", created_at as "createdAt"`;

/** False when it is there already: a repeated attempt under the same id. @throws NomalyError NOT_FOUND when the detector is gone. */
export async function insertResult(sql: Sql, result: NewResult): Promise<boolean> {
  const { id, detectorId, datasetId, modelVersion, jobId, summary, content, sizeBytes } = result;
  // A data set that was removed meanwhile leaves the result without one, as removing it later would; the lock lets it be
  // either still there or already gone, never in between.
  const text = `insert into detection_results
      (id, created_at, detector_id, dataset_id, model_version, job_id, summary, file_bytes, blob_key, size_bytes)
    values ($1, $2, $3, (select id from datasets where id = $4 for key share), $5, $6, $7, $8, $9, $10) on conflict do nothing`;
  const fileBytes = "fileBytes" in content ? content.fileBytes : null;
  const blobKey = "blobKey" in content ? content.blobKey : null;
  const json = JSON.stringify(summary);
  const values = [id, idTime(id), detectorId, datasetId, modelVersion, jobId, json, fileBytes, blobKey, sizeBytes];
  const { rowCount } = await sql.query(text, values);
  return rowCount === 1;
}

const columns = columnsWith("summary");
const listedColumns = columnsWith("summary - 'explanation' as summary");

export async function resultById(sql: Sql, id: string): Promise<ResultRow | undefined> {
  if (!isId(id)) return undefined;
  const text = `select ${columns} from detection_results where id = $1 and created_at = $2`;
  const { rows } = await sql.query<ResultRow>(text, [id, idTime(id)]);
  return rows[0];
}

/** The scored rows where they lie in the row; `undefined` when they are a blob, or there is no such result. */
export async function resultBytes(sql: Sql, id: string): Promise<Uint8Array | undefined> {
  if (!isId(id)) return undefined;
  const text = `select file_bytes as "fileBytes" from detection_results where id = $1 and created_at = $2`;
  const { rows } = await sql.query<{ fileBytes: Buffer | null }>(text, [id, idTime(id)]);
  return rows[0]?.fileBytes ?? undefined;
}

/** Newest first. */
export async function listResults(sql: Sql, filter: ResultFilter): Promise<readonly ResultRow[]> {
  const { limit, after, detectorId, datasetId, from, to } = filter;
  if ([detectorId, datasetId].some((id) => id !== undefined && !isId(id))) return [];
  // The plain bound on the time besides the exact one lets the planner leave out whole partitions.
  const text = `select ${listedColumns} from detection_results
    where ($1::uuid is null or detector_id = $1) and ($2::uuid is null or dataset_id = $2)
      and ($3::timestamptz is null or created_at >= $3) and ($4::timestamptz is null or created_at < $4)
      and ($5::timestamptz is null or (created_at <= $5 and (created_at, id) < ($5, $6::uuid)))
    order by created_at desc, id desc limit $7`;
  const page = [after?.createdAt ?? null, after?.id ?? null, limit];
  const { rows } = await sql.query<ResultRow>(text, [detectorId ?? null, datasetId ?? null, from ?? null, to ?? null, ...page]);
  return rows;
}

/** Its blob is scheduled for removal. False when there was none. */
export async function deleteResult(sql: Sql, id: string): Promise<boolean> {
  if (!isId(id)) return false;
  const text = `with gone as (delete from detection_results where id = $1 and created_at = $2 returning blob_key), kept as (
      insert into blob_removals (blob_key) select blob_key from gone where blob_key is not null on conflict (blob_key) do nothing
    )
    select count(*)::integer as count from gone`;
  const { rows } = await sql.query<{ count: number }>(text, [id, idTime(id)]);
  return rows[0].count > 0;
}
