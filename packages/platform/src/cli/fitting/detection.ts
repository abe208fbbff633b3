/** Learns from a file and scores its rows, or scores them with a model that is there: every row once, in bounded memory. */

import type { AnomalyModel } from "@nomaly/detect";
import { detect, fit, NomalyError } from "@nomaly/detect";
import type { Batch } from "../../files/read/batches.ts";
import { pickRows } from "../../files/read/batches.ts";
import { readAhead } from "../../files/read/read-ahead.ts";
import type { SampledRows } from "../../files/sample/row-sample.ts";
import { createRowSample } from "../../files/sample/row-sample.ts";
import type { Source } from "../../files/read/source.ts";
import type { Findings } from "../presenting/findings.ts";
import type { FitRequest } from "./fit-options.ts";
import { onRows } from "./open-input.ts";
import type { Progress } from "../frame/progress-bar.ts";

export interface FittedFile {
  readonly model: AnomalyModel;
  readonly rowCount: number;
  /** Fewer than `rowCount` when a sample was drawn. */
  readonly fittedRowCount: number;
}

interface Work {
  readonly source: Source;
  readonly request: FitRequest;
  readonly progress: Progress;
}

/** Fits on the file's rows, or on a sample of them where they are too many. */
export async function fitFile(work: Work): Promise<FittedFile> {
  const { source, request, progress } = work;
  const sample = await readSample(work);
  const { table, rowIndexes, totalRowCount } = sample;
  const options = { ...request.options, progress: (share: number) => progress.report("fitting", share) };
  const model = await onRows(
    source,
    (row) => rowIndexes[row],
    () => fit(table, options),
  );
  return { model, rowCount: totalRowCount, fittedRowCount: table.rowCount };
}

/**
 * Fits and scores the same file. Rows that were fitted keep their training scores (for neighbour methods a row is not its
 * own neighbour); where they are a sample, the others are scored by the model.
 */
export async function detectFile(work: Work, findings: Findings): Promise<FittedFile> {
  const { source, request, progress } = work;
  const { model, scores, rowIndexes, totalRowCount, whole } = await detectSample(work);
  if (whole !== undefined) {
    await onRows(
      source,
      (row) => rowIndexes[row],
      () => findings.add({ ...whole, firstRow: 0 }, scores),
    );
  } else {
    const { threads, signal } = request.options;
    const { columns, label } = request;
    const learned = new Set([label, ...model.columns.map(({ name }) => name)]);
    // Texts that the model has no use for need not be read whole a second time.
    const shownColumns = columns.filter((name) => !learned.has(name));
    const scoring = { source, model, progress, threads, columns, shownColumns, fitted: { rowIndexes, scores } };
    await scoreFile({ ...scoring, ...(signal === undefined ? {} : { signal }) }, findings);
  }
  return { model, rowCount: totalRowCount, fittedRowCount: scores.length };
}

interface DetectedSample extends Pick<SampledRows, "rowIndexes" | "totalRowCount"> {
  readonly model: AnomalyModel;
  readonly scores: Float64Array;
  /** The table where it holds every row; a mere sample is not held while the file is read once more. */
  readonly whole: SampledRows["table"] | undefined;
}

async function detectSample(work: Work): Promise<DetectedSample> {
  const { source, request, progress } = work;
  const { table, rowIndexes, totalRowCount } = await readSample(work);
  const options = { ...request.options, progress: (share: number) => progress.report("fitting", share) };
  const { model, scores } = await onRows(
    source,
    (row) => rowIndexes[row],
    () => detect(table, options),
  );
  return { model, scores, rowIndexes, totalRowCount, whole: totalRowCount > table.rowCount ? undefined : table };
}

async function readSample({ source, request, progress }: Work): Promise<SampledRows> {
  const sample = createRowSample(request.fitRowCountMax, request.options.seed);
  for await (const batch of source.batches(request.columns, request.shownColumns)) {
    sample.add(batch);
    progress.report("reading", shareRead(source, batch));
  }
  const rows = sample.finish();
  if (rows.totalRowCount === 0) throw noRows(source);
  return rows;
}

interface Scoring {
  readonly source: Source;
  readonly model: AnomalyModel;
  readonly progress: Progress;
  readonly threads: number | "auto" | undefined;
  readonly columns: readonly string[];
  /** Those of them that are only shown. */
  readonly shownColumns: readonly string[];
  /** Rows that have their scores already, in the order of the file. */
  readonly fitted?: FittedRows;
  readonly signal?: AbortSignal;
}

interface FittedRows {
  readonly rowIndexes: Float64Array;
  readonly scores: Float64Array;
}

/** Scores every row of the file, batch by batch; the next batch is read while one is scored. */
export async function scoreFile(scoring: Scoring, findings: Findings): Promise<void> {
  const { source, model, progress, threads, signal, fitted } = scoring;
  const options = { ...(threads === undefined ? {} : { threads }), ...(signal === undefined ? {} : { signal }) };
  let rowCount = 0;
  let fittedCount = 0;
  for await (const batch of readAhead(source.batches(scoring.columns, scoring.shownColumns))) {
    const within = fittedWithin(batch, fitted, fittedCount);
    const others = within.length === 0 ? undefined : rowsWithout(batch, within);
    const rowIndexOf = (row: number) => batch.firstRow + (others?.[row] ?? row);
    const table = others === undefined ? batch : pickRows(batch, others);
    const scored =
      table.rowCount === 0 ? new Float64Array(0) : await onRows(source, rowIndexOf, () => model.scoreAsync(table, options));
    const scores = others === undefined ? scored : new Float64Array(batch.rowCount);
    for (const [index, row] of others?.entries() ?? []) scores[row] = scored[index];
    for (const row of within) scores[row] = fitted?.scores[fittedCount++] ?? Number.NaN;
    await onRows(
      source,
      (row) => batch.firstRow + row,
      () => findings.add(batch, scores),
    );
    rowCount += batch.rowCount;
    progress.report("scoring", shareRead(source, batch));
  }
  if (rowCount === 0) throw noRows(source);
}

/** Rows of the batch, from 0, that were fitted: those from the `start`-th fitted row on that lie in it. */
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

function shareRead(source: Source, batch: Batch): number | undefined {
  return source.rowCount === undefined ? undefined : (batch.firstRow + batch.rowCount) / source.rowCount;
}

function noRows(source: Source): NomalyError {
  return new NomalyError("TOO_FEW_ROWS", `${source.name} has no rows, only column names (${source.columns.length})`, {
    field: source.name,
  });
}
