/** Writes replies with scored rows around the JSON text of the rows, which the cache or a worker has made. */

import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { FragmentFile, PredictAnswer, PredictBodyAnswer } from "../../../services/scoring/predict.ts";
import { arrowMediaType } from "../../body/large-body.ts";
import { whenOver } from "../../gate/when-over.ts";
import { elapsedMs } from "./shared.ts";

/** A serializer that sends bytes unchanged; Fastify declares that serializers return text. */
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

/** Streams the file as the client reads. The generator opens and closes it, so that no file stays open when the client has left. */
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

/** Removes the file when the answer has been sent or the client has left. */
function removeWhenOver(reply: FastifyReply, { path }: FragmentFile): void {
  whenOver(reply.raw, () => void rm(path, { force: true }).catch(() => undefined));
}

/** The JSON members before the time and the rows. */
export function headOf({ model, rowCount, anomalyCount, isCached }: Omit<PredictAnswer, "fragment">, resultId?: string): string {
  const kept = resultId === undefined ? "" : `,"result_id":"${resultId}"`;
  return (
    `{"detector_id":"${model.detector_id}","model_version":${model.model_version},"threshold":${model.threshold},` +
    `"n_samples":${rowCount},"n_anomalies":${anomalyCount}${kept},"cached":${isCached}`
  );
}

/** Sends an Arrow stream with the columns anomaly_score, is_anomaly and rank; headers have the other fields. */
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
