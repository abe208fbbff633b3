/** Routes of schedules: trainings and scorings that the service does again and again. */

import { Type } from "typebox";
import type { ServiceContext } from "../../services/core/context.ts";
import {
  changeSchedule,
  createSchedule,
  findSchedules,
  getSchedule,
  removeSchedule,
} from "../../services/schedules/schedules.ts";
import type { App } from "../app.ts";
import { NewSchedule, ScheduleChange, ScheduleList } from "../schemas/schedules.ts";
import { PageQuery, strict } from "../schemas/shared.ts";
import { callOf, exampleId, IdParams, problemsOf, removed, route } from "./shared/shared.ts";

const tags = ["schedules"];

export function registerSchedules(app: App, context: ServiceContext): void {
  registerReading(app, context);
  registerChanging(app, context);
}

function registerReading(app: App, context: ServiceContext): void {
  app.get(
    "/api/schedules",
    route({
      scope: "read",
      tags,
      summary: "schedules, newest first",
      querystring: Type.Object(PageQuery, strict),
      response: { 200: ScheduleList, ...problemsOf() },
    }),
    async (request, reply) => reply.send((await findSchedules(context, request.query)) as never),
  );
  app.get(
    "/api/schedules/:id",
    route({
      scope: "read",
      tags,
      summary: "one schedule, with its last run and its next",
      params: IdParams,
      response: { 200: Type.Ref("Schedule"), ...problemsOf(404) },
    }),
    async (request, reply) => reply.send((await getSchedule(context, request.params.id)) as never),
  );
}

function registerChanging(app: App, context: ServiceContext): void {
  app.post(
    "/api/schedules",
    route({
      scope: "train",
      tags,
      summary: "train a detector or score a data set again and again",
      body: NewSchedule,
      example: {
        name: "every night",
        kind: "score",
        detector_id: exampleId,
        dataset_name: "pumps",
        cron: "0 3 * * *",
        time_zone: "Europe/Berlin",
      },
      response: { 201: Type.Ref("Schedule"), ...problemsOf(404, 409, 413, 415) },
    }),
    async (request, reply) => {
      const { value, isRepeated } = await createSchedule(context, callOf(request), request.body);
      if (isRepeated) reply.header("idempotent-replayed", "true");
      return reply.code(201).header("location", `/api/schedules/${value.id}`).send(value);
    },
  );
  app.patch(
    "/api/schedules/:id",
    route({
      scope: "train",
      tags,
      summary: "switch a schedule on or off, or change its name or times",
      params: IdParams,
      body: ScheduleChange,
      example: { enabled: false },
      response: { 200: Type.Ref("Schedule"), ...problemsOf(404, 409, 413, 415) },
    }),
    async (request, reply) =>
      reply.send((await changeSchedule(context, callOf(request), request.params.id, request.body)) as never),
  );
  app.delete(
    "/api/schedules/:id",
    route({
      scope: "train",
      tags,
      summary: "remove a schedule; a job that it has started goes on",
      params: IdParams,
      response: { 204: removed, ...problemsOf(404) },
    }),
    async (request, reply) => {
      await removeSchedule(context, callOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}
