/** Scores every row of a table with a model, batch by batch; memory holds a few batches, and what the taker keeps. */

import type { AnomalyModel } from "@nomaly/detect";
import { readAhead } from "../files/read/read-ahead.ts";
import type { Batch } from "../files/read/row-stream.ts";
import { noRows, onRows } from "./file-errors.ts";
import { type GivenTable, type Progress, shareRead } from "./given-table.ts";
import { pickRows } from "./pick-rows.ts";

/** Receives each row of the table once, in the order of the file. */
export interface RowTaker {
  add(batch: Batch, scores: Float64Array): void;
}

export interface Scoring {
  readonly model: AnomalyModel;
  readonly threads: number | "auto" | undefined;
  readonly signal: AbortSignal | undefined;
  /** Columns to read: those of the model, and those that the taker needs. */
  readonly columns: readonly string[];
  /** Columns among them that are only shown. */
  readonly shownColumns: readonly string[];
  /** Rows that have scores already, in the order of the file. */
  readonly fitted?: FittedRows;
}

interface FittedRows {
  readonly rowIndexes: Float64Array;
  readonly scores: Float64Array;
}

/** Reads the next batch while one is scored. @throws NomalyError FILE_*, NOT_FINITE, TOO_FEW_ROWS and others naming the file. */
export async function scoreTable(table: GivenTable, scoring: Scoring, progress: Progress, taker: RowTaker): Promise<void> {
  const { rows } = table;
  const { model, threads, signal, fitted } = scoring;
  const options = { ...(threads === undefined ? {} : { threads }), ...(signal === undefined ? {} : { signal }) };
  let rowCount = 0;
  let fittedCount = 0;
  for await (const batch of readAhead(rows.batches(scoring.columns, scoring.shownColumns))) {
    const within = fittedWithin(batch, fitted, fittedCount);
    const others = within.length === 0 ? undefined : rowsWithout(batch, within);
    const rowIndexOf = (row: number) => batch.firstRow + (others?.[row] ?? row);
    const scorable = others === undefined ? batch : pickRows(batch, others);
    const scored =
      scorable.rowCount === 0 ? new Float64Array(0) : await onRows(table, rowIndexOf, () => model.scoreAsync(scorable, options));
    const scores = others === undefined ? scored : new Float64Array(batch.rowCount);
    for (const [index, row] of others?.entries() ?? []) scores[row] = scored[index];
    for (const row of within) scores[row] = fitted?.scores[fittedCount++] ?? Number.NaN;
    const placeOf = (row: number) => batch.firstRow + row;
    await onRows(table, placeOf, () => taker.add(batch, scores));
    rowCount += batch.rowCount;
    progress.report("scoring", shareRead(rows, batch));
  }
  if (rowCount === 0) throw noRows(table);
}

/** Indexes within the batch of its fitted rows. @param start the first fitted row that no earlier batch had. */
function fittedWithin({ firstRow, rowCount }: Batch, fitted: FittedRows | undefined, start: number): number[] {
  const rows: number[] = [];
  const indexes = fitted?.rowIndexes ?? new Float64Array(0);
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
