/** Why a detector's last training failed, beside a status that tells whether it can score. */

export const trainingErrors = `
alter table detectors add column last_training_error jsonb;
update detectors set status = 'ready' where status = 'failed' and is_fitted;
update trainings t set status_before = 'ready' from detectors d
  where d.id = t.detector_id and d.is_fitted and t.status_before = 'failed';
`;
