/** Schemas of schedules. */

import { Type } from "typebox";
import { runStatuses, scheduleKinds } from "../../services/schedules/schedules.ts";
import { Id, nullable, oneOf, pageOf, strict } from "./shared.ts";

const Name = Type.String({ minLength: 1, maxLength: 200 });
const timing = {
  cron: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: "minute, hour, day of the month, month, day of the week; instead of every_seconds",
    }),
  ),
  every_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 31_622_400, description: "instead of cron" })),
  time_zone: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100, description: "of cron, such as Europe/Berlin; by default UTC" }),
  ),
};

export const NewSchedule = Type.Object(
  {
    name: Name,
    kind: oneOf(scheduleKinds, { description: "train the detector anew, or score the data set and store the result" }),
    detector_id: Id,
    dataset_id: Type.Optional(Id),
    dataset_name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1000,
        description: "instead of dataset_id: each run takes the newest data set of this name",
      }),
    ),
    ...timing,
    enabled: Type.Optional(Type.Boolean({ default: true })),
  },
  { $id: "NewSchedule", ...strict },
);

export const ScheduleChange = Type.Object(
  { name: Type.Optional(Name), enabled: Type.Optional(Type.Boolean()), ...timing },
  { $id: "ScheduleChange", minProperties: 1, ...strict },
);

const time = Type.String({ format: "date-time" });

export const Schedule = Type.Object(
  {
    id: Id,
    name: Type.String(),
    kind: oneOf(scheduleKinds),
    detector_id: Id,
    dataset_id: nullable(Id),
    dataset_name: nullable(Type.String()),
    cron: nullable(Type.String()),
    every_seconds: nullable(Type.Integer()),
    time_zone: Type.String(),
    enabled: Type.Boolean(),
    disabled_reason: Type.Union([Type.String(), Type.Null()], { description: "set where the service disabled it" }),
    next_run_at: nullable(time),
    last_run_at: nullable(time),
    last_job_id: Type.Union([Id, Type.Null()], { description: "null where the last run could not begin" }),
    last_status: nullable(oneOf(runStatuses)),
    last_error: nullable(Type.Object({ code: Type.String(), detail: Type.String() })),
    runs: Type.Integer(),
    skipped: Type.Integer({ description: "runs left out because the one before had not ended" }),
    failures_in_a_row: Type.Integer(),
    created_by: Type.String(),
    created_at: time,
    updated_at: time,
  },
  { $id: "Schedule" },
);
export const ScheduleList = pageOf(Schedule);
