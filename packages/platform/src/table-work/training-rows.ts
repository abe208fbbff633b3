/** Reads the rows of a table to fit on: all of them, or a sample if they exceed the limit. */

import { defaultDetectorId, detectorById } from "@nomaly/detect";
import type { LabelReader } from "../files/read/labels.ts";
import { createRowSample, type SampledRows } from "../files/sample/row-sample.ts";
import { noRows, onRows, tooLongSeries } from "./file-errors.ts";
import { type GivenTable, type Progress, shareRead } from "./given-table.ts";

export interface RowsWanted {
  /** Columns to read: those to fit on, labels, and names of rows. */
  readonly columns: readonly string[];
  /** Columns among them that are only shown. */
  readonly shownColumns: readonly string[];
  readonly fitRowCountMax: number;
  readonly options: { readonly seed: number; readonly detector?: string | undefined };
  /** Known labels, which are read with the rows, so that labels that cannot be used are told before the fit. */
  readonly labels?: LabelReader | undefined;
}

/**
 * @param detectorIds all that will learn from the rows, where there are several.
 * @throws NomalyError FILE_*, TOO_FEW_ROWS naming the file; TOO_LARGE where one scores series, of which no sample can be drawn.
 */
export async function trainingRows(
  table: GivenTable,
  wanted: RowsWanted,
  progress: Progress,
  detectorIds: readonly (string | undefined)[] = [wanted.options.detector],
): Promise<SampledRows> {
  const { rows } = table;
  const ordered = detectorIds.find((id) => detectorById(id ?? defaultDetectorId).traits.scoresSeries);
  const sample = createRowSample(wanted.fitRowCountMax, wanted.options.seed);
  for await (const batch of rows.batches(wanted.columns, wanted.shownColumns)) {
    const rowIndexOf = (row: number) => batch.firstRow + row;
    await onRows(table, rowIndexOf, () => wanted.labels?.add(batch));
    if (ordered !== undefined && batch.firstRow + batch.rowCount > wanted.fitRowCountMax) {
      throw tooLongSeries(table, ordered, wanted.fitRowCountMax);
    }
    sample.add(batch);
    progress.report("reading", shareRead(rows, batch));
  }
  const sampled = sample.finish();
  if (sampled.totalRowCount === 0) throw noRows(table);
  const sameIndex = (row: number) => row;
  await onRows(table, sameIndex, () => wanted.labels?.labels());
  return sampled;
}
