/** Replies with scored rows, put together by hand: the rows are in JSON already, perhaps from the cache. */

import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { FragmentFile, PredictAnswer, PredictBodyAnswer } from "../../services/scoring/predict.ts";
import { arrowMediaType } from "../body/large-body.ts";
import { whenOver } from "../gate/when-over.ts";
import { elapsedMs } from "./shared.ts";

/** Bytes go out as they are; the framework means texts only. */
export const plain = (payload: unknown): string => payload as string;

export const jsonType = "application/json; charset=utf-8";

export function sendPredicted(
  reply: FastifyReply,
  predicted: PredictAnswer | PredictBodyAnswer,
  start: number,
  resultId?: string,
): FastifyReply {
  const { fragment } = predicted;
  const head = `${headOf(predicted, resultId)},"processing_time_ms":${elapsedMs(start)},"predictions":`;
  const typed = reply.type(jsonType).serializer(plain);
  if (typeof fragment === "string") return typed.send(`${head}${fragment}}`);
  if (fragment instanceof Uint8Array) return typed.send(Buffer.concat([Buffer.from(head), fragment, closing]));
  removeWhenOver(reply, fragment);
  return typed.send(Readable.from(around(head, fragment)));
}

const closing = Buffer.from("}");

/** Read as its client reads, which may be slowly. Opened here: of a client that has left nothing is asked for, and nothing stays open. */
async function* around(head: string, { path }: FragmentFile): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    yield Buffer.from(head);
    for await (const chunk of file.createReadStream({ autoClose: false })) yield chunk as Buffer;
    yield closing;
  } finally {
    await file.close();
  }
}

/** Also when the client has left. */
function removeWhenOver(reply: FastifyReply, { path }: FragmentFile): void {
  whenOver(reply.raw, () => void rm(path, { force: true }).catch(() => undefined));
}

/** All but the rows and the time, without the last brace. */
export function headOf({ model, rowCount, anomalyCount, isCached }: Omit<PredictAnswer, "fragment">, resultId?: string): string {
  const kept = resultId === undefined ? "" : `,"result_id":"${resultId}"`;
  return (
    `{"detector_id":"${model.detector_id}","model_version":${model.model_version},"threshold":${model.threshold},` +
    `"n_samples":${rowCount},"n_anomalies":${anomalyCount}${kept},"cached":${isCached}`
  );
}

/** Columns anomaly_score, is_anomaly and rank; what else there is to say stands in headers. */
export function sendArrow(
  reply: FastifyReply,
  { model, anomalyCount, fragment }: PredictBodyAnswer,
  start: number,
): FastifyReply {
  if (!(fragment instanceof Uint8Array)) removeWhenOver(reply, fragment);
  return reply
    .type(arrowMediaType)
    .header("nomaly-model-version", String(model.model_version))
    .header("nomaly-threshold", String(model.threshold))
    .header("nomaly-anomalies", String(anomalyCount))
    .header("nomaly-processing-time-ms", String(elapsedMs(start)))
    .serializer(plain)
    .send(fragment instanceof Uint8Array ? Buffer.from(fragment) : createReadStream(fragment.path));
}
