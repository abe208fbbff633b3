/** How a data set's text file is to be read: the options that came with its upload, by name. */

export const datasetReading = `
alter table datasets add column reading jsonb not null default '{}';
`;
