/**
 * What caches must forget: written in the transaction that makes it wrong, told to all processes at its commit, and kept until
 * somebody has brought it to the shared cache. So no crash between commit and cache can leave a stale value there.
 */

import { randomUUID } from "node:crypto";
import type { Sql } from "../postgres/sql.ts";

export const cacheChannel = "nomaly_cache";

/** What one change makes wrong. The same change comes by several ways, and its id is the same on all of them. */
export interface Announcement {
  /** Random: a counter would give a number again after a failover that lost the last changes. */
  readonly changeId: string;
  readonly tags: readonly string[];
}

export interface CacheInvalidation extends Announcement {
  readonly id: string;
}

/** A notification holds fewer than 8000 bytes, a tag is shorter than 60. */
const tagsPerMessage = 100;

/** Part of the transaction of `sql`, which collects the tags: told when that commits, forgotten when it does not. */
export async function announce(sql: Sql, given: readonly string[]): Promise<void> {
  const { changeId, tags: collected } = sql.announced ?? { changeId: randomUUID(), tags: new Set<string>() };
  const tags = given.filter((tag) => !collected.has(tag));
  if (tags.length === 0) return;
  for (const tag of tags) collected.add(tag);
  const messages: string[] = [];
  for (let start = 0; start < tags.length; start += tagsPerMessage) {
    const announcement: Announcement = { changeId, tags: tags.slice(start, start + tagsPerMessage) };
    messages.push(JSON.stringify(announcement));
  }
  const text = `with kept as (insert into cache_invalidations (change_id, tags) values ($4, $1::text[]))
    select pg_notify($2, message) from unnest($3::text[]) as message`;
  await sql.query(text, [tags, cacheChannel, messages, changeId]);
}

/** @returns undefined for what is no announcement: whoever may write to the database may notify. */
export function parseAnnouncement(message: string | undefined): Announcement | undefined {
  try {
    const { changeId, tags } = JSON.parse(message ?? "") as Partial<Record<keyof Announcement, unknown>>;
    if (typeof changeId === "string" && Array.isArray(tags) && tags.every((tag) => typeof tag === "string")) {
      return { changeId, tags };
    }
  } catch {
    // Not JSON: the caller counts it.
  }
  return undefined;
}

/** The oldest ones that nobody has reported as done. Two processes may take the same: forgetting twice does no harm. */
export async function takeInvalidations(sql: Sql, limit: number): Promise<readonly CacheInvalidation[]> {
  const text = 'select id, change_id as "changeId", tags from cache_invalidations order by id limit $1';
  const { rows } = await sql.query<CacheInvalidation>(text, [limit]);
  return rows;
}

export async function invalidationsDone(sql: Sql, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql.query("delete from cache_invalidations where id = any($1::bigint[])", [ids]);
}
