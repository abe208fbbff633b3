/** The SQL statements on jobs for which the queue library has no call. They use the database's clock, so no process's clock decides a lease. */

import { NomalyError } from "@nomaly/detect";
import type { Sql } from "../store/postgres/sql.ts";
import { type JobName, jobNames, type JobRecord, type JobStatus, jobStatuses } from "./job-types.ts";
import type { JobCounts, JobPage, JobQuery, QueueDepth } from "./queue.ts";

/** One attempt at a job. Later attempts have higher numbers, so the writes of an earlier one match no row. */
export interface AttemptKey {
  readonly id: string;
  readonly name: JobName;
  /** The library counts from 0. */
  readonly retryCount: number;
}

const columns = `id, name, status, progress, attempt, attempt_max as "attemptMax", detector_id as "detectorId", dataset_id as "datasetId",
  result, error, created_at as "createdAt", started_at as "startedAt", finished_at as "finishedAt"`;

export async function jobById(sql: Sql, id: string): Promise<JobRecord | undefined> {
  const { rows } = await sql.query<JobRecord>(`select ${columns} from jobs where id = $1`, [id]);
  return rows[0];
}

/** Newest first. Reads a page of each name by its index on the time, and merges these pages. */
export async function listJobs(sql: Sql, { status, name, detectorId, limit, cursor }: JobQuery): Promise<JobPage> {
  const [time, id] = cursor === undefined ? [null, null] : readCursor(cursor);
  const text = `select found.* from unnest($1::text[]) as wanted(name)
    cross join lateral (
      select ${columns}, created_at::text as at from jobs
      where jobs.name = wanted.name
        and ($2::text is null or status = $2)
        and ($3::text is null or detector_ids ? $3)
        and ($4::timestamptz is null or (created_at, id) < ($4::timestamptz, $5::uuid))
      order by created_at desc, id desc limit $6
    ) as found
    order by "createdAt" desc, id desc limit $6`;
  const values = [name === undefined ? jobNames : [name], status ?? null, detectorId ?? null, time, id, limit + 1];
  const { rows } = await sql.query<JobRecord & { readonly at: string }>(text, values);
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return {
    items: shown.map(({ at: _at, ...record }) => record),
    nextCursor: last === undefined ? null : Buffer.from(`${last.at}|${last.id}`).toString("base64url"),
  };
}

/** The cursor holds the time as PostgreSQL writes it, because JavaScript's dates would lose the microseconds. */
function readCursor(cursor: string): readonly [string, string] {
  const text = Buffer.from(cursor, "base64url").toString("utf8");
  const match = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?\+00)\|([0-9a-f-]{36})$/.exec(text);
  if (match !== null) return [match[1], match[2]];
  throw new NomalyError("REQUEST", "cursor must be the next_cursor of a page before", { field: "cursor" });
}

export async function countJobs(sql: Sql): Promise<JobCounts> {
  const text = "select name, status, count(*)::integer as count from jobs group by name, status";
  const { rows } = await sql.query<{ name: JobName; status: JobStatus; count: number }>(text);
  const counts = Object.fromEntries(jobNames.map((name) => [name, Object.fromEntries(jobStatuses.map((status) => [status, 0]))]));
  for (const { name, status, count } of rows) counts[name][status] = count;
  return counts as JobCounts;
}

/** Leaves out jobs that succeeded or were cancelled: an index holds the others, so this stays cheap. */
export async function queueDepth(sql: Sql): Promise<QueueDepth> {
  const text = `select
      count(*) filter (where state = 'created')::integer as queued,
      count(*) filter (where state = 'retry')::integer as retrying,
      count(*) filter (where state = 'active')::integer as running,
      count(*) filter (where state = 'failed')::integer as failed,
      coalesce(extract(epoch from now() - min(start_after) filter (where state < 'active' and start_after <= now())), 0)::float8 * 1000
        as "oldestWaitMs"
    from pgboss.job where name = any($1::text[]) and state in ('created', 'retry', 'active', 'failed')`;
  const { rows } = await sql.query<QueueDepth>(text, [jobNames]);
  return rows[0];
}

/** The names that have a job that may start now; the name of the job that has waited longest is first. */
export async function namesWithWork(sql: Sql, names: readonly JobName[]): Promise<readonly JobName[]> {
  const text = `select wanted.name from unnest($1::text[]) as wanted(name)
    cross join lateral (
      select created_on from pgboss.job
      where job.name = wanted.name and state < 'active' and not blocked and start_after <= now()
      order by priority desc, created_on limit 1
    ) as first
    order by first.created_on`;
  const { rows } = await sql.query<{ name: JobName }>(text, [names]);
  return rows.map(({ name }) => name);
}

export interface Renewal extends AttemptKey {
  /** `undefined` keeps the stored progress. */
  readonly progress: number | undefined;
}

