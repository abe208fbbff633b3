/** Fits on a table, or on a sample if it has too many rows, and scores its rows. */

import { type AnomalyModel, detect, fit, type FitOptions, type Table } from "@nomaly/detect";
import type { SampledRows } from "../files/sample/row-sample.ts";
import { onRows } from "./file-errors.ts";
import { estimateFit, type FitEstimate } from "./fit-estimate.ts";
import type { GivenTable, Progress } from "./given-table.ts";
import { agreementOn } from "./agreement.ts";
import { type RowTaker, scoreTable } from "./score-table.ts";
import { type RowsWanted, trainingRows } from "./training-rows.ts";

export interface FitRequest extends RowsWanted {
  readonly options: FitOptions & { readonly seed: number };
  /** Column of known labels, which is read but not used to fit. */
  readonly label: string | undefined;
  /** Told before a fit that will take long; undefined estimates nothing. */
  readonly announce?: LongFitAnnouncement;
}

export interface LongFitAnnouncement {
  /** Shorter work is not announced. */
  readonly secondsMin: number;
  readonly now: () => number;
  tell(estimate: FitEstimate): void;
}

export interface FittedTable {
  readonly model: AnomalyModel;
  readonly rowCount: number;
  /** Fewer than `rowCount` when a sample was drawn. */
  readonly fittedRowCount: number;
  /** `agreement[k]`: anomalies that k members find. Of a model that asks several others, where all rows were in memory and some are anomalies. */
  readonly agreement?: readonly number[] | undefined;
}

export async function fitTable(table: GivenTable, request: FitRequest, progress: Progress): Promise<FittedTable> {
  const { learned: model, totalRowCount, rowIndexes } = await learn(table, request, progress, { how: fit, scores: false });
  return { model, rowCount: totalRowCount, fittedRowCount: rowIndexes.length };
}

/**
 * Fits and scores the same table. Fitted rows keep their training scores (for neighbour methods a row is not its own neighbour); the model
 * scores the rows outside a sample.
 */
export async function detectTable(
  table: GivenTable,
  request: FitRequest,
  progress: Progress,
  taker: RowTaker,
): Promise<FittedTable> {
  const { learned, rowIndexes, totalRowCount, whole } = await learn(table, request, progress, { how: detect, scores: true });
  const { model, scores } = learned;
  let agreement: readonly number[] | undefined;
  if (whole !== undefined) {
    const rowIndexOf = (row: number) => rowIndexes[row];
    await onRows(table, rowIndexOf, () => taker.add({ ...whole, firstRow: 0 }, scores));
    agreement = agreementOn(model, whole, scores);
  } else {
    const { threads, signal } = request.options;
    const { columns, label } = request;
    const used = new Set([label, ...model.columns.map(({ name }) => name)]);
    // Texts that the model does not use are cut in the second pass.
    const shownColumns = columns.filter((name) => !used.has(name));
    await scoreTable(table, { model, threads, signal, columns, shownColumns, fitted: { rowIndexes, scores } }, progress, taker);
  }
  return { model, rowCount: totalRowCount, fittedRowCount: scores.length, agreement };
}

interface Learned<T> extends Pick<SampledRows, "rowIndexes" | "totalRowCount"> {
  readonly learned: T;
  /** The table if it has every row of the file; undefined for a sample, which need not stay in memory. */
  readonly whole: Table | undefined;
}

async function learn<T>(
  table: GivenTable,
  request: FitRequest,
  progress: Progress,
  { how, scores }: { readonly how: (rows: Table, options: FitOptions) => Promise<T>; readonly scores: boolean },
): Promise<Learned<T>> {
  const { table: sampled, rowIndexes, totalRowCount } = await trainingRows(table, request, progress);
  await announceFit(sampled, request, progress, scores ? totalRowCount : 0);
  progress.report("fitting", 0);
  const options = { ...request.options, progress: (share: number) => progress.report("fitting", share) };
  const rowIndexOf = (row: number) => rowIndexes[row];
  const learned = await onRows(table, rowIndexOf, () => how(sampled, options));
  return { learned, rowIndexes, totalRowCount, whole: totalRowCount > sampled.rowCount ? undefined : sampled };
}

async function announceFit(rows: Table, request: FitRequest, progress: Progress, scoredRowCount: number): Promise<void> {
  const { announce, options } = request;
  if (announce === undefined) return;
  progress.report("estimating", undefined);
  const work = { rows, options, scoredRowCount, secondsMin: announce.secondsMin };
  const estimate = await estimateFit(work, announce.now);
  if (estimate !== undefined) announce.tell(estimate);
}
