/** Collects what a caller wants of a scored table: its rows if they are few, its scores, the reasons of the highest scores. */

import { type Predictions, topIndexes } from "@nomaly/detect";
import type { PredictedRows, ScoreFileOutcome, TableWanted } from "../work.ts";

type Wanted = Pick<ScoreFileOutcome, "shown" | "scores" | "top">;

/** @param explain gives scores, labels, ranks and reasons of the rows at these indexes. */
export async function tableWanted(
  { shownRowCountMax = 0, scores: wantsScores = false, explainTop }: TableWanted,
  { scores, labels, ranks }: Predictions,
  explain: (indexes: readonly number[]) => Promise<PredictedRows>,
): Promise<Wanted> {
  const indexes = explainTop === undefined ? undefined : topIndexes(scores, explainTop);
  return {
    ...(scores.length <= shownRowCountMax ? { shown: { indexes: [], scores, labels, ranks } } : {}),
    ...(wantsScores ? { scores } : {}),
    ...(indexes === undefined ? {} : { top: { indexes, ...(await explain(indexes)) } }),
  };
}
