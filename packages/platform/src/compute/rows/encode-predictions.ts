/** Encodes predictions as JSON, for every reply with scored rows. */

import type { Predictions } from "@nomaly/detect";
import { encodeReason } from "../../report/encode-reason.ts";
import type { PredictedRows } from "../work.ts";

type Encodable = Predictions & Pick<PredictedRows, "explained">;

/** `[{"anomaly_score":0.61,"is_anomaly":true,"rank":0.98}, ...]`, with `reasons`, and `votes` of an ensemble, if the rows are explained. */
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
    if (explained?.votes !== undefined) text += `,"votes":${JSON.stringify(explained.votes[row])}`;
    text += "}";
  }
  return text;
}

/** The shortest text that parses to the same bits; null for infinity, which JSON has not. */
function jsonNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : "null";
}
