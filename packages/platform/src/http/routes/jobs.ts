/** Routes that list, read, follow, retry and cancel jobs. */

import { Readable } from "node:stream";
import { Type } from "typebox";
import { hasEnded, type JobRecord } from "../../jobs/job-types.ts";
import type { ServiceContext } from "../../services/core/context.ts";
import { cancelJob, getJob, retryJob } from "../../services/jobs/jobs.ts";
import type { App } from "../app.ts";
import { Job, JobList, JobListQuery } from "../schemas/jobs.ts";
import { callOf, IdParams, problemsOf, route } from "./shared/shared.ts";

const tags = ["jobs"];
/** The schema of one event: OpenAPI 3.1 cannot describe a stream of events. */
const event = Type.Unsafe<never>({
  type: "object",
  required: ["event", "data"],
  properties: {
    event: { enum: ["progress", "end"], description: "progress while the job goes on, then end" },
    data: {
      type: "string",
      description: "the job as it is now, as JSON",
      contentMediaType: "application/json",
      contentSchema: { $ref: "#/components/schemas/Job" },
    },
  },
});

export function registerJobs(app: App, context: ServiceContext): void {
  const { queue } = context;
  app.get(
    "/api/jobs",
    route({
      scope: "read",
      tags,
      summary: "jobs, newest first",
      querystring: JobListQuery,
      response: { 200: JobList, ...problemsOf() },
    }),
    async (request) => {
      const { limit = 100, cursor, status, name, detector_id: detectorId } = request.query;
      const page = await queue.list({ limit, cursor, status, name, detectorId });
      return { items: page.items.map(jobOf), next_cursor: page.nextCursor };
    },
  );
  app.get(
    "/api/jobs/:id",
    route({ scope: "read", tags, summary: "one job", params: IdParams, response: { 200: Job, ...problemsOf(404) } }),
    async (request) => jobOf(await getJob(context, request.params.id)),
  );
  app.delete(
    "/api/jobs/:id",
    route({ scope: "train", tags, summary: "cancel a job", params: IdParams, response: { 200: Job, ...problemsOf(404) } }),
    async (request) => jobOf(await cancelJob(context, callOf(request), request.params.id)),
  );
  app.post(
    "/api/jobs/:id/retry",
    route({
      scope: "train",
      tags,
      summary: "queue a failed or cancelled job again",
      params: IdParams,
      response: { 200: Job, ...problemsOf(404, 409) },
    }),
    async (request) => jobOf(await retryJob(context, callOf(request), request.params.id)),
  );
  app.get(
    "/api/jobs/:id/events",
    {
      exposeHeadRoute: false,
      ...route({
        scope: "read",
        isStream: true,
        tags,
        summary: "progress of a job as server-sent events, until it ends",
        params: IdParams,
        response: {
          200: {
            description: "an event `progress` for each change, then an event `end`; the data of each event is the job",
            content: { "text/event-stream": { schema: event } },
          },
          ...problemsOf(404),
        },
      }),
    },
    async (request, reply) => {
      const { id } = request.params;
      await getJob(context, id);
      const events = Readable.from(eventTexts(queue.events(id, request.stopSignal)));
      return reply.type("text/event-stream").header("cache-control", "no-store").send(events);
    },
  );
}

async function* eventTexts(records: AsyncIterable<JobRecord>): AsyncGenerator<string> {
  for await (const record of records) {
    yield `event: ${hasEnded(record) ? "end" : "progress"}\ndata: ${JSON.stringify(jobOf(record))}\n\n`;
  }
}

function jobOf(record: JobRecord): Job {
  return {
    id: record.id,
    name: record.name,
    status: record.status,
    progress: record.progress,
    attempt: record.attempt,
    attempts_max: record.attemptMax,
    detector_id: record.detectorId,
    dataset_id: record.datasetId,
    result: record.result,
    error: record.error,
    created_at: record.createdAt.toISOString(),
    started_at: record.startedAt?.toISOString() ?? null,
    finished_at: record.finishedAt?.toISOString() ?? null,
  };
}
