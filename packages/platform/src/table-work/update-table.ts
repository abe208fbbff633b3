/** Lets a model learn further from every row of a table, batch by batch, in the order of the file. */

import { type AnomalyModel, throwIfAborted } from "@nomaly/detect";
import { readAhead } from "../files/read/read-ahead.ts";
import { noRows, onRows } from "./file-errors.ts";
import { type GivenTable, type Progress, shareRead } from "./given-table.ts";
import { requireLearner } from "./learners.ts";
import { requireModelColumns } from "./model-columns.ts";

/** @returns how many rows it learned from. @throws NomalyError UNSUPPORTED, COLUMN, FILE_*, NOT_FINITE, TOO_FEW_ROWS naming the file. */
export async function updateOnTable(
  table: GivenTable,
  { model, signal }: { readonly model: AnomalyModel; readonly signal: AbortSignal },
  progress: Progress,
): Promise<number> {
  requireLearner(model.detectorId, table.caller === "command" ? "model" : "detector_id");
  requireModelColumns(table, model);
  let rowCount = 0;
  const columns = model.columns.map(({ name }) => name);
  for await (const batch of readAhead(table.rows.batches(columns, []))) {
    throwIfAborted(signal);
    await onRows(
      table,
      (row) => batch.firstRow + row,
      () => model.update(batch),
    );
    rowCount += batch.rowCount;
    progress.report("fitting", shareRead(table.rows, batch));
  }
  if (rowCount === 0) throw noRows(table);
  return rowCount;
}
