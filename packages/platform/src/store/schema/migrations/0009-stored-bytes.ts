/**
 * Counts what data sets, model versions and results take, for the quota, and notes since when a version has not been live. Triggers count,
 * so that a deletion that follows from another one is counted too. Each process adds to one of several rows, so that changes at the same
 * time do not wait for each other; the sum of the rows is the figure.
 */

const counted = { datasets: "dataset", model_versions: "model_version", detection_results: "result" } as const;

/** Statement triggers of the parent: rows that move between partitions are not counted. */
const triggers = Object.entries(counted).map(
  ([table, kind]) => `
insert into stored_bytes (kind, shard, n, bytes) select '${kind}', 0, count(*), coalesce(sum(size_bytes), 0) from ${table};
create trigger counts_added after insert on ${table} referencing new table as changed
  for each statement execute function count_stored('${kind}');
create trigger counts_removed after delete on ${table} referencing old table as changed
  for each statement execute function count_stored('${kind}');`,
);

export const storedBytes = `
create table stored_bytes (
  kind text not null,
  shard integer not null,
  n bigint not null,
  bytes bigint not null,
  primary key (kind, shard)
) with (fillfactor = 50);

create function count_stored() returns trigger language plpgsql as $$
declare
  sign integer := case when tg_op = 'INSERT' then 1 else -1 end;
begin
  insert into stored_bytes as present (kind, shard, n, bytes)
    select tg_argv[0], pg_backend_pid() % 16, sign * count(*), sign * sum(size_bytes) from changed having count(*) > 0
  on conflict (kind, shard) do update set n = present.n + excluded.n, bytes = present.bytes + excluded.bytes;
  return null;
end $$;
${triggers.join("\n")}

-- Null for the live version, and for one that never was live.
alter table model_versions add column retired_at timestamptz(3);
create function retire_version() returns trigger language plpgsql as $$
begin
  update model_versions set retired_at = case when version = new.model_version then null else now() end
    where detector_id = new.id and version in (old.model_version, new.model_version);
  return null;
end $$;
create trigger retires_version after update on detectors
  for each row when (old.model_version is distinct from new.model_version) execute function retire_version();
`;
