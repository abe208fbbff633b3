/** Explains the scores of the most anomalous rows of a table. */

import { topIndexes } from "@nomaly/detect";
import { type EncodedColumn, encodeColumn } from "../../report/encode-column.ts";
import { type EncodedReason, encodeReason } from "../../report/encode-reason.ts";
import type { EncodedVote } from "../../report/encode-vote.ts";
import { resultsEntry } from "../../cache/keys.ts";
import { chosenRows, type RowsGiven } from "../../compute/rows/rows-given.ts";
import type { Explained, ToldRows } from "../../compute/work.ts";
import { type Call, controlOf, type ServiceContext } from "../core/context.ts";
import { requireJudgeable } from "../rows/judged-size.ts";
import { liveModel, type LiveModel } from "../detectors/live-model.ts";
import type { TableSource } from "../rows/rows-source.ts";
import { withScoredFile } from "./scored-file.ts";

export interface ExplainedRow {
  /** The row's index in the table, from 0. */
  readonly row: number;
  readonly anomaly_score: number;
  readonly is_anomaly: boolean;
  readonly rank: number;
  /** Sorted by contribution, largest first. */
  readonly reasons: readonly EncodedReason[];
  /** What each member of an ensemble says; absent for models that ask no others. */
  readonly votes?: readonly EncodedVote[];
}

export interface Explanation {
  readonly meaning: Explained["meaning"];
  readonly meaning_text: string;
  /** What is usual in each column that the model uses. */
  readonly columns: readonly EncodedColumn[];
  /** Sorted by score, highest first. */
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

/** Explains the `top` rows of highest score. @throws NomalyError as predicting does. */
export async function explainTop(
  context: ServiceContext,
  call: Call,
  { detectorId, source, top }: { readonly detectorId: string; readonly source: RowsGiven | TableSource; readonly top: number },
): Promise<ExplainAnswer> {
  requireJudgeable(context, source);
  const model = await liveModel(context, detectorId);
  if (source.kind !== "rows") return explainDataset(context, call, { model, source, top });
  const work = { model: { versionId: model.version_id }, input: source };
  const { scores } = await context.compute.predict(work, controlOf(call));
  const indexes = topIndexes(scores, top);
  const chosen = { ...work, input: chosenRows(source, indexes), explain: true };
  const explained = await context.compute.predict(chosen, controlOf(call));
  return { model, rowCount: source.rowCount, explanation: explanationOf({ indexes, ...explained }) };
}

/** Scores the whole data set to explain a few rows, without storing a result. The answer is cached. */
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
    (signal) =>
      withScoredFile(context, { ...call, signal }, { detectorId, source, wanted: { explainTop: top } }, async (scored) => ({
        model: scored.model,
        rowCount: scored.outcome.rowCount,
        explanation: explanationOf(scored.outcome.top),
      })),
    call.signal,
  );
  if (value === undefined) throw new Error("internal: explaining rows gave no answer");
  return value;
}

export function explanationOf(told: ToldRows | undefined): Explanation {
  const explained = told?.explained;
  if (told === undefined || explained === undefined) throw new Error("internal: the reasons that were asked for are missing");
  const { indexes, scores, labels, ranks } = told;
  const rows = indexes.map((row, place) => ({
    row,
    anomaly_score: scores[place],
    is_anomaly: labels[place] === 1,
    rank: ranks[place],
    reasons: explained.rows[place].map(encodeReason),
    ...(explained.votes === undefined ? {} : { votes: explained.votes[place] }),
  }));
  // Every row has a reason for each column, with what is usual there.
  const columns = (explained.rows[0] ?? []).map(encodeColumn);
  return { meaning: explained.meaning, meaning_text: meaningTexts[explained.meaning], columns, rows };
}
