/** Every invalidation carries the identity of its change: a process that hears of one change three times forgets once. */

export const changeIds = `
alter table cache_invalidations add column change_id uuid not null default gen_random_uuid();
alter table cache_invalidations alter column change_id drop default;
`;
