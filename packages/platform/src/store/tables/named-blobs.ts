/** Which blobs some row names: the others are left over from work that ended between writing bytes and committing a row. */

import type { Sql } from "../postgres/sql.ts";

/** Those that wait for their removal count as named: their turn comes when nobody can be reading them. */
export async function namedBlobs(sql: Sql, blobKeys: readonly string[]): Promise<ReadonlySet<string>> {
  if (blobKeys.length === 0) return new Set();
  const text = `select blob_key as "blobKey" from datasets where blob_key = any($1::text[])
    union select blob_key from model_versions where blob_key = any($1::text[])
    union select blob_key from detection_results where blob_key = any($1::text[])
    union select blob_key from blob_removals where blob_key = any($1::text[])`;
  const { rows } = await sql.query<{ blobKey: string }>(text, [blobKeys]);
  return new Set(rows.map(({ blobKey }) => blobKey));
}
