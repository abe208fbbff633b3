/** Blobs that no row names any more. Maintenance removes them later, when nobody can still be reading them. */

import type { Sql } from "../postgres/sql.ts";

/** To be called in the transaction that deletes the rows. */
export async function scheduleBlobRemovals(sql: Sql, blobKeys: readonly string[]): Promise<void> {
  if (blobKeys.length === 0) return;
  const text = "insert into blob_removals (blob_key) select unnest($1::text[]) on conflict (blob_key) do nothing";
  await sql.query(text, [blobKeys]);
}

/** Blobs that were scheduled at least `ageMs` ago, oldest first. */
export async function dueBlobRemovals(sql: Sql, ageMs: number, limit: number): Promise<readonly string[]> {
  const text = `select blob_key as "blobKey" from blob_removals
    where created_at <= now() - make_interval(secs => $1::float8 / 1000) order by created_at, blob_key limit $2`;
  const { rows } = await sql.query<{ blobKey: string }>(text, [ageMs, limit]);
  return rows.map(({ blobKey }) => blobKey);
}

/** To be called after the blobs themselves are removed. */
export async function blobRemovalsDone(sql: Sql, blobKeys: readonly string[]): Promise<void> {
  if (blobKeys.length === 0) return;
  await sql.query("delete from blob_removals where blob_key = any($1::text[])", [blobKeys]);
}
