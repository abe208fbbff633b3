/** The table of model versions: one row for each trained model. Versions count from 1 for each detector and never change. */

import { NomalyError } from "@nomaly/detect";
import { isId } from "../../ids/ids.ts";
import type { Sql } from "../postgres/sql.ts";

/** `threshold`: another version with another threshold. */
export const modelOrigins = ["trained", "imported", "updated", "threshold"] as const;
export type ModelOrigin = (typeof modelOrigins)[number];

export interface NewModelVersion {
  readonly id: string;
  readonly detectorId: string;
  readonly datasetId: string | null;
  /** A repeated attempt of the same job gets the version that the first attempt stored. */
  readonly jobId: string | null;
  /** The model file itself when it is small, else the key of its blob. */
  readonly content: { readonly fileBytes: Uint8Array } | { readonly blobKey: string };
  readonly sizeBytes: number;
  readonly checksum: string;
  readonly trainingSummary: object;
  /** Default: trained. */
  readonly origin?: ModelOrigin;
  /** The version that it was made from. */
  readonly basedOn?: number | null;
  /** Its bytes, or those that it was made from, came from outside. */
  readonly isForeign?: boolean;
}

export interface ModelVersionRow extends Omit<NewModelVersion, "content"> {
  readonly version: number;
  /** `null` when the row holds the model file. */
  readonly blobKey: string | null;
  readonly trainingSummary: Readonly<Record<string, unknown>>;
  readonly origin: ModelOrigin;
  readonly basedOn: number | null;
  readonly isForeign: boolean;
  readonly createdAt: Date;
}

export interface InsertedVersion {
  readonly row: ModelVersionRow;
  /** False when an earlier attempt of the job stored it: the content given now is not stored. */
  readonly isNew: boolean;
}

// A double holds every size that a file can have; the driver gives a bigint as text.
const columns = `id, detector_id as "detectorId", version, dataset_id as "datasetId", job_id as "jobId", blob_key as "blobKey",
  size_bytes::float8 as "sizeBytes", checksum, training_summary as "trainingSummary",
  origin, based_on as "basedOn", is_foreign as "isForeign", created_at as "createdAt"`;

/** In a transaction. @throws NomalyError NOT_FOUND when the detector is gone. */
export async function insertVersion(sql: Sql, version: NewModelVersion): Promise<InsertedVersion> {
  const { id, detectorId, datasetId, jobId, content, sizeBytes, checksum, trainingSummary } = version;
  const { origin = "trained", basedOn = null, isForeign = false } = version;
  // The lock gives two trainings that end together different numbers.
  const detector = await sql.query("select 1 from detectors where id = $1 for update", [detectorId]);
  if (detector.rowCount === 0) {
    throw new NomalyError("NOT_FOUND", `there is no detector ${detectorId}`, { field: "detector_id", received: detectorId });
  }
  const earlier = jobId === null ? undefined : await versionOfJob(sql, jobId);
  if (earlier !== undefined) return { row: earlier, isNew: false };
  // `for key share` waits for a transaction that is deleting the data set: then it is found or not, and the foreign key holds.
  const text = `insert into model_versions (id, detector_id, version, dataset_id, job_id, file_bytes, blob_key, size_bytes, checksum, training_summary,
      origin, based_on, is_foreign)
    select $1, $2, coalesce(max(version), 0) + 1, (select id from datasets where id = $3 for key share), $4::uuid, $5::bytea, $6::text, $7::bigint, $8, $9,
      $10, $11::integer, $12::boolean
    from model_versions where detector_id = $2 returning ${columns}`;
  const fileBytes = "fileBytes" in content ? content.fileBytes : null;
  const blobKey = "blobKey" in content ? content.blobKey : null;
  const summary = JSON.stringify(trainingSummary);
  const stored = [fileBytes, blobKey, sizeBytes, checksum, summary];
  const values = [id, detectorId, datasetId, jobId, ...stored, origin, basedOn, isForeign];
  const { rows } = await sql.query<ModelVersionRow>(text, values);
  return { row: rows[0], isNew: true };
}

export async function versionOfJob(sql: Sql, jobId: string): Promise<ModelVersionRow | undefined> {
  const { rows } = await sql.query<ModelVersionRow>(`select ${columns} from model_versions where job_id = $1`, [jobId]);
  return rows[0];
}

/** The version with which the detector scores. */
export async function liveVersion(sql: Sql, detectorId: string): Promise<ModelVersionRow | undefined> {
  if (!isId(detectorId)) return undefined;
  const text = `select ${columns} from model_versions
    where detector_id = $1 and version = (select model_version from detectors where id = $1)`;
  const { rows } = await sql.query<ModelVersionRow>(text, [detectorId]);
  return rows[0];
}

export async function versionByNumber(sql: Sql, detectorId: string, version: number): Promise<ModelVersionRow | undefined> {
  if (!isId(detectorId)) return undefined;
  const text = `select ${columns} from model_versions where detector_id = $1 and version = $2`;
  const { rows } = await sql.query<ModelVersionRow>(text, [detectorId, version]);
  return rows.at(0);
}

export interface StoredModel extends Pick<ModelVersionRow, "blobKey" | "isForeign"> {
  /** `null` when it is a blob. */
  readonly fileBytes: Uint8Array | null;
}

/** The model file, or the key of its blob; `undefined` when there is no such version. */
export async function storedModel(sql: Sql, id: string): Promise<StoredModel | undefined> {
  if (!isId(id)) return undefined;
  const text = `select file_bytes as "fileBytes", blob_key as "blobKey", is_foreign as "isForeign" from model_versions where id = $1`;
  const { rows } = await sql.query<StoredModel>(text, [id]);
  return rows.at(0);
}

/** Newest first; `before` is the last number of the previous page. */
export async function listVersions(
  sql: Sql,
  detectorId: string,
  { limit, before }: { readonly limit: number; readonly before?: number },
): Promise<readonly ModelVersionRow[]> {
  if (!isId(detectorId)) return [];
  const text = `select ${columns} from model_versions
    where detector_id = $1 and ($2::integer is null or version < $2) order by version desc limit $3`;
  const { rows } = await sql.query<ModelVersionRow>(text, [detectorId, before ?? null, limit]);
  return rows;
}
