/**
 * The tables. Times carry their zone and are cut to milliseconds, as JavaScript's are, so that a page's cursor is exact. The program
 * makes the ids, so that a repeated request finds the row that the first one made.
 */

export const tables = `
create table detectors (
  id uuid primary key,
  name text not null,
  algorithm_name text not null,
  contamination double precision not null check (contamination > 0 and contamination <= 0.5),
  -- How rows become numbers and scores become labels: scaling, missing, columns, threshold, seed.
  options jsonb not null default '{}',
  status text not null default 'created' check (status in ('created', 'training', 'ready', 'failed', 'disabled')),
  is_fitted boolean not null default false,
  threshold double precision,
  model_version integer,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
) with (autovacuum_vacuum_scale_factor = 0.1);

create table detector_hyperparameters (
  detector_id uuid not null references detectors on delete cascade,
  name text not null,
  value jsonb not null,
  primary key (detector_id, name)
);

create table datasets (
  id uuid primary key,
  name text not null,
  file_format text not null check (file_format in ('csv', 'parquet', 'json', 'ndjson', 'arrow')),
  n_samples bigint not null,
  n_features integer not null,
  size_bytes bigint not null,
  checksum text not null,
  columns jsonb not null,
  blob_key text not null unique,
  created_at timestamptz(3) not null default now()
) with (autovacuum_vacuum_scale_factor = 0.1);

create table model_versions (
  id uuid primary key,
  detector_id uuid not null references detectors on delete cascade,
  version integer not null,
  dataset_id uuid references datasets on delete set null,
  -- A repeated attempt of the same job finds the version that the first one made.
  job_id uuid unique,
  file_bytes bytea,
  blob_key text unique,
  size_bytes bigint not null,
  checksum text not null,
  training_summary jsonb not null,
  created_at timestamptz(3) not null default now(),
  unique (detector_id, version),
  check ((file_bytes is null) <> (blob_key is null))
);
-- Model files are already compressed.
alter table model_versions alter column file_bytes set storage external;

create table detection_results (
  id uuid not null,
  detector_id uuid not null references detectors on delete cascade,
  dataset_id uuid references datasets on delete set null,
  model_version integer not null,
  job_id uuid,
  summary jsonb not null,
  -- Parquet of the scored rows: here when small, else among the blobs.
  file_bytes bytea,
  blob_key text,
  size_bytes bigint not null default 0,
  -- The time inside the id, so that an id alone leads to one partition.
  created_at timestamptz(3) not null,
  primary key (id, created_at)
) partition by range (created_at);

-- Takes rows that no month's partition takes: a clock that jumped must not lose a result.
create table detection_results_default partition of detection_results default with (autovacuum_vacuum_scale_factor = 0.05);

create table api_keys (
  id uuid primary key,
  name text not null,
  key_hash bytea not null,
  scopes text[] not null,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  last_used_at timestamptz(3)
);

create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz(3) not null default now(),
  actor text not null,
  action text not null,
  subject_kind text not null,
  subject_id text,
  request_id text,
  details jsonb not null default '{}'
);

create table idempotency_keys (
  actor text not null,
  key text not null,
  request_hash text not null,
  -- Null only within the transaction that does what the request asks for.
  status integer,
  response jsonb,
  created_at timestamptz(3) not null default now(),
  primary key (actor, key)
);

-- Tags that caches must forget, written in the transaction that changes the data, so that no crash can skip them.
create table cache_invalidations (
  id bigint generated always as identity primary key,
  tags text[] not null,
  created_at timestamptz(3) not null default now()
);

-- Blobs whose rows were deleted, to be removed when nobody can still be reading them.
create table blob_removals (
  blob_key text primary key,
  created_at timestamptz(3) not null default now()
);

create table processes (
  id uuid primary key,
  kind text not null check (kind in ('serve', 'worker')),
  host text not null,
  pid integer not null,
  connection_count_max integer not null,
  -- Sessions in pg_stat_activity with this name show that the process still runs.
  application_name text not null,
  started_at timestamptz(3) not null default now(),
  seen_at timestamptz(3) not null default now()
);
`;
