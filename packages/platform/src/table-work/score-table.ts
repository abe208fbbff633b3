/** Scores every row of a table with a model, batch by batch; memory holds a few batches, and what the taker keeps. */

import type { AnomalyModel } from "@nomaly/detect";
import { readAhead } from "../files/read/read-ahead.ts";
import type { Batch } from "../files/read/row-stream.ts";
import { noRows, onRows } from "./file-errors.ts";
import { type GivenTable, type Progress, shareRead } from "./given-table.ts";
import { pickRows } from "./pick-rows.ts";

/** Receives each row of the table once, in the order of the file. */
export interface RowTaker {
  /** @param memberScores of each detector, where several score together. */
  add(batch: Batch, scores: Float64Array, memberScores?: readonly Float64Array[]): void;
}

interface Reading {
  readonly threads: number | "auto" | undefined;
  readonly signal: AbortSignal | undefined;
  /** Columns to read: those of the model, and those that the taker needs. */
  readonly columns: readonly string[];
  /** Columns among them that are only shown. */
  readonly shownColumns: readonly string[];
}

export interface Scoring extends Reading {
  readonly model: AnomalyModel;
  /** Rows that have scores already, in the order of the file. */
  readonly fitted?: FittedRows<Float64Array>;
}

interface FittedRows<Scores> {
  readonly rowIndexes: Float64Array;
  readonly scores: Scores;
}

interface ScoringByAll extends Reading {
  readonly models: readonly AnomalyModel[];
  readonly fitted?: FittedRows<readonly Float64Array[]> | undefined;
}

/** Reads the next batch while one is scored. @throws NomalyError FILE_*, NOT_FINITE, TOO_FEW_ROWS and others naming the file. */
export async function scoreTable(table: GivenTable, scoring: Scoring, progress: Progress, taker: RowTaker): Promise<void> {
  const { model, fitted } = scoring;
  const own = fitted === undefined ? undefined : { ...fitted, scores: [fitted.scores] };
  await scoreTableByAll(table, { ...scoring, models: [model], fitted: own }, progress, (batch, [scores]) =>
    taker.add(batch, scores),
  );
}

/** Like {@link scoreTable}, with several models; reads the rows once. @param take receives the scores of each model. */
export async function scoreTableByAll(
  table: GivenTable,
  scoring: ScoringByAll,
  progress: Progress,
  take: (batch: Batch, scores: readonly Float64Array[]) => void,
): Promise<void> {
  const { rows } = table;
  const { models, threads, signal, fitted } = scoring;
  const options = { ...(threads === undefined ? {} : { threads }), ...(signal === undefined ? {} : { signal }) };
  let rowCount = 0;
  let fittedCount = 0;
  for await (const batch of readAhead(rows.batches(scoring.columns, scoring.shownColumns))) {
    const within = fittedWithin(batch, fitted?.rowIndexes, fittedCount);
    const others = within.length === 0 ? undefined : rowsWithout(batch, within);
    const rowIndexOf = (row: number) => batch.firstRow + (others?.[row] ?? row);
    const scorable = others === undefined ? batch : pickRows(batch, others);
    const all: Float64Array[] = [];
    for (const [at, model] of models.entries()) {
      const scored =
        scorable.rowCount === 0
          ? new Float64Array(0)
          : await onRows(table, rowIndexOf, () => model.scoreAsync(scorable, options));
      const scores = others === undefined ? scored : new Float64Array(batch.rowCount);
      for (const [index, row] of others?.entries() ?? []) scores[row] = scored[index];
      for (const [index, row] of within.entries()) scores[row] = fitted?.scores[at][fittedCount + index] ?? Number.NaN;
      all.push(scores);
    }
    fittedCount += within.length;
    const placeOf = (row: number) => batch.firstRow + row;
    await onRows(table, placeOf, () => take(batch, all));
    rowCount += batch.rowCount;
    progress.report("scoring", shareRead(rows, batch));
  }
  if (rowCount === 0) throw noRows(table);
}

/** Indexes within the batch of its fitted rows. @param start the first fitted row that no earlier batch had. */
function fittedWithin({ firstRow, rowCount }: Batch, indexes: Float64Array | undefined, start: number): number[] {
  const rows: number[] = [];
  if (indexes === undefined) return rows;
  for (let at = start; at < indexes.length && indexes[at] < firstRow + rowCount; at++) rows.push(indexes[at] - firstRow);
  return rows;
}

function rowsWithout({ rowCount }: Batch, left: readonly number[]): number[] {
  const rows: number[] = [];
  for (let row = 0, next = 0; row < rowCount; row++) {
    if (left[next] === row) next++;
    else rows.push(row);
  }
  return rows;
}
