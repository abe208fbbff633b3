/** Removes versions of models beyond the last ones of a detector. */

import { lockDetector } from "./detectors.ts";
import type { Sql } from "../postgres/sql.ts";

/** Detectors with more versions than `keptCount`, in the order of their ids; `after` is the last id of the call before. */
export async function detectorsWithMore(
  sql: Sql,
  { keptCount, after, limit }: { readonly keptCount: number; readonly after: string | null; readonly limit: number },
): Promise<readonly string[]> {
  const text = `select detector_id as id from model_versions where $2::uuid is null or detector_id > $2
    group by detector_id having count(*) > $1 order by detector_id limit $3`;
  return (await sql.query<{ id: string }>(text, [keptCount, after, limit])).rows.map(({ id }) => id);
}

export interface OldVersions {
  readonly detectorId: string;
  /** This many of the highest numbers stay. */
  readonly keptCount: number;
  /** A version stays for this long after it was live, or was made: a request may be using it. */
  readonly graceSeconds: number;
  readonly limit: number;
}

/**
 * In a transaction. Removes old versions, and schedules their blobs for removal; never the live one, and none while a job works with the
 * detector. @returns how many.
 */
export async function removeVersions(sql: Sql, { detectorId, keptCount, graceSeconds, limit }: OldVersions): Promise<number> {
  // The lock keeps others from making a version live, or adding one, meanwhile.
  const detector = await lockDetector(sql, detectorId);
  if (detector === undefined) return 0;
  const text = `with old as (
      select id from model_versions
      where detector_id = $1 and version is distinct from $2::integer
        and version < (select min(version) from (select version from model_versions where detector_id = $1 order by version desc limit $3) newest)
        and coalesce(retired_at, created_at) < now() - make_interval(secs => $4)
        and not exists (select from jobs where status in ('running', 'retrying') and detector_ids ? $1::text)
      order by version limit $5
    ), gone as (
      delete from model_versions v using old where v.id = old.id returning v.blob_key
    ), kept as (
      insert into blob_removals (blob_key) select blob_key from gone where blob_key is not null on conflict (blob_key) do nothing
    )
    select count(*)::integer as count from gone`;
  const values = [detectorId, detector.modelVersion, keptCount, graceSeconds, limit];
  return (await sql.query<{ count: number }>(text, values)).rows[0].count;
}
