/** Every invalidation carries the id of its change, so that a process that receives one change three times applies it once. */

export const changeIds = `
alter table cache_invalidations add column change_id uuid not null default gen_random_uuid();
alter table cache_invalidations alter column change_id drop default;
`;
