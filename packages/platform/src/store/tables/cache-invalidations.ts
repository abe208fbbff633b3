/**
 * Tags that caches must forget: written in the transaction that changes the data, sent to all processes at its commit, and kept until
 * a process has invalidated them in the shared cache. So a crash after the commit cannot leave a stale value there.
 */

import { randomUUID } from "node:crypto";
import type { Sql } from "../postgres/sql.ts";

export const cacheChannel = "nomaly_cache";

/** The tags that one change invalidates. A process may receive it several times, always with the same id. */
export interface Announcement {
  /** Random: a counter would repeat numbers after a failover that lost the last changes. */
  readonly changeId: string;
  readonly tags: readonly string[];
}

export interface CacheInvalidation extends Announcement {
  readonly id: string;
}

/** A notification holds fewer than 8000 bytes, a tag is shorter than 60. */
const tagsPerMessage = 100;

/** Adds tags to the transaction of `sql`: PostgreSQL sends them to all processes if it commits. */
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

/** @returns undefined for a text that is no announcement: every user of the database may send notifications. */
export function parseAnnouncement(message: string | undefined): Announcement | undefined {
  try {
    const { changeId, tags } = JSON.parse(message ?? "") as Partial<Record<keyof Announcement, unknown>>;
    if (typeof changeId === "string" && Array.isArray(tags) && tags.every((tag) => typeof tag === "string")) {
      return { changeId, tags };
    }
  } catch {
    // Not JSON: the caller counts it as malformed.
  }
  return undefined;
}

/** The oldest invalidations that are not done. Two processes may take the same ones: invalidating twice does no harm. */
export async function takeInvalidations(sql: Sql, limit: number): Promise<readonly CacheInvalidation[]> {
  const text = 'select id, change_id as "changeId", tags from cache_invalidations order by id limit $1';
  const { rows } = await sql.query<CacheInvalidation>(text, [limit]);
  return rows;
}

export async function invalidationsDone(sql: Sql, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql.query("delete from cache_invalidations where id = any($1::bigint[])", [ids]);
}
