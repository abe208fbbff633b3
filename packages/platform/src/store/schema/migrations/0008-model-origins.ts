/** Where each model version comes from. */

export const modelOrigins = `
alter table model_versions
  add column origin text not null default 'trained' check (origin in ('trained', 'imported', 'updated', 'threshold')),
  -- The version that it was made from.
  add column based_on integer,
  -- Its bytes, or those that it was made from, came from outside: only worker processes restore it.
  add column is_foreign boolean not null default false;
`;
