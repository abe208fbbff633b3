/** Work that is done again and again. The database's clock decides when, so that all processes agree. */

export const schedules = `
create table schedules (
  id uuid primary key,
  name text not null,
  -- Who made it, for the limit of schedules.
  owner text not null,
  kind text not null check (kind in ('train', 'score')),
  -- No reference: a schedule outlives its detector and says why it fails.
  detector_id uuid not null,
  dataset_id uuid,
  dataset_name text,
  cron text,
  every_seconds integer,
  time_zone text not null,
  enabled boolean not null default true,
  disabled_reason text,
  -- Null while it is disabled.
  next_run_at timestamptz(3),
  -- When next_run_at was decided: a time to come means that the clock has gone back since.
  planned_at timestamptz(3) not null default now(),
  last_run_at timestamptz(3),
  last_job_id uuid,
  last_status text check (last_status in ('running', 'succeeded', 'failed', 'cancelled')),
  last_error jsonb,
  run_count bigint not null default 0,
  skipped_count bigint not null default 0,
  -- Failures since the last success.
  failure_count integer not null default 0,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  check ((dataset_id is null) <> (dataset_name is null)),
  check ((cron is null) <> (every_seconds is null)),
  check (enabled = (next_run_at is not null))
);
`;
