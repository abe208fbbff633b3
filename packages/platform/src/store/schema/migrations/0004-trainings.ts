/** The trainings under way, from which a detector's status `training` follows. */

export const trainings = `
create table trainings (
  -- The id of the job that runs it, if any: all attempts of a job are one training.
  id uuid primary key,
  detector_id uuid not null references detectors on delete cascade,
  -- Only without a job: the process that trains renews it before this time.
  lease_until timestamptz(3),
  -- The detector's status again when the training is called off.
  status_before text not null check (status_before in ('created', 'ready', 'failed')),
  unique (detector_id, id)
);
`;
