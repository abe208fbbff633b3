/** Reads the rows of a table to fit on: all of them, or a sample if they exceed the limit. */

import type { LabelReader } from "../files/read/labels.ts";
import { createRowSample, type SampledRows } from "../files/sample/row-sample.ts";
import { noRows, onRows } from "./file-errors.ts";
import { type GivenTable, type Progress, shareRead } from "./given-table.ts";

export interface RowsWanted {
  /** Columns to read: those to fit on, labels, and names of rows. */
  readonly columns: readonly string[];
  /** Columns among them that are only shown. */
  readonly shownColumns: readonly string[];
  readonly fitRowCountMax: number;
  readonly options: { readonly seed: number };
  /** Known labels, which are read with the rows, so that labels that cannot be used are told before the fit. */
  readonly labels?: LabelReader | undefined;
}

/** @throws NomalyError FILE_*, TOO_FEW_ROWS naming the file. */
export async function trainingRows(table: GivenTable, wanted: RowsWanted, progress: Progress): Promise<SampledRows> {
  const { rows } = table;
  const sample = createRowSample(wanted.fitRowCountMax, wanted.options.seed);
  for await (const batch of rows.batches(wanted.columns, wanted.shownColumns)) {
    const rowIndexOf = (row: number) => batch.firstRow + row;
    await onRows(table, rowIndexOf, () => wanted.labels?.add(batch));
    sample.add(batch);
    progress.report("reading", shareRead(rows, batch));
  }
  const sampled = sample.finish();
  if (sampled.totalRowCount === 0) throw noRows(table);
  const sameIndex = (row: number) => row;
  await onRows(table, sameIndex, () => wanted.labels?.labels());
  return sampled;
}
