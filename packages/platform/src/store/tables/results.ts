/** The table of scoring results, partitioned by month; the time in an id tells the partition of its row. */

import { idTime, isId } from "../../ids/ids.ts";
import type { PageRequest } from "./page.ts";
import type { Sql } from "../postgres/sql.ts";

export interface NewResult {
  /** The row's `created_at` is the time inside the id. */
  readonly id: string;
  readonly detectorId: string;
  readonly datasetId: string | null;
  readonly modelVersion: number;
  readonly jobId: string | null;
  readonly summary: object;
  /** The scored rows as Parquet: the bytes when they are few, else the key of a blob. */
  readonly content: { readonly fileBytes: Uint8Array } | { readonly blobKey: string };
  readonly sizeBytes: number;
}

export interface ResultRow extends Omit<NewResult, "content"> {
  readonly summary: Readonly<Record<string, unknown>>;
  /** `null` when the row holds the bytes. */
  readonly blobKey: string | null;
  readonly createdAt: Date;
}

export interface ResultFilter extends PageRequest {
  readonly detectorId?: string | undefined;
  readonly datasetId?: string | undefined;
  readonly from?: Date | undefined;
  /** Exclusive. */
  readonly to?: Date | undefined;
}

/** @param summary an SQL expression: a list of results leaves out the explanation, which may be large. */
const columnsWith = (
  summary: string,
) => `id, detector_id as "detectorId", dataset_id as "datasetId", model_version as "modelVersion", job_id as "jobId",
  ${summary}, blob_key as "blobKey", size_bytes::float8 as "sizeBytes", created_at as "createdAt"`;

/** False when an earlier attempt stored a result under this id. @throws NomalyError NOT_FOUND when the detector is gone. */
export async function insertResult(sql: Sql, result: NewResult): Promise<boolean> {
  const { id, detectorId, datasetId, modelVersion, jobId, summary, content, sizeBytes } = result;
  // `for key share` waits for a transaction that is deleting the data set. If that is gone, the result is stored without one.
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

/** The scored rows if the row holds them; `undefined` when they are a blob, or there is no such result. */
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
  // `created_at <= $5` beside the exact comparison lets the planner skip whole partitions.
  const text = `select ${listedColumns} from detection_results
    where ($1::uuid is null or detector_id = $1) and ($2::uuid is null or dataset_id = $2)
      and ($3::timestamptz is null or created_at >= $3) and ($4::timestamptz is null or created_at < $4)
      and ($5::timestamptz is null or (created_at <= $5 and (created_at, id) < ($5, $6::uuid)))
    order by created_at desc, id desc limit $7`;
  const page = [after?.createdAt ?? null, after?.id ?? null, limit];
  const { rows } = await sql.query<ResultRow>(text, [detectorId ?? null, datasetId ?? null, from ?? null, to ?? null, ...page]);
  return rows;
}

/** Schedules the blob for removal. False when there is no such result. */
export async function deleteResult(sql: Sql, id: string): Promise<boolean> {
  if (!isId(id)) return false;
  const text = `with gone as (delete from detection_results where id = $1 and created_at = $2 returning blob_key), kept as (
      insert into blob_removals (blob_key) select blob_key from gone where blob_key is not null on conflict (blob_key) do nothing
    )
    select count(*)::integer as count from gone`;
  const { rows } = await sql.query<{ count: number }>(text, [id, idTime(id)]);
  return rows[0].count > 0;
}
