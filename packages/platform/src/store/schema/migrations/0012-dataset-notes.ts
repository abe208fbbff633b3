/** What a user should know of how a data set's file was read, in sentences. */

export const datasetNotes = `
alter table datasets add column notes jsonb not null default '[]';
`;
