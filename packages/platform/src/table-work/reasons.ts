/** Reads a table once more to explain its anomalous rows as texts; memory holds only the texts of anomalies. */

import type { Reason } from "@nomaly/detect";
import type { RowStream } from "../files/read/row-stream.ts";
import type { ScoreStore } from "../files/write/score-store.ts";
import type { Judge } from "./ensemble.ts";
import { type Progress, shareRead } from "./given-table.ts";
import { pickRows } from "./pick-rows.ts";

export async function reasonsOfAnomalies(
  { rows, model, scores }: { readonly rows: RowStream; readonly model: Judge; readonly scores: ScoreStore },
  textOf: (reasons: readonly Reason[]) => string,
  progress: Progress,
): Promise<Map<number, string>> {
  const texts = new Map<number, string>();
  for await (const batch of rows.batches(model.columns.map(({ name }) => name))) {
    progress.report("explaining", shareRead(rows, batch));
    const flagged: number[] = [];
    for (let row = 0; row < batch.rowCount; row++) if (scores.at(batch.firstRow + row) > model.threshold) flagged.push(row);
    if (flagged.length === 0) continue;
    for (const [index, { reasons }] of model.explain(pickRows(batch, flagged)).rows.entries()) {
      texts.set(batch.firstRow + flagged[index], textOf(reasons));
    }
  }
  return texts;
}
