/** Schemas of jobs. */

import { type Static, Type } from "typebox";
import { jobNames, jobStatuses } from "../../jobs/job-types.ts";
import { Id, nullable, oneOf, pageOf, PageQuery, strict } from "./shared.ts";

const Status = oneOf(jobStatuses);
const Name = oneOf(jobNames);

export const Job = Type.Object(
  {
    id: Id,
    name: Name,
    status: Status,
    progress: Type.Number({ description: "0 to 1" }),
    attempt: Type.Integer(),
    attempts_max: Type.Integer(),
    detector_id: nullable(Type.String()),
    dataset_id: nullable(Type.String()),
    result: nullable(Type.Record(Type.String(), Type.Unknown())),
    error: nullable(Type.Object({ code: Type.String(), detail: Type.String(), field: Type.Optional(Type.String()) })),
    created_at: Type.String({ format: "date-time" }),
    started_at: nullable(Type.String({ format: "date-time" })),
    finished_at: nullable(Type.String({ format: "date-time" })),
  },
  { $id: "Job" },
);
export type Job = Static<typeof Job>;

export const JobList = pageOf(Job);
export const JobListQuery = Type.Object(
  { ...PageQuery, status: Type.Optional(Status), name: Type.Optional(Name), detector_id: Type.Optional(Id) },
  strict,
);
