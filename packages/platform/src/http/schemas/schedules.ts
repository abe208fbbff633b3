/** Schemas of schedules. */

import { Type } from "typebox";
import { runStatuses, scheduleKinds } from "../../services/schedules/schedules.ts";
import { idOf, nullable, oneOf, pageOf, strict, timeOf } from "./shared.ts";

const Name = Type.String({ minLength: 1, maxLength: 200, description: "a name for people, which need not be unique" });
const kindText = "train the detector anew, or score the data set and store the result";
const timing = {
  cron: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: "minute, hour, day of the month, month and day of the week, such as `0 3 * * 1`; instead of every_seconds",
    }),
  ),
  every_seconds: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 31_622_400,
      description:
        "seconds from one run to the next, instead of cron; at least as many as the setting schedule_seconds_min asks for, which is 60 by default",
    }),
  ),
  time_zone: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      description: "the time zone in which cron is meant, such as Europe/Berlin; UTC in a new schedule if not given",
    }),
  ),
};

export const NewSchedule = Type.Object(
  {
    name: Name,
    kind: oneOf(scheduleKinds, { description: kindText }),
    detector_id: idOf("the detector to train or to score with"),
    dataset_id: Type.Optional(idOf("the data set of each run; instead of dataset_name")),
    dataset_name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1000,
        description: "instead of dataset_id: each run takes the newest data set of this name",
      }),
    ),
    ...timing,
    enabled: Type.Optional(
      Type.Boolean({ default: true, description: "whether it runs; a schedule that does not can be enabled later" }),
    ),
  },
  {
    $id: "NewSchedule",
    ...strict,
    description: "work to do again and again; needs dataset_id or dataset_name, and cron or every_seconds",
  },
);

export const ScheduleChange = Type.Object(
  {
    name: Type.Optional(Name),
    enabled: Type.Optional(Type.Boolean({ description: "whether it runs; left as it is if not given" })),
    ...timing,
  },
  {
    $id: "ScheduleChange",
    minProperties: 1,
    ...strict,
    description:
      "what is not given stays as it is, but cron and every_seconds replace each other; any change plans the next run anew and forgets failures",
  },
);

export const Schedule = Type.Object(
  {
    id: idOf("id of the schedule"),
    name: Type.String({ description: "a name for people" }),
    kind: oneOf(scheduleKinds, { description: kindText }),
    detector_id: idOf("the detector to train or to score with"),
    dataset_id: nullable(idOf("the data set"), "the data set of each run; null if dataset_name is set"),
    dataset_name: nullable(Type.String(), "each run takes the newest data set of this name; null if dataset_id is set"),
    cron: nullable(Type.String(), "minute, hour, day of the month, month and day of the week; null if every_seconds is set"),
    every_seconds: nullable(Type.Integer(), "seconds from one run to the next; null if cron is set"),
    time_zone: Type.String({ description: "the time zone in which cron is meant" }),
    enabled: Type.Boolean({ description: "whether it runs; the service disables a schedule after five failures in a row" }),
    disabled_reason: nullable(Type.String(), "why the service disabled it; null where it did not"),
    next_run_at: nullable(timeOf("when it runs next"), "when it runs next; null while it is disabled"),
    last_run_at: nullable(
      timeOf("when the last run began"),
      "when the last run began, or failed to begin; null before the first",
    ),
    last_job_id: nullable(
      idOf("the job"),
      "the job of the last run; null before the first, and where the last run could not begin",
    ),
    last_status: nullable(oneOf(runStatuses), "how the last run goes or ended; null before the first"),
    last_error: nullable(
      Type.Object({
        code: Type.String({ description: "a code of a closed list: match on it" }),
        detail: Type.String({ description: "one sentence: what was expected, and what came" }),
      }),
      "why the last run failed; null if it did not",
    ),
    runs: Type.Integer({ description: "runs so far, also those that could not begin" }),
    skipped: Type.Integer({ description: "runs left out because the one before had not ended" }),
    failures_in_a_row: Type.Integer({
      description: "failures since the last run that succeeded, or since the schedule was changed",
    }),
    created_by: Type.String({
      description: "who made it: `api-key:ID`, `token:SUBJECT`, or `local` where the service asks for no key",
    }),
    created_at: timeOf("when it was made"),
    updated_at: timeOf("when it was last changed by a person; runs do not count"),
  },
  { $id: "Schedule", description: "work that the service does again and again" },
);
export const ScheduleList = pageOf(Schedule);
