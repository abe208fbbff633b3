/** The trainings that are under way: what a detector's status tells of. */

export const trainings = `
create table trainings (
  -- Of the job where one runs it: a further attempt is the same training.
  id uuid primary key,
  detector_id uuid not null references detectors on delete cascade,
  -- Of a training without a job: its process says this much ahead that it is still at it.
  lease_until timestamptz(3),
  -- What the detector is again when the training was called off.
  status_before text not null check (status_before in ('created', 'ready', 'failed')),
  unique (detector_id, id)
);
`;
