/** Scores rows in a worker: rows from a message, or from a body that the worker reads and whose answer it encodes. */

import { writeFileSync } from "node:fs";
import { type AnomalyModel, throwIfAborted } from "@nomaly/detect";
import { encodePredictionRows } from "../../rows/encode-predictions.ts";
import type { PredictBodyOrder, PredictOrder } from "../../messages.ts";
import { predictManyRows, predictRows } from "../../rows/predict-rows.ts";
import type { RowsGiven } from "../../rows/rows-given.ts";
import type { BodyPlan, Explain, PredictedRows, PredictBodyOutcome } from "../../work.ts";
import type { OrderContext } from "../order-context.ts";
import { readBody } from "../read-body.ts";

/** Up to this size rows are scored in one call, without a turn of the event loop to notice an abort. */
const oneGoValueCountMax = 100_000;
/** A longer answer is written to a file and sent from there, as clients may read it slowly. */
const inlineBytesMax = 256 * 1024;
const encodedRowCount = 4096;

export async function runPredict({ model, input, explain }: PredictOrder, context: OrderContext): Promise<PredictedRows> {
  return predict(await context.model(model), input, explain, context);
}

export async function runPredictBody(order: PredictBodyOrder, context: OrderContext): Promise<PredictBodyOutcome> {
  const { input, fields } = await readBody(order.body, context.settings.limits, context.signal);
  const plan = order.plan ?? ((await context.askPlan(fields)) as BodyPlan);
  throwIfAborted(context.signal);
  const predicted = await predict(await context.model(plan.model), input, plan.explain, context);
  const fragment = order.reply === "json" ? jsonOf(predicted) : await arrowOf(predicted);
  const isLong = fragment.length > inlineBytesMax;
  if (isLong) writeFileSync(order.replyPath, fragment, { mode: 0o600 });
  return {
    ...(isLong ? { fragmentPath: order.replyPath } : { fragment }),
    sizeBytes: fragment.length,
    rowCount: input.rowCount,
    anomalyCount: predicted.labels.reduce((sum, label) => sum + label, 0),
    threshold: predicted.threshold,
    ...(predicted.explained === undefined ? {} : { meaning: predicted.explained.meaning }),
    scoreMs: predicted.scoreMs,
  };
}

async function predict(
  model: AnomalyModel,
  input: RowsGiven,
  explain: Explain | undefined,
  { signal }: OrderContext,
): Promise<PredictedRows> {
  if (input.rowCount * input.columnCount <= oneGoValueCountMax) return predictRows(model, input, explain);
  return predictManyRows(model, input, { explain, signal });
}

/** Encodes in pieces, because one string of all rows could exceed the engine's limit. */
function jsonOf(predicted: PredictedRows): Uint8Array {
  const rowCount = predicted.scores.length;
  const pieces: Buffer[] = [];
  for (let start = 0; start < rowCount; start += encodedRowCount) {
    const text = encodePredictionRows(predicted, start, Math.min(rowCount, start + encodedRowCount));
    pieces.push(Buffer.from(start === 0 ? `[${text}` : `,${text}`));
  }
  pieces.push(Buffer.from(rowCount === 0 ? "[]" : "]"));
  return Buffer.concat(pieces);
}

async function arrowOf(predicted: PredictedRows): Promise<Uint8Array> {
  const { arrowPredictions } = await import("../arrow-rows.ts");
  return arrowPredictions(predicted);
}
