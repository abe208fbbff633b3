/** Counts the requests of each caller over all processes. */

import type { Database, Sql } from "../postgres/sql.ts";

/** The caller counts in its own process meanwhile. */
const addMsMax = 1000;

/** Adds to the count under a key; see `SharedCounts` of the rate limit. Replicas are never asked for counts. */
export async function addToRequestCount(
  database: Database,
  key: string,
  count: number,
  { lifeMs, windowMs }: { readonly lifeMs: number; readonly windowMs: number },
): Promise<{ readonly count: number; readonly endsInMs: number }> {
  const text = 'select count, ends_in_ms as "endsInMs" from add_to_request_count($1, $2, $3, $4)';
  const bounded = database.withSignal(AbortSignal.timeout(addMsMax));
  return (await bounded.query<{ count: number; endsInMs: number }>(text, [key, count, lifeMs, windowMs])).rows[0];
}

export async function deleteOldRequestCounts(sql: Sql): Promise<void> {
  await sql.query("delete from request_counts where ends_at < now() - interval '1 hour'");
}
