/** Training, predicting, and many detectors at once. */

import { NomalyError } from "@nomaly/detect";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { BodyFields } from "../../compute/work.ts";
import { predictBatch } from "../../services/batch.ts";
import type { ServiceContext } from "../../services/context.ts";
import { enqueueJob } from "../../services/enqueue.ts";
import { predictBody, type Predicted as PredictedRows, predictRows } from "../../services/predict.ts";
import { rowsSource } from "../../services/rows-source.ts";
import { scoreTable } from "../../services/score-dataset.ts";
import { train, type TrainAnswer } from "../../services/train.ts";
import type { App } from "../app.ts";
import { LargeBody } from "../large-body.ts";
import { problemOf } from "../problem.ts";
import {
  BatchAnswer,
  BatchRequest,
  JobAccepted,
  Predicted,
  PredictRequest,
  Trained,
  TrainRequest,
} from "../schemas/detection.ts";
import { linesOf } from "../../services/datasets.ts";
import { validateFields } from "../validation.ts";
import { callOf, problems } from "./shared.ts";

const tags = ["detection"];
/** Scored rows of a data set that stand in the reply as well. */
const shownMax = 10_000;

export function registerDetection(app: App, context: ServiceContext): void {
  for (const prefix of ["/api", ""]) {
    app.post(
      `${prefix}/detection/train`,
      {
        config: { scope: "train", takesLargeBodies: true },
        schema: {
          tags,
          hide: prefix === "",
          summary: "train a detector",
          body: TrainRequest,
          response: { 200: Trained, 202: JobAccepted, ...problems },
        },
      },
      async (request, reply) => {
        const answer = await trainFrom(context, request);
        if (answer.kind === "accepted") return reply.code(202).header("location", answer.job.location).send(answer.job);
        return reply.send(answer.trained);
      },
    );
    app.post(
      `${prefix}/detection/predict`,
      {
        config: { scope: "score", takesLargeBodies: true },
        schema: {
          tags,
          hide: prefix === "",
          summary: "score rows",
          body: PredictRequest,
          response: { 200: Predicted, 202: JobAccepted, ...problems },
        },
      },
      async (request, reply) => predictFrom(context, request, reply),
    );
  }
  app.post(
    "/api/detection/batch",
    {
      config: { scope: "score" },
      schema: {
        tags,
        summary: "score rows with many detectors",
        body: BatchRequest,
        response: { 200: BatchAnswer, ...problems },
      },
    },
    async (request, reply) => batchFrom(context, request, reply),
  );
}

function trainFrom(context: ServiceContext, request: FastifyRequest): Promise<TrainAnswer> {
  const body = request.body as TrainRequest | LargeBody;
  const call = callOf(request);
  if (body instanceof LargeBody) {
    const detectorId = (fields: BodyFields) => validateFields<TrainRequest>(TrainRequest, fields).detector_id;
    return train(context, call, { detectorId, source: body.given });
  }
  const { detector_id: detectorId, background, webhook_url: webhookUrl } = body;
  return rowsSource(context, body).then((source) => train(context, call, { detectorId, source, background, webhookUrl }));
}

async function predictFrom(context: ServiceContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const start = performance.now();
  const body = request.body as PredictRequest | LargeBody;
  const call = callOf(request);
  if (body instanceof LargeBody) {
    const asked = (fields: BodyFields) => {
      const { detector_id: detectorId, explain = false, keep = false } = validateFields<PredictRequest>(PredictRequest, fields);
      if (keep) throw new NomalyError("REQUEST", "so many rows are kept by storing them as a data set first", { field: "keep" });
      return { detectorId, explain };
    };
    return sendPredicted(reply, await predictBody(context, call, { body: body.given, request: asked }), { start });
  }
  const { detector_id: detectorId, explain = false, keep = false, background, webhook_url: webhookUrl } = body;
  const source = await rowsSource(context, body);
  if (source.kind === "dataset") {
    const { nSamples, nFeatures, id } = source.dataset;
    if (background ?? nSamples * nFeatures > context.config.trainInlineValues) {
      const payload = {
        detector_id: detectorId,
        dataset_id: id,
        explain,
        keep: true,
        actor: call.actor,
        request_id: call.requestId,
      };
      const job = await enqueueJob(context, call, { name: "predict", payload, webhookUrl });
      return reply.code(202).header("location", job.location).send(job);
    }
  }
  if (source.kind === "rows" && !keep)
    return sendPredicted(reply, await predictRows(context, call, { detectorId, input: source, explain }), { start });
  if (source.kind === "body") throw new Error("internal: a body was read and is not");
  const table = source.kind === "dataset" ? source : { kind: "lines" as const, json: linesOf(body.data, body.columns) };
  const { model, rowCount, anomalyCount, resultId, scores } = await scoreTable(
    context,
    call,
    { detectorId, source: table },
    shownMax,
  );
  const fragment = Buffer.from(JSON.stringify(scores));
  return sendPredicted(reply, { model, rowCount, anomalyCount, fragment, isCached: false }, { start, resultId });
}

/** Bytes go out as they are; the framework means texts only. */
const plain = (payload: unknown): string => payload as string;

/** Put together by hand: the rows are in JSON already, perhaps from the cache. */
function sendPredicted(
  reply: FastifyReply,
  predicted: PredictedRows,
  { start, resultId }: { start: number; resultId?: string },
): FastifyReply {
  const head = `${headOf(predicted, resultId)},"processing_time_ms":${elapsedMs(start)},"predictions":`;
  return reply
    .type("application/json; charset=utf-8")
    .serializer(plain)
    .send(Buffer.concat([Buffer.from(head), predicted.fragment, closing]));
}

const closing = Buffer.from("}");

function headOf({ model, rowCount, anomalyCount, isCached }: PredictedRows, resultId?: string): string {
  const kept = resultId === undefined ? "" : `,"result_id":"${resultId}"`;
  return (
    `{"detector_id":"${model.detector_id}","model_version":${model.model_version},"threshold":${model.threshold},` +
    `"n_samples":${rowCount},"n_anomalies":${anomalyCount}${kept},"cached":${isCached}`
  );
}

async function batchFrom(context: ServiceContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const start = performance.now();
  const body = request.body as BatchRequest;
  const source = await rowsSource(context, body);
  if (source.kind === "body") throw new Error("internal: a body was read and is not");
  const outcomes = await predictBatch(context, callOf(request), { detectorIds: body.detector_ids, source });
  const parts: Buffer[] = [Buffer.from('{"results":{')];
  for (const [index, [id, outcome]] of [...outcomes].entries()) {
    parts.push(Buffer.from(`${index === 0 ? "" : ","}"${id}":`));
    if (outcome.kind === "failed")
      parts.push(Buffer.from(JSON.stringify({ error: problemOf(outcome.error, request.id).problem })));
    else
      parts.push(
        Buffer.from(`${headOf(outcome.predicted, outcome.resultId)},"processing_time_ms":${elapsedMs(start)},"predictions":`),
        Buffer.from(outcome.predicted.fragment),
        closing,
      );
  }
  parts.push(Buffer.from(`},"processing_time_ms":${elapsedMs(start)}}`));
  return reply.type("application/json; charset=utf-8").serializer(plain).send(Buffer.concat(parts));
}

function elapsedMs(start: number): number {
  return Math.round((performance.now() - start) * 1000) / 1000;
}
