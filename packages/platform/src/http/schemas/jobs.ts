/** Schemas of jobs. */

import { type Static, Type } from "typebox";
import { jobNames, jobStatuses } from "../../jobs/job-types.ts";
import { idOf, nullable, oneOf, pageOf, PageQuery, StoredError, strict, timeOf } from "./shared.ts";

const Status = oneOf(jobStatuses, {
  description:
    "how far the job is: queued waits for a free place, retrying waits for another attempt after a passing error; succeeded, failed and cancelled are ends",
});
const Name = oneOf(jobNames, {
  description:
    "what the job does: train, update (learn further), predict and batch (score with several detectors) are asked for, webhook tells of another job's end, maintenance cleans up",
});

export const Job = Type.Object(
  {
    id: idOf("id of the job"),
    name: Name,
    status: Status,
    progress: Type.Number({ description: "share of the last attempt's work that is done, 0 to 1" }),
    attempt: Type.Integer({ description: "number of the last attempt, from 1; 0 before the first" }),
    attempts_max: Type.Integer({ description: "attempts after which an error is final; only passing errors are tried again" }),
    detector_id: nullable(
      Type.String(),
      "the detector that it trains or scores with; null for other jobs and for batch, which has several",
    ),
    dataset_id: nullable(Type.String(), "the data set that it reads; null for jobs that read none"),
    result: nullable(
      Type.Record(Type.String(), Type.Unknown()),
      "null until it has succeeded; then for train and update what they answer when they work at once, for predict result_id, model_version, threshold and counts, for batch those by detector id",
    ),
    error: nullable(StoredError, "why the last attempt failed; null unless the status is retrying or failed"),
    created_at: timeOf("when it was queued"),
    started_at: nullable(timeOf("when it began"), "when the last attempt began; null before the first"),
    finished_at: nullable(timeOf("when it ended"), "when it succeeded, failed or was cancelled; null before that"),
  },
  { $id: "Job", description: "work that the service does in the background; it keeps ended jobs for 30 days" },
);
export type Job = Static<typeof Job>;

export const JobList = pageOf(Job);
export const JobListQuery = Type.Object(
  {
    ...PageQuery,
    status: Type.Optional(oneOf(jobStatuses, { description: "only jobs of this status" })),
    name: Type.Optional(oneOf(jobNames, { description: "only jobs of this kind" })),
    detector_id: Type.Optional(idOf("only jobs of this detector, also as one of several")),
  },
  strict,
);
