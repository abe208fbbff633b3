/** Routes that explain scores, evaluate a detector on known anomalies, and compare detectors. */

import { Type } from "typebox";
import type { ServiceContext } from "../../services/core/context.ts";
import { compare, type Comparison, evaluate } from "../../services/scoring/evaluate.ts";
import { explainTop } from "../../services/scoring/explain.ts";
import type { LiveModel } from "../../services/detectors/live-model.ts";
import { rowsSource } from "../../services/rows/rows-source.ts";
import { truthOf } from "../../services/rows/truth.ts";
import type { App } from "../app.ts";
import { smallBodyBytes } from "../body/large-body.ts";
import { problemOf } from "../answers/problem.ts";
import { CompareRequest, EvaluateRequest, ExplainRequest } from "../schemas/detection.ts";
import { callOf, elapsedMs, exampleId, exampleRows, otherExampleId, problemsOf, route } from "./shared/shared.ts";

const topDefault = 10;
const problems = problemsOf(404, 409, 413, 415, 422, 502, 507);
const example = { detector_id: exampleId, data: exampleRows };

export function registerJudge(app: App, context: ServiceContext): void {
  const bodyLimit = Math.min(smallBodyBytes, context.config.bodyBytes);
  const judging = { scope: "score", isCostly: true, onlyAsks: true, bodyLimit, tags: ["detection"] } as const;
  app.post(
    "/api/detection/explain",
    route({
      ...judging,
      example: { ...example, top: 5 },
      summary: "why the most anomalous rows scored as they did",
      description:
        "For the rows of highest score: what each column added to the score, and its usual values. Large data sets are refused: send a sample.",
      body: ExplainRequest,
      response: { 200: Type.Ref("Explained"), ...problems },
    }),
    async (request, reply) => {
      const start = performance.now();
      const { detector_id: detectorId, top = topDefault } = request.body;
      const source = await rowsSource(context, request.body);
      const { model, rowCount, explanation } = await explainTop(context, callOf(request), { detectorId, source, top });
      return reply.send({ ...answerOf(model, rowCount), ...explanation, processing_time_ms: elapsedMs(start) });
    },
  );
  app.post(
    "/api/detection/evaluate",
    route({
      ...judging,
      example: { ...example, labels: [0, 1] },
      summary: "how well a detector finds known anomalies",
      body: EvaluateRequest,
      response: { 200: Type.Ref("Evaluated"), ...problems },
    }),
    async (request, reply) => {
      const start = performance.now();
      const { detector_id: detectorId } = request.body;
      const source = await rowsSource(context, request.body);
      const asked = { detectorId, source, truth: truthOf(request.body, source) };
      const { model, rowCount, figures } = await evaluate(context, callOf(request), asked);
      return reply.send({ ...answerOf(model, rowCount), ...figures, processing_time_ms: elapsedMs(start) });
    },
  );
  app.post(
    "/api/detection/compare",
    route({
      ...judging,
      example: { detector_ids: [exampleId, otherExampleId], data: exampleRows },
      summary: "how trained detectors compare on one table",
      description:
        "How alike the detectors rank the rows and, with known anomalies, how well each finds them. Large data sets are refused: send a sample.",
      body: CompareRequest,
      response: { 200: Type.Ref("Compared"), ...problems },
    }),
    async (request, reply) => {
      const start = performance.now();
      const source = await rowsSource(context, request.body);
      const truth = truthOf(request.body, source);
      const asked = { detectorIds: request.body.detector_ids, source, truth };
      const comparison = await compare(context, callOf(request), asked);
      const answer = comparisonOf(comparison, request.id, truth !== undefined);
      return reply.send({ ...answer, processing_time_ms: elapsedMs(start) });
    },
  );
}

function answerOf({ detector_id, model_version, threshold }: LiveModel, rowCount: number) {
  return { detector_id, model_version, threshold, n_samples: rowCount };
}

function comparisonOf({ rowCount, compared, agreement }: Comparison, requestId: string, hasTruth: boolean) {
  const detectors = [...compared].map(([id, one]) => {
    if (one.kind === "failed") return [id, { error: problemOf(one.error, requestId).problem }] as const;
    const { model, anomalyCount, figures } = one;
    const { model_version, threshold } = model;
    return [id, { model_version, threshold, n_anomalies: anomalyCount, ...(figures === undefined ? {} : { figures }) }] as const;
  });
  return {
    n_samples: rowCount,
    detectors: Object.fromEntries(detectors),
    agreement: agreement.pairs.map(({ first, second, rankCorrelation, topOverlap }) => ({
      first,
      second,
      rank_correlation: rankCorrelation,
      top_overlap: topOverlap,
    })),
    n_top: agreement.topCount,
    note: hasTruth ? labelledNote : unlabelledNote,
  };
}

const unlabelledNote =
  "Without known anomalies this tells how alike the detectors rank the rows, not which of them is right: detectors that agree " +
  "may be wrong together, and one that differs may see what the others miss.";
const labelledNote =
  "The figures hold for these rows. Where the detectors were trained on the same rows, or the labels come from a detector, new " +
  "rows may show others. Agreement tells how alike the detectors rank the rows, not which of them is right.";
