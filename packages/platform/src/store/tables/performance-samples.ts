/** The table of samples that processes take of themselves. */

import type { Sql } from "../postgres/sql.ts";

/** Fields as the table and the API name them. */
export interface SampleRow {
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly cpu_usage: number;
  readonly memory_usage: number;
  readonly memory_bytes: number;
  readonly response_time: number | null;
  readonly request_count: number;
  readonly error_count: number;
  readonly throughput: number;
  readonly p50_response_time: number | null;
  readonly p95_response_time: number | null;
  readonly p99_response_time: number | null;
  readonly event_loop_delay: number;
  readonly event_loop_delay_p99: number;
}

/** A sample of one of several processes. */
export interface ProcessSample extends SampleRow {
  readonly process_id: string;
  readonly kind: "serve" | "worker";
  readonly host: string;
  readonly pid: number;
}

/** What one sample stands for, and how long it is kept. */
export const resolutions = {
  second: { seconds: 1, keptSeconds: 3600 },
  minute: { seconds: 60, keptSeconds: 30 * 86_400 },
} as const;

const fields = [
  "cpu_usage",
  "memory_usage",
  "memory_bytes",
  "response_time",
  "request_count",
  "error_count",
  "throughput",
  "p50_response_time",
  "p95_response_time",
  "p99_response_time",
  "event_loop_delay",
  "event_loop_delay_p99",
] as const;
const listed = fields.join(", ");

/** The driver gives a bigint as text. */
function readAs(field: (typeof fields)[number]): string {
  return field === "memory_bytes" ? "s.memory_bytes::double precision as memory_bytes" : `s.${field}`;
}

/** A sample that is stored already stays as it is. */
export async function storeSamples(sql: Sql, processId: string, seconds: 1 | 60, samples: readonly SampleRow[]): Promise<void> {
  if (samples.length === 0) return;
  const types = fields.map((field) => `${field} ${typeOf(field)}`).join(", ");
  const text = `insert into performance_samples (process_id, seconds, taken_at, ${listed})
    select $1, $2, to_timestamp(s."timestamp"), ${fields.map((field) => `s.${field}`).join(", ")}
    from jsonb_to_recordset($3::jsonb) as s("timestamp" double precision, ${types})
    on conflict do nothing`;
  await sql.query(text, [processId, seconds, JSON.stringify(samples)]);
}

function typeOf(field: (typeof fields)[number]): string {
  if (field === "memory_bytes") return "bigint";
  return field === "request_count" || field === "error_count" ? "integer" : "double precision";
}

export async function removeOldSamples(sql: Sql): Promise<void> {
  for (const { seconds, keptSeconds } of Object.values(resolutions)) {
    const text = "delete from performance_samples where seconds = $1 and taken_at < now() - make_interval(secs => $2)";
    await sql.query(text, [seconds, keptSeconds]);
  }
}

/** The last sample of each other process that has stored one within `secondsMax`. */
export async function latestOfOthers(sql: Sql, processId: string, secondsMax: number): Promise<readonly ProcessSample[]> {
  const text = `select distinct on (s.process_id) s.process_id, p.kind, p.host, p.pid,
      extract(epoch from s.taken_at)::double precision as "timestamp", ${fields.map(readAs).join(", ")}
    from performance_samples s join processes p on p.id = s.process_id
    where s.seconds = 1 and s.taken_at > now() - make_interval(secs => $2) and s.process_id <> $1
    order by s.process_id, s.taken_at desc`;
  return (await sql.query<ProcessSample>(text, [processId, secondsMax])).rows;
}

export interface HistoryPoint extends SampleRow {
  /** Processes that it is made of. */
  readonly process_count: number;
}

/**
 * What all processes did together in each step of time, oldest first: sums of requests, means of times weighted by them, of machines the
 * busiest. @param seconds of the samples to read. @param stepSeconds a multiple of it.
 */
export async function sampleHistory(
  sql: Sql,
  { seconds, stepSeconds, since, until }: { seconds: 1 | 60; stepSeconds: number; since: Date; until: Date },
): Promise<readonly HistoryPoint[]> {
  // Of each process first, within a step; then all processes together.
  const text = `
    with own as (
      select process_id, floor(extract(epoch from taken_at) / $2) * $2 as step,
        avg(cpu_usage) as cpu_usage, avg(memory_usage) as memory_usage, avg(memory_bytes) as memory_bytes,
        sum(response_time * request_count) / nullif(sum(request_count), 0) as response_time,
        avg(request_count) as request_count, avg(error_count) as error_count, avg(throughput) as throughput,
        max(p50_response_time) as p50, max(p95_response_time) as p95, max(p99_response_time) as p99,
        avg(event_loop_delay) as event_loop_delay, max(event_loop_delay_p99) as event_loop_delay_p99
      from performance_samples
      where seconds = $1 and taken_at >= $3 and taken_at < $4
      group by process_id, step
    ), placed as (select own.*, coalesce(p.host, '') as host from own left join processes p on p.id = own.process_id),
    hosts as (
      select step, host, sum(cpu_usage) as cpu_usage, sum(memory_usage) as memory_usage from placed group by step, host
    ), busiest as (select step, max(cpu_usage) as cpu_usage, max(memory_usage) as memory_usage from hosts group by step)
    select own.step::double precision as "timestamp", least(100, max(b.cpu_usage)) as cpu_usage, max(b.memory_usage) as memory_usage,
      round(sum(memory_bytes))::double precision as memory_bytes,
      (sum(response_time * request_count) / nullif(sum(request_count), 0))::double precision as response_time,
      round(sum(request_count))::integer as request_count, round(sum(error_count))::integer as error_count,
      sum(throughput) as throughput, max(p50) as p50_response_time, max(p95) as p95_response_time, max(p99) as p99_response_time,
      max(event_loop_delay) as event_loop_delay, max(event_loop_delay_p99) as event_loop_delay_p99,
      count(*)::integer as process_count
    from own join busiest b using (step) group by own.step order by own.step`;
  const { rows } = await sql.query<HistoryPoint>(text, [seconds, stepSeconds, since, until]);
  return rows;
}
