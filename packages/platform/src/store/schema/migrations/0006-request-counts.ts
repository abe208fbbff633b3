/**
 * Counts the requests of each caller over all processes, by the database's clock. The counts may be lost at any moment, so the table
 * is unlogged.
 */

export const requestCounts = `
create unlogged table request_counts (
  key text primary key,
  count integer not null,
  ends_at timestamptz not null
);
-- Key, requests, milliseconds that a new count lasts, milliseconds that any count lasts at most.
create function add_to_request_count(text, integer, double precision, double precision) returns table (count integer, ends_in_ms double precision)
language sql as $$
  insert into request_counts as present values ($1, $2, now() + $3 * interval '1 millisecond')
  on conflict (key) do update set
    count = case when present.ends_at between now() and now() + $4 * interval '1 millisecond' then present.count else 0 end + $2,
    ends_at = case when present.ends_at between now() and now() + $4 * interval '1 millisecond'
      then present.ends_at else excluded.ends_at end
  returning present.count, extract(epoch from present.ends_at - now()) * 1000
$$;
`;
