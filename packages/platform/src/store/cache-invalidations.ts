/**
 * What caches must forget: written in the transaction that makes it wrong, told to all processes at its commit, and kept until
 * somebody has brought it to the shared cache. So no crash between commit and cache can leave a stale value there.
 */

import type { Sql } from "./sql.ts";

export const cacheChannel = "nomaly_cache";

export interface CacheInvalidation {
  readonly id: string;
  readonly tags: readonly string[];
}

/** A notification holds fewer than 8000 bytes, a tag is shorter than 60. */
const tagsPerMessage = 100;

/** Part of the transaction of `sql`: told when that commits, forgotten when it does not. */
export async function announce(sql: Sql, tags: readonly string[]): Promise<void> {
  if (tags.length === 0) return;
  const messages: string[] = [];
  for (let start = 0; start < tags.length; start += tagsPerMessage) {
    messages.push(JSON.stringify(tags.slice(start, start + tagsPerMessage)));
  }
  const text = `with kept as (insert into cache_invalidations (tags) values ($1::text[]))
    select pg_notify($2, message) from unnest($3::text[]) as message`;
  await sql.query(text, [tags, cacheChannel, messages]);
}

/** The oldest ones that nobody has reported as done. Two processes may take the same: forgetting twice does no harm. */
export async function takeInvalidations(sql: Sql, limit: number): Promise<readonly CacheInvalidation[]> {
  const text = "select id, tags from cache_invalidations order by id limit $1";
  const { rows } = await sql.query<CacheInvalidation>(text, [limit]);
  return rows;
}

export async function invalidationsDone(sql: Sql, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql.query("delete from cache_invalidations where id = any($1::bigint[])", [ids]);
}
