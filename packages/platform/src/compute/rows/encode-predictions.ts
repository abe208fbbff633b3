/** Predictions as JSON: the one place that says how a scored row looks in a reply. */

import type { Predictions } from "@nomaly/detect";
import { encodeReason } from "../../report/encode-reason.ts";
import type { PredictedRows } from "../work.ts";

type Encodable = Predictions & Pick<PredictedRows, "explained">;

/** `[{"anomaly_score":0.61,"is_anomaly":true,"rank":0.98}, ...]`, with `reasons` where they were asked for. */
export function encodePredictions(predicted: Encodable): string {
  return `[${encodePredictionRows(predicted, 0, predicted.scores.length)}]`;
}

/** The rows from `start` up to `end`, without the brackets: for replies that are written in pieces. */
export function encodePredictionRows({ scores, labels, ranks, explained }: Encodable, start: number, end: number): string {
  let text = "";
  for (let row = start; row < end; row++) {
    if (row > start) text += ",";
    text += `{"anomaly_score":${jsonNumber(scores[row])},"is_anomaly":${labels[row] === 1},"rank":${jsonNumber(ranks[row])}`;
    if (explained !== undefined) text += `,"reasons":${JSON.stringify(explained.rows[row].map(encodeReason))}`;
    text += "}";
  }
  return text;
}

/** The shortest text that reads back to the same bits; JSON knows no infinity. */
function jsonNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : "null";
}
