/** The small things that are wanted of a scored table: its rows where they are few, its scores, the reasons of those that score highest. */

import type { Predictions } from "@nomaly/detect";
import { topIndexes } from "../rows/top-rows.ts";
import type { PredictedRows, ScoreFileOutcome, TableWanted, ToldRows } from "../work.ts";

type Wanted = Pick<ScoreFileOutcome, "shown" | "scores" | "top">;

/** @param explain scores, labels, ranks and reasons of the rows at these places. */
export async function tableWanted(
  { shownRowCountMax = 0, scores: wantsScores = false, explainTop }: TableWanted,
  { scores, labels, ranks }: Predictions,
  explain: (indexes: readonly number[]) => Promise<PredictedRows>,
): Promise<Wanted> {
  const shown: ToldRows = { indexes: [], scores, labels, ranks };
  return {
    ...(scores.length <= shownRowCountMax ? { shown } : {}),
    ...(wantsScores ? { scores } : {}),
    ...(explainTop === undefined ? {} : { top: await explained(topIndexes(scores, explainTop), explain) }),
  };
}

async function explained(
  indexes: readonly number[],
  explain: (indexes: readonly number[]) => Promise<PredictedRows>,
): Promise<ToldRows> {
  const { scores, labels, ranks, explained: reasons } = await explain(indexes);
  return { indexes, scores, labels, ranks, ...(reasons === undefined ? {} : { explained: reasons }) };
}
