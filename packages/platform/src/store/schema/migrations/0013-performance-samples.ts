/** Samples of each process: one a second for an hour, one a minute for 30 days. */

export const performanceSamples = `
create table performance_samples (
  -- No reference: the samples of a process outlive it.
  process_id uuid not null,
  -- What one sample stands for.
  seconds smallint not null check (seconds in (1, 60)),
  taken_at timestamptz(3) not null,
  cpu_usage double precision not null,
  memory_usage double precision not null,
  memory_bytes bigint not null,
  -- Mean of the requests; null without requests. A minute's requests are those of its own 60 seconds.
  response_time double precision,
  request_count integer not null,
  error_count integer not null,
  throughput double precision not null,
  p50_response_time double precision,
  p95_response_time double precision,
  p99_response_time double precision,
  event_loop_delay double precision not null,
  event_loop_delay_p99 double precision not null,
  primary key (seconds, taken_at, process_id)
);
`;
