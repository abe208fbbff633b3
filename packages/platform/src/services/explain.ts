/** Why the most anomalous rows of a table got their scores. */

import { type EncodedReason, encodeReason } from "../compute/encode-predictions.ts";
import { resultsEntry } from "../cache/keys.ts";
import type { RowsGiven } from "../compute/rows-given.ts";
import type { Explained, PredictOutcome } from "../compute/work.ts";
import type { Call, ServiceContext } from "./context.ts";
import { requireJudgeable } from "./judged-size.ts";
import { liveModel, type LiveModel } from "./live-model.ts";
import { readScores, type ScoredFile, type TableSource, withParquet, withScoredFile } from "./scored-file.ts";
import { rowsAt, topIndexes } from "./top-rows.ts";

export interface ExplainedRow {
  /** From 0, in the table as it was given. */
  readonly row: number;
  readonly anomaly_score: number;
  readonly is_anomaly: boolean;
  readonly rank: number;
  /** The largest contribution first. */
  readonly reasons: readonly EncodedReason[];
}

export interface Explanation {
  readonly meaning: Explained["meaning"];
  readonly meaning_text: string;
  /** The highest score first. */
  readonly rows: readonly ExplainedRow[];
}

export interface ExplainAnswer {
  readonly model: LiveModel;
  readonly rowCount: number;
  readonly explanation: Explanation;
}

const meaningTexts: Readonly<Record<Explained["meaning"], string>> = {
  "sums-to-score": "the contributions of a row sum to its score",
  "sums-to-score-less-baseline": "the contributions of a row sum to its score less the score of an empty model",
  "sums-to-one": "the contributions of a row are shares of its score and sum to one",
  substitution:
    "a contribution is how much the score falls when that column alone is set to its usual value; contributions do not sum to the score",
};

/** The `top` rows of highest score. @throws NomalyError as predicting does. */
export async function explainTop(
  context: ServiceContext,
  call: Call,
  { detectorId, source, top }: { readonly detectorId: string; readonly source: RowsGiven | TableSource; readonly top: number },
): Promise<ExplainAnswer> {
  requireJudgeable(context, source);
  const model = await liveModel(context, detectorId);
  if (source.kind !== "rows") return explainDataset(context, call, { model, source, top });
  const work = { model: { versionId: model.version_id }, input: source };
  const { scores } = await context.compute.predict(work, { signal: call.signal });
  const explanation = await explainIndexes(context, call, model, { indexes: topIndexes(scores, top), source });
  return { model, rowCount: source.rowCount, explanation };
}

/** Scores the whole file for a few rows and keeps none of it: the answer is cached under what it depends on. */
async function explainDataset(
  context: ServiceContext,
  call: Call,
  { model, source, top }: { readonly model: LiveModel; readonly source: TableSource; readonly top: number },
): Promise<ExplainAnswer> {
  const { detector_id: detectorId, model_version: modelVersion } = model;
  const { checksum: sha256, fileFormat: format } = source.dataset;
  const entry = resultsEntry({ detectorId, modelVersion, content: { sha256, format }, variant: `explain top ${top}` });
  const { value } = await context.cache.get<ExplainAnswer>(
    entry,
    (signal) => {
      const shared = { ...call, signal };
      return withScoredFile(context, shared, { detectorId, source }, async (scored) => ({
        model: scored.model,
        rowCount: scored.outcome.rowCount,
        explanation: await explainScoredFile(context, shared, scored, top),
      }));
    },
    call.signal,
  );
  if (value === undefined) throw new Error("internal: rows were explained and the reasons are not there");
  return value;
}

async function explainIndexes(
  context: ServiceContext,
  call: Call,
  model: LiveModel,
  { indexes, source }: { readonly indexes: readonly number[]; readonly source: RowsGiven },
): Promise<Explanation> {
  const work = { model: { versionId: model.version_id }, input: chosenRows(source, indexes), explain: true };
  return explanationOf(await context.compute.predict(work, { signal: call.signal }), indexes);
}

/** Of a file that is scored already. */
export async function explainScoredFile(
  context: ServiceContext,
  call: Call,
  scored: ScoredFile,
  top: number,
): Promise<Explanation> {
  const { model, path, given } = scored;
  const indexes = topIndexes(await readScores(scored, call.signal), top);
  if (given !== undefined) return explainIndexes(context, call, model, { indexes, source: given });
  const summary = model.training_summary as { readonly columns: readonly { readonly name: string }[] };
  const names = summary.columns.map(({ name }) => name);
  const input = await withParquet(path, call.signal, (source) => rowsAt(source, names, indexes));
  const work = { model: { versionId: model.version_id }, input, explain: true };
  return explanationOf(await context.compute.predict(work, { signal: call.signal }), indexes);
}

function explanationOf({ scores, labels, ranks, explained }: PredictOutcome, indexes: readonly number[]): Explanation {
  if (explained === undefined) throw new Error("internal: reasons were asked for and are not there");
  const rows = indexes.map((row, place) => ({
    row,
    anomaly_score: scores[place],
    is_anomaly: labels[place] === 1,
    rank: ranks[place],
    reasons: explained.rows[place].map(encodeReason),
  }));
  return { meaning: explained.meaning, meaning_text: meaningTexts[explained.meaning], rows };
}

/** Rows in any of the forms that a request's rows can have. */
function chosenRows({ rows, columnCount, ...given }: RowsGiven, indexes: readonly number[]): RowsGiven {
  const rowCount = indexes.length;
  const chosen = { ...given, columnCount, rowCount };
  if (Array.isArray(rows)) return { ...chosen, rows: indexes.map((row) => rows[row] as never) };
  if ("values" in rows && rows.values instanceof Float64Array) {
    const table = rows as { readonly values: Float64Array; readonly columnCount: number };
    const values = new Float64Array(rowCount * columnCount);
    for (const [place, row] of indexes.entries()) {
      values.set(table.values.subarray(row * columnCount, (row + 1) * columnCount), place * columnCount);
    }
    return { ...chosen, rows: { ...table, values } };
  }
  const columns = Object.entries(rows as Readonly<Record<string, readonly unknown[]>>);
  return {
    ...chosen,
    rows: Object.fromEntries(columns.map(([name, cells]) => [name, indexes.map((row) => cells[row] as never)])),
  };
}
