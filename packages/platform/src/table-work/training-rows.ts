/** Reads the rows of a table to fit on: all of them, or a sample if they exceed the limit. */

import { createRowSample, type SampledRows } from "../files/sample/row-sample.ts";
import { noRows } from "./file-errors.ts";
import { type GivenTable, type Progress, shareRead } from "./given-table.ts";

export interface RowsWanted {
  /** Columns to read: those to fit on, labels, and names of rows. */
  readonly columns: readonly string[];
  /** Columns among them that are only shown. */
  readonly shownColumns: readonly string[];
  readonly fitRowCountMax: number;
  readonly options: { readonly seed: number };
}

/** @throws NomalyError FILE_*, TOO_FEW_ROWS naming the file. */
export async function trainingRows(table: GivenTable, wanted: RowsWanted, progress: Progress): Promise<SampledRows> {
  const { rows } = table;
  const sample = createRowSample(wanted.fitRowCountMax, wanted.options.seed);
  for await (const batch of rows.batches(wanted.columns, wanted.shownColumns)) {
    sample.add(batch);
    progress.report("reading", shareRead(rows, batch));
  }
  const sampled = sample.finish();
  if (sampled.totalRowCount === 0) throw noRows(table);
  return sampled;
}