/** Renews all leases and writes progress in one statement. @returns the attempts that still hold their job. */
export async function renewLeases(
  sql: Sql,
  attempts: readonly Renewal[],
): Promise<readonly Pick<AttemptKey, "id" | "retryCount">[]> {
  const text = `update pgboss.job set
      heartbeat_on = now(),
      output = case when held.progress is null then output
        else jsonb_build_object('progress', held.progress, 'progress_attempt', held.retry_count) end
    from unnest($1::text[], $2::uuid[], $3::integer[], $4::float8[]) as held(name, id, retry_count, progress)
    where job.name = held.name and job.id = held.id and job.retry_count = held.retry_count and job.state = 'active'
    returning job.id, job.retry_count as "retryCount"`;
  const values = [
    attempts.map(({ name }) => name),
    attempts.map(({ id }) => id),
    attempts.map(({ retryCount }) => retryCount),
    attempts.map(({ progress }) => progress ?? null),
  ];
  const { rows } = await sql.query<{ id: string; retryCount: number }>(text, values);
  return rows;
}

const isLost = `state = 'active' and name = any($1::text[]) and (
  heartbeat_on + heartbeat_seconds * interval '1 second' < now() or started_on + expire_seconds * interval '1 second' < now())`;

export async function hasLostJobs(sql: Sql): Promise<boolean> {
  const { rows } = await sql.query<{ found: boolean }>(`select exists (select 1 from pgboss.job where ${isLost}) as found`, [
    jobNames,
  ]);
  return rows[0].found;
}

/**
 * Takes jobs away from processes that died or are stuck. After the first attempt such a job may start again at once; each later time
 * it waits longer, and it fails after its last attempt. @returns the ids of the jobs that failed.
 */
export async function sweepLostJobs(sql: Sql): Promise<readonly string[]> {
  const text = `with lost as (select name, id from pgboss.job where ${isLost} limit 100 for update skip locked)
    update pgboss.job set
      state = (case when retry_count < retry_limit then 'retry' else 'failed' end)::pgboss.job_state,
      start_after = now() + retry_count * retry_delay * interval '1 second',
      completed_on = case when retry_count < retry_limit then null else now() end,
      heartbeat_on = null,
      output = jsonb_build_object('error', case when started_on + expire_seconds * interval '1 second' < now()
        then jsonb_build_object('code', 'TIMEOUT', 'detail', format('the job had not ended after %s s', expire_seconds))
        else jsonb_build_object('code', 'WORKER', 'detail', 'the process that ran the job stopped') end)
    from lost where job.name = lost.name and job.id = lost.id
    returning job.id, job.state`;
  const { rows } = await sql.query<{ id: string; state: string }>(text, [jobNames]);
  return rows.filter(({ state }) => state === "failed").map(({ id }) => id);
}

/** Makes this attempt the last one. Does nothing when the attempt no longer holds the job. */
export async function forbidRetries(sql: Sql, { name, id, retryCount }: AttemptKey): Promise<void> {
  const text = `update pgboss.job set retry_limit = retry_count where name = $1 and id = $2 and retry_count = $3 and state = 'active'`;
  await sql.query(text, [name, id, retryCount]);
}

/** Puts the job back into the queue to start at once, without counting this attempt. False when the attempt no longer held the job. */
export async function giveBackJob(sql: Sql, { name, id, retryCount }: AttemptKey): Promise<boolean> {
  const text = `update pgboss.job set state = 'retry', retry_limit = retry_limit + 1, start_after = now(), heartbeat_on = null
    where name = $1 and id = $2 and retry_count = $3 and state = 'active'`;
  const { rowCount } = await sql.query(text, [name, id, retryCount]);
  return rowCount === 1;
}

/** The number of the present period of so many seconds, by the database's clock: the key of a job that all processes enqueue. */
export async function currentSlot(sql: Sql, seconds: number): Promise<string> {
  const text = "select floor(extract(epoch from now()) / $1)::text as slot";
  const { rows } = await sql.query<{ slot: string }>(text, [seconds]);
  return rows[0].slot;
}

/** Deletes at most `limit` ended jobs that were kept long enough. @returns how many it deleted. */
export async function removeOldJobs(sql: Sql, limit: number): Promise<number> {
  const text = `delete from pgboss.job where (name, id) in (
      select name, id from pgboss.job
      where name = any($1::text[]) and state > 'active' and completed_on < now() - deletion_seconds * interval '1 second'
      limit $2)`;
  return (await sql.query(text, [jobNames, limit])).rowCount;
}

/** Jobs whose last attempt failed within the last seconds. */
export async function failedWithin(sql: Sql, seconds: number): Promise<number> {
  const text = `select count(*)::integer as count from pgboss.job
    where name = any($1::text[]) and state = 'failed' and completed_on > now() - make_interval(secs => $2)`;
  return (await sql.query<{ count: number }>(text, [jobNames, seconds])).rows[0].count;
}
