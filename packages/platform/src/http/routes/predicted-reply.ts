/** Replies with scored rows, put together by hand: the rows are in JSON already, perhaps from the cache. */

import type { FastifyReply } from "fastify";
import type { Predicted } from "../../services/predict.ts";
import { arrowMediaType } from "../large-body.ts";
import { elapsedMs } from "./shared.ts";

/** Bytes go out as they are; the framework means texts only. */
export const plain = (payload: unknown): string => payload as string;

const jsonType = "application/json; charset=utf-8";

export function sendPredicted(reply: FastifyReply, predicted: Predicted, start: number, resultId?: string): FastifyReply {
  const { fragment } = predicted;
  const head = `${headOf(predicted, resultId)},"processing_time_ms":${elapsedMs(start)},"predictions":`;
  const payload = typeof fragment === "string" ? `${head}${fragment}}` : Buffer.concat([Buffer.from(head), fragment, closing]);
  return reply.type(jsonType).serializer(plain).send(payload);
}

const closing = Buffer.from("}");

/** All but the rows and the time, without the last brace. */
export function headOf({ model, rowCount, anomalyCount, isCached }: Predicted, resultId?: string): string {
  const kept = resultId === undefined ? "" : `,"result_id":"${resultId}"`;
  return (
    `{"detector_id":"${model.detector_id}","model_version":${model.model_version},"threshold":${model.threshold},` +
    `"n_samples":${rowCount},"n_anomalies":${anomalyCount}${kept},"cached":${isCached}`
  );
}

/** Columns anomaly_score, is_anomaly and rank; what else there is to say stands in headers. */
export function sendArrow(reply: FastifyReply, { model, anomalyCount, fragment }: Predicted, start: number): FastifyReply {
  return reply
    .type(arrowMediaType)
    .header("nomaly-model-version", String(model.model_version))
    .header("nomaly-threshold", String(model.threshold))
    .header("nomaly-anomalies", String(anomalyCount))
    .header("nomaly-processing-time-ms", String(elapsedMs(start)))
    .serializer(plain)
    .send(Buffer.from(fragment as Uint8Array));
}
