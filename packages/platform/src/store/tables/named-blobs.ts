/** Finds which blobs some row names: the others remain from work that wrote a blob and then did not commit its row. */

import type { Sql } from "../postgres/sql.ts";

/** Blobs that are scheduled for removal count as named, as they are removed later. */
export async function namedBlobs(sql: Sql, blobKeys: readonly string[]): Promise<ReadonlySet<string>> {
  if (blobKeys.length === 0) return new Set();
  const text = `select blob_key as "blobKey" from datasets where blob_key = any($1::text[])
    union select blob_key from model_versions where blob_key = any($1::text[])
    union select blob_key from detection_results where blob_key = any($1::text[])
    union select blob_key from blob_removals where blob_key = any($1::text[])`;
  const { rows } = await sql.query<{ blobKey: string }>(text, [blobKeys]);
  return new Set(rows.map(({ blobKey }) => blobKey));
}
