/** A table of one row: the id of this database, made once. */

export const installation = `
create table installation (
  id uuid primary key,
  made_at timestamptz(3) not null default now(),
  is_only boolean not null default true unique check (is_only)
);
insert into installation (id) values (gen_random_uuid());
`;
