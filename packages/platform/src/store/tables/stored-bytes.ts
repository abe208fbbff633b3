/** How many data sets, model versions and results are stored, and how many bytes they take. */

import { lockInTransaction } from "../postgres/advisory-locks.ts";
import type { Sql } from "../postgres/sql.ts";

export const storedKinds = ["dataset", "model_version", "result"] as const;
export type StoredKind = (typeof storedKinds)[number];

export interface StoredSize {
  readonly count: number;
  readonly sizeBytes: number;
}

export async function storedSizes(sql: Sql): Promise<Readonly<Record<StoredKind, StoredSize>>> {
  const text = `select kind, sum(n)::float8 as count, sum(bytes)::float8 as "sizeBytes" from stored_bytes group by kind`;
  const { rows } = await sql.query<StoredSize & { readonly kind: StoredKind }>(text);
  const sizes = new Map(rows.map(({ kind, count, sizeBytes }) => [kind, { count, sizeBytes }]));
  const of = (kind: StoredKind) => sizes.get(kind) ?? { count: 0, sizeBytes: 0 };
  return { dataset: of("dataset"), model_version: of("model_version"), result: of("result") };
}

/** The size of everything together. */
export async function totalBytes(sql: Sql): Promise<number> {
  const sizes = await storedSizes(sql);
  return storedKinds.reduce((sum, kind) => sum + sizes[kind].sizeBytes, 0);
}

/** The same. Others that lock wait here until this transaction ends, so two uploads cannot pass the quota together. */
export async function lockedTotalBytes(sql: Sql): Promise<number> {
  await lockInTransaction(sql, "quota");
  return totalBytes(sql);
}

export interface LargeItem {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
}

export async function largestDatasets(sql: Sql, limit: number): Promise<readonly LargeItem[]> {
  const text = `select id, name, size_bytes::float8 as "sizeBytes" from datasets order by size_bytes desc, id limit $1`;
  return (await sql.query<LargeItem>(text, [limit])).rows;
}

/** The detectors whose versions take most. */
export async function largestDetectors(
  sql: Sql,
  limit: number,
): Promise<readonly (LargeItem & { readonly versionCount: number })[]> {
  const text = `select d.id, d.name, count(*)::integer as "versionCount", sum(v.size_bytes)::float8 as "sizeBytes"
    from model_versions v join detectors d on d.id = v.detector_id group by d.id, d.name order by 4 desc, d.id limit $1`;
  return (await sql.query<LargeItem & { readonly versionCount: number }>(text, [limit])).rows;
}
