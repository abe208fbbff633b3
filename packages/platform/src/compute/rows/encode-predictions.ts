/** Predictions as JSON: the one place that says how a scored row looks in a reply. */

import type { Reason } from "@nomaly/detect";
import { dateText, usualBounds, usualText } from "../../report/wording.ts";
import type { Predicted } from "../work.ts";

type Encodable = Pick<Predicted, "scores" | "labels" | "ranks" | "explained">;

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

/** What one column added to a score: its value, and what is usual there in words and, for numbers, as bounds. */
export interface EncodedReason {
  readonly column: string;
  readonly value: number | string | boolean | null;
  readonly contribution: number;
  readonly usual: string;
  readonly usual_low?: number | string;
  readonly usual_high?: number | string;
}

export function encodeReason({ column, kind, value, contribution, profile }: Reason): EncodedReason {
  const shown = (number: number) => (kind === "date" ? dateText(number) : number);
  const told = typeof value !== "number" ? value : kind === "boolean" ? value === 1 : shown(value);
  const reason = { column, value: told, contribution, usual: usualText(profile, kind) };
  if (profile.kind === "category" || kind === "boolean") return reason;
  const { low, high } = usualBounds(profile, kind);
  return { ...reason, usual_low: shown(low), usual_high: shown(high) };
}

/** The shortest text that reads back to the same bits; JSON knows no infinity. */
function jsonNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : "null";
}
