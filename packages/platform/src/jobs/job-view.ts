/** The SQL view `jobs`, which shows the queue library's table in our words. */

import { jobNames } from "./job-types.ts";

/**
 * `output` holds the result of a job that succeeded, the error of a failed one, and while a job runs its progress with the number of
 * the attempt that wrote it, so that the view does not show the progress of an earlier attempt.
 */
export const jobView = `
create view jobs as
select
  id,
  name,
  case state
    when 'created' then 'queued' when 'retry' then 'retrying' when 'active' then 'running'
    when 'completed' then 'succeeded' when 'cancelled' then 'cancelled' else 'failed'
  end as status,
  case
    when state = 'completed' then 1
    when (output ->> 'progress_attempt')::integer = retry_count then (output ->> 'progress')::double precision
    else 0
  end as progress,
  case when started_on is null then 0 else retry_count + 1 end as attempt,
  retry_limit + 1 as attempt_max,
  data ->> 'detector_id' as detector_id,
  data ->> 'dataset_id' as dataset_id,
  coalesce(data -> 'detector_ids', jsonb_build_array(data -> 'detector_id')) as detector_ids,
  case when state = 'completed' then output end as result,
  case when state in ('retry', 'failed') then output -> 'error' end as error,
  created_on as created_at,
  started_on as started_at,
  completed_on as finished_at
from pgboss.job
where name in (${jobNames.map((name) => `'${name}'`).join(", ")})`;
