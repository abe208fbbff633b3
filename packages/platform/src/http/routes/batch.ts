/** The route that scores one table with many detectors. */

import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { type BatchOutcome, predictBatch } from "../../services/scoring/batch.ts";
import type { ServiceContext } from "../../services/core/context.ts";
import { jobFor } from "../../services/jobs/job-choice.ts";
import { rowsSource } from "../../services/rows/rows-source.ts";
import type { App } from "../app.ts";
import { problemOf } from "../answers/problem.ts";
import { BatchRequest } from "../schemas/detection.ts";
import { headOf, plain } from "./shared/predicted-reply.ts";
import { callOf, elapsedMs, exampleId, exampleRows, otherExampleId, problemsOf, route, sendJob } from "./shared/shared.ts";
import { smallBodyBytes } from "../body/large-body.ts";

const example = { detector_ids: [exampleId, otherExampleId], data: exampleRows };

export function registerBatch(app: App, context: ServiceContext): void {
  app.post(
    "/api/detection/batch",
    route({
      bodyLimit: Math.min(smallBodyBytes, context.config.bodyBytes),
      scope: "score",
      isCostly: true,
      example,
      tags: ["detection"],
      summary: "score rows with many detectors",
      description:
        "A detector that fails does not stop the others: the answer has the scores or the error of each. Large data sets become a job.",
      body: BatchRequest,
      response: { 200: Type.Ref("BatchAnswer"), 202: Type.Ref("JobAccepted"), ...problemsOf(404, 409, 413, 415, 422, 502, 507) },
    }),
    (request, reply) => batchFrom(context, request, reply),
  );
}

async function batchFrom(context: ServiceContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const start = performance.now();
  const body = request.body as BatchRequest;
  const { explain = false } = body;
  const detectorIds = [...new Set(body.detector_ids)];
  const source = await rowsSource(context, body);
  const call = callOf(request);
  const job = await jobFor(context, call, {
    name: "batch",
    source,
    asked: body,
    detectorCount: detectorIds.length,
    payloadOf: async (common) => ({ ...common, detector_ids: detectorIds, explain }),
  });
  if (job !== undefined) return sendJob(reply, job);
  const outcomes = await predictBatch(context, call, { detectorIds, source, explain });
  const payload = payloadOf(outcomes, request.id, start);
  return reply.type("application/json; charset=utf-8").serializer(plain).send(payload);
}

function payloadOf(outcomes: ReadonlyMap<string, BatchOutcome>, requestId: string, start: number): Buffer {
  const parts: (string | Uint8Array)[] = ['{"results":{'];
  for (const [index, [id, outcome]] of [...outcomes].entries()) {
    parts.push(`${index === 0 ? "" : ","}"${id}":`);
    if (outcome.kind === "failed") {
      parts.push(JSON.stringify({ error: problemOf(outcome.error, requestId).problem }));
    } else {
      const { predicted, resultId } = outcome;
      parts.push(
        `${headOf(predicted, resultId)},"processing_time_ms":${elapsedMs(start)},"predictions":`,
        predicted.fragment,
        "}",
      );
    }
  }
  parts.push(`},"processing_time_ms":${elapsedMs(start)}}`);
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
}
