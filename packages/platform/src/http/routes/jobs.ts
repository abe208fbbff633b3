/** Jobs: seen, followed, cancelled. */

import { Readable } from "node:stream";
import { NomalyError } from "@nomaly/detect";
import { hasEnded, type JobRecord } from "../../jobs/job-types.ts";
import type { ServiceContext } from "../../services/context.ts";
import type { App } from "../app.ts";
import { Job, JobList, JobListQuery } from "../schemas/jobs.ts";
import { IdParams, problems } from "./shared.ts";

const tags = ["jobs"];

export function registerJobs(app: App, { queue }: ServiceContext): void {
  app.get(
    "/api/jobs",
    {
      config: { scope: "read" },
      schema: { tags, summary: "jobs, newest first", querystring: JobListQuery, response: { 200: JobList, ...problems } },
    },
    async (request) => {
      const { limit = 100, cursor, status, name, detector_id: detectorId } = request.query;
      const page = await queue.list({ limit, cursor, status, name, detectorId });
      return { items: page.items.map(jobOf), next_cursor: page.nextCursor };
    },
  );
  app.get(
    "/api/jobs/:id",
    { config: { scope: "read" }, schema: { tags, summary: "one job", params: IdParams, response: { 200: Job, ...problems } } },
    async (request) => jobOf(required(await queue.get(request.params.id), request.params.id)),
  );
  app.delete(
    "/api/jobs/:id",
    {
      config: { scope: "train" },
      schema: { tags, summary: "cancel a job", params: IdParams, response: { 200: Job, ...problems } },
    },
    async (request) => jobOf(required(await queue.cancel(request.params.id), request.params.id)),
  );
  app.get(
    "/api/jobs/:id/events",
    {
      config: { scope: "read", isStream: true },
      schema: {
        tags,
        summary: "its progress as server-sent events, until it ends",
        params: IdParams,
        produces: ["text/event-stream"],
        response: problems,
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      required(await queue.get(id), id);
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

function required(record: JobRecord | undefined, id: string): JobRecord {
  if (record === undefined) throw new NomalyError("NOT_FOUND", `there is no job ${id}`, { field: "id", received: id });
  return record;
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
