/** The route that scores rows, or a data set, with one detector. */

import { NomalyError } from "@nomaly/detect";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { BodyFields } from "../../compute/work.ts";
import type { ServiceContext } from "../../services/core/context.ts";
import { jobFor, refuseBesideRows } from "../../services/jobs/job-choice.ts";
import { liveModel } from "../../services/detectors/live-model.ts";
import { answerRows, predictBody } from "../../services/scoring/predict.ts";
import { rowsSource } from "../../services/rows/rows-source.ts";
import { scoreTable } from "../../services/scoring/score-dataset.ts";
import type { App } from "../app.ts";
import { arrowMediaType, LargeBody, wantsArrow } from "../body/large-body.ts";
import { ArrowPredictQuery, PredictRequest } from "../schemas/detection.ts";
import { validateFields } from "../body/validation.ts";
import { arrowField, refuseQuery } from "./shared/arrow-query.ts";
import { sendArrow, sendPredicted } from "./shared/predicted-reply.ts";
import { callOf, exampleId, exampleRows, problemsOf, route, sendJob } from "./shared/shared.ts";

/** The reply has the scores of a data set up to this many rows. */
const shownMax = 10_000;

const example = { detector_id: exampleId, data: exampleRows, explain: true };

export function registerPredict(app: App, context: ServiceContext): void {
  app.post(
    "/api/detection/predict",
    route({
      scope: "score",
      isCostly: true,
      isStarred: true,
      takesLargeBodies: true,
      takesArrow: true,
      example,
      tags: ["detection"],
      summary: "score rows",
      description:
        "Rows, or a stored data set; large data sets become a job. Rows may also come as an Arrow IPC stream, with " +
        "`detector_id` (and `explain`) in the query; with `Accept: application/vnd.apache.arrow.stream` the answer is one, too.",
      querystring: ArrowPredictQuery,
      body: PredictRequest,
      response: {
        200: {
          description: "scores, in the order of the rows",
          content: {
            "application/json": { schema: Type.Ref("Predicted") },
            [arrowMediaType]: { schema: Type.Unsafe<never>({ type: "string", format: "binary" }) },
          },
        },
        202: Type.Ref("JobAccepted"),
        ...problemsOf(404, 409, 413, 415, 422, 502, 507),
      },
    }),
    (request, reply) => predictFrom(context, request, reply),
  );
}

async function predictFrom(context: ServiceContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const start = performance.now();
  const body = request.body as PredictRequest | LargeBody;
  if (body instanceof LargeBody) return predictLarge(context, request, { body, reply, start });
  refuseQuery(request);
  const { detector_id: detectorId, explain = false } = body;
  const source = await rowsSource(context, body);
  const call = callOf(request);
  const job = await jobFor(context, call, {
    name: "predict",
    source,
    asked: body,
    payloadOf: async (common) => {
      await liveModel(context, detectorId);
      return { ...common, detector_id: detectorId, explain };
    },
  });
  if (job !== undefined) return sendJob(reply, job);
  if (source.kind === "rows" && body.keep !== true) {
    return sendPredicted(reply, await answerRows(context, call, { detectorId, input: source, explain }), start);
  }
  const asked = { detectorId, source, explain };
  const { model, rowCount, anomalyCount, resultId, scores } = await scoreTable(context, call, asked, shownMax);
  const predicted = { model, rowCount, anomalyCount, fragment: Buffer.from(JSON.stringify(scores)), isCached: false };
  return sendPredicted(reply, predicted, start, resultId);
}

async function predictLarge(
  context: ServiceContext,
  request: FastifyRequest,
  { body, reply, start }: { readonly body: LargeBody; readonly reply: FastifyReply; readonly start: number },
): Promise<FastifyReply> {
  const { given, checksum } = body;
  const asked = (fields: BodyFields) => {
    if (given.format === "arrow") {
      const { explain = false } = request.query as { readonly explain?: boolean };
      return { detectorId: arrowField(request, "detector_id"), explain };
    }
    const read = validateFields<PredictRequest>(PredictRequest, fields);
    refuseBesideRows(read);
    if (read.keep === true) {
      const message = "keep is not allowed with so many rows: store them as a data set, then predict on that";
      throw new NomalyError("REQUEST", message, { field: "keep" });
    }
    return { detectorId: read.detector_id, explain: read.explain ?? false };
  };
  if (given.format === "arrow") arrowField(request, "detector_id");
  else refuseQuery(request);
  const form = wantsArrow(request) ? "arrow" : "json";
  const predicted = await predictBody(context, callOf(request), { body: given, checksum, request: asked, reply: form });
  return form === "arrow" ? sendArrow(reply, predicted, start) : sendPredicted(reply, predicted, start);
}
