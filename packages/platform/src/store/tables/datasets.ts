/** The table of data sets: name, format, size, columns. The data itself is a blob. */

import { announce } from "./cache-invalidations.ts";
import { isId } from "../../ids/ids.ts";
import { datasetTag } from "../../ids/tags.ts";
import type { PageRequest } from "./page.ts";
import type { Sql } from "../postgres/sql.ts";

export type FileFormat = "csv" | "parquet" | "json" | "ndjson" | "arrow";

export interface DatasetColumn {
  readonly name: string;
  readonly type: string;
}

export interface NewDataset {
  readonly id: string;
  readonly name: string;
  readonly fileFormat: FileFormat;
  readonly nSamples: number;
  readonly nFeatures: number;
  readonly sizeBytes: number;
  readonly checksum: string;
  readonly columns: readonly DatasetColumn[];
  /** Options of a text file by name, as texts. */
  readonly reading?: Readonly<Record<string, string>>;
  /** How the file was read, in sentences. */
  readonly notes?: readonly string[];
  readonly blobKey: string;
}

export interface DatasetRow extends NewDataset {
  readonly reading: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  readonly createdAt: Date;
}

// Doubles hold every count and size that occurs; the driver gives a bigint as text.
const columns = `id, name, file_format as "fileFormat", n_samples::float8 as "nSamples", n_features as "nFeatures",
  size_bytes::float8 as "sizeBytes", checksum, columns, reading, notes, blob_key as "blobKey", created_at as "createdAt"`;

export async function insertDataset(sql: Sql, dataset: NewDataset): Promise<DatasetRow> {
  const { id, name, fileFormat, nSamples, nFeatures, sizeBytes, checksum, blobKey } = dataset;
  const text = `insert into datasets (id, name, file_format, n_samples, n_features, size_bytes, checksum, columns, reading, notes, blob_key)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning ${columns}`;
  const json = JSON.stringify(dataset.columns);
  const { rows } = await sql.query<DatasetRow>(text, [
    id,
    name,
    fileFormat,
    nSamples,
    nFeatures,
    sizeBytes,
    checksum,
    json,
    JSON.stringify(dataset.reading ?? {}),
    JSON.stringify(dataset.notes ?? []),
    blobKey,
  ]);
  return rows[0];
}

export async function datasetById(sql: Sql, id: string): Promise<DatasetRow | undefined> {
  if (!isId(id)) return undefined;
  const { rows } = await sql.query<DatasetRow>(`select ${columns} from datasets where id = $1`, [id]);
  return rows[0];
}

export interface DatasetFilter extends PageRequest {
  readonly fileFormat?: FileFormat | undefined;
  readonly nSamplesMin?: number | undefined;
  readonly nSamplesMax?: number | undefined;
}

/** Newest first. */
export async function listDatasets(sql: Sql, filter: DatasetFilter): Promise<readonly DatasetRow[]> {
  const { limit, after, fileFormat, nSamplesMin, nSamplesMax } = filter;
  const text = `select ${columns} from datasets
    where ($1::timestamptz is null or (created_at, id) < ($1, $2::uuid)) and ($3::text is null or file_format = $3)
      and ($4::bigint is null or n_samples >= $4) and ($5::bigint is null or n_samples <= $5)
    order by created_at desc, id desc limit $6`;
  const page = [after?.createdAt ?? null, after?.id ?? null];
  const { rows } = await sql.query<DatasetRow>(text, [
    ...page,
    fileFormat ?? null,
    nSamplesMin ?? null,
    nSamplesMax ?? null,
    limit,
  ]);
  return rows;
}

/** In a transaction. Schedules the blob for removal. False when there is no such data set. */
export async function deleteDataset(sql: Sql, id: string): Promise<boolean> {
  if (!isId(id)) return false;
  const text = `with gone as (delete from datasets where id = $1 returning blob_key)
    insert into blob_removals (blob_key) select blob_key from gone on conflict (blob_key) do nothing`;
  const { rowCount } = await sql.query(text, [id]);
  if (rowCount === 0) return false;
  await announce(sql, [datasetTag(id)]);
  return true;
}
