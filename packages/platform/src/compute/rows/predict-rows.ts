/** Computes scores, labels, ranks and reasons of rows, on the caller's thread or in a worker. */

import { type AnomalyModel, type Explanation, NomalyError } from "@nomaly/detect";
import { encodeVotes } from "../../report/encode-vote.ts";
import { asRowsInput, inRequestTerms, type RowsGiven } from "./rows-given.ts";
import type { Explain, Explained, PredictedRows } from "../work.ts";

/** Reasons take many times the memory of a score, so clients explain more rows in pieces. */
export const explainedRowCountMax = 10_000;

/** Limit of rows times columns times detectors: each becomes a reason of some hundred bytes. */
export const explainedValueCountMax = 200_000;

/** @throws NomalyError TOO_LARGE if the reasons would make the answer too long. */
export function requireExplainable({ rowCount, columnCount }: RowsGiven, detectorCount = 1): void {
  const valueCount = rowCount * columnCount * detectorCount;
  if (valueCount <= explainedValueCountMax) return;
  const expected = `at most ${explainedValueCountMax} values`;
  const each = detectorCount === 1 ? "" : ` for each of ${detectorCount} detectors`;
  const message = `reasons are given for ${expected} at once, got ${rowCount} rows of ${columnCount} columns${each}`;
  throw new NomalyError("TOO_LARGE", message, { field: "explain", expected, received: String(valueCount) });
}

/** Scores in one call, which blocks this thread. */
export function predictRows(model: AnomalyModel, { rows, rowCount }: RowsGiven, explain: Explain | undefined): PredictedRows {
  const startedAt = performance.now();
  try {
    if (wantsReasons(explain)) return explainRows(model, { rows, rowCount }, explain, startedAt);
    const { scores, labels, ranks } = model.predict(asRowsInput(rows));
    return { scores, labels, ranks, threshold: model.threshold, scoreMs: performance.now() - startedAt };
  } catch (error) {
    throw inRequestTerms(error);
  }
}

/** Scores in pieces, so that this thread receives messages such as an abort in between. */
export async function predictManyRows(
  model: AnomalyModel,
  given: RowsGiven,
  { explain, signal }: { readonly explain?: Explain | undefined; readonly signal: AbortSignal },
): Promise<PredictedRows> {
  if (wantsReasons(explain)) return predictRows(model, given, explain);
  const startedAt = performance.now();
  try {
    const { scores, labels, ranks } = await model.predictAsync(asRowsInput(given.rows), { threads: 1, signal });
    return { scores, labels, ranks, threshold: model.threshold, scoreMs: performance.now() - startedAt };
  } catch (error) {
    throw inRequestTerms(error);
  }
}

export function wantsReasons(explain: Explain | undefined): explain is true | { readonly top: number } {
  return explain !== undefined && explain !== false;
}

function votesOf({ ensemble }: AnomalyModel, { rows }: Explanation): Pick<Explained, "votes"> {
  if (ensemble === undefined) return {};
  return { votes: rows.map(({ votes = [] }) => encodeVotes(ensemble.members, votes)) };
}

function explainRows(
  model: AnomalyModel,
  { rows, rowCount }: Pick<RowsGiven, "rows" | "rowCount">,
  explain: true | { readonly top: number },
  startedAt: number,
): PredictedRows {
  if (rowCount > explainedRowCountMax) {
    const expected = `at most ${explainedRowCountMax} rows`;
    const message = `reasons are given for ${expected} at once, got ${rowCount}`;
    throw new NomalyError("TOO_LARGE", message, { field: "explain", expected, received: String(rowCount) });
  }
  const explanation = model.explain(asRowsInput(rows));
  const top = explain === true ? Number.POSITIVE_INFINITY : explain.top;
  const explained: Explained = {
    meaning: explanation.meaning,
    rows: explanation.rows.map(({ reasons }) => (reasons.length <= top ? reasons : reasons.slice(0, top))),
    ...votesOf(model, explanation),
  };
  return {
    scores: Float64Array.from(explanation.rows, (row) => row.score),
    labels: Uint8Array.from(explanation.rows, (row) => row.label),
    ranks: Float64Array.from(explanation.rows, (row) => row.rank),
    threshold: model.threshold,
    explained,
    scoreMs: performance.now() - startedAt,
  };
}
