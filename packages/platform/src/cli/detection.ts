/** Learns from a file and scores its rows, or scores them with a model that is there: every row once, in bounded memory. */

import type { AnomalyModel } from "@nomaly/detect";
import { detect, fit, NomalyError } from "@nomaly/detect";
import type { Batch } from "../files/batches.ts";
import type { SampledRows } from "../files/row-sample.ts";
import { createRowSample } from "../files/row-sample.ts";
import type { Source } from "../files/source.ts";
import type { Findings } from "./findings.ts";
import type { FitRequest } from "./fit-options.ts";
import { onRows } from "./open-input.ts";
import type { Progress } from "./progress-bar.ts";

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
 * Fits and scores the same file. Where all rows were fitted their training scores are taken (for neighbour methods a row
 * is not its own neighbour); where a sample was, every row is scored by the model.
 */
export async function detectFile(work: Work, findings: Findings): Promise<FittedFile> {
  const { source, request, progress } = work;
  const sample = await readSample(work);
  const { table, rowIndexes, totalRowCount } = sample;
  const options = { ...request.options, progress: (share: number) => progress.report("fitting", share) };
  const rowIndexOf = (row: number) => rowIndexes[row];
  if (totalRowCount > table.rowCount) {
    const model = await onRows(source, rowIndexOf, () => fit(table, options));
    await scoreFile({ source, model, progress, threads: options.threads }, findings);
    return { model, rowCount: totalRowCount, fittedRowCount: table.rowCount };
  }
  const { model, scores } = await onRows(source, rowIndexOf, () => detect(table, options));
  await onRows(source, rowIndexOf, () => findings.add({ ...table, firstRow: 0 }, scores));
  return { model, rowCount: totalRowCount, fittedRowCount: table.rowCount };
}

async function readSample({ source, request, progress }: Work): Promise<SampledRows> {
  const sample = createRowSample(request.fitRowCountMax, request.options.seed);
  for await (const batch of source.batches()) {
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
  /** Columns to read; default all. */
  readonly columns?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Scores every row of the file, batch by batch; the next batch is read while one is scored. */
export async function scoreFile(scoring: Scoring, findings: Findings): Promise<void> {
  const { source, model, progress, threads, signal } = scoring;
  const options = { ...(threads === undefined ? {} : { threads }), ...(signal === undefined ? {} : { signal }) };
  let rowCount = 0;
  for await (const batch of readAhead(source.batches(scoring.columns))) {
    const rowIndexOf = (row: number) => batch.firstRow + row;
    await onRows(source, rowIndexOf, async () => findings.add(batch, await model.scoreAsync(batch, options)));
    rowCount += batch.rowCount;
    progress.report("scoring", shareRead(source, batch));
  }
  if (rowCount === 0) throw noRows(source);
}

async function* readAhead<T>(items: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = items.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done === true) return;
      next = items.next();
      // Its error is met at the next await; until then it must not count as unhandled.
      next.catch(() => undefined);
      yield value;
    }
  } finally {
    await items.return(undefined).catch(() => undefined);
  }
}

function shareRead(source: Source, batch: Batch): number | undefined {
  return source.rowCount === undefined ? undefined : (batch.firstRow + batch.rowCount) / source.rowCount;
}

function noRows(source: Source): NomalyError {
  return new NomalyError("TOO_FEW_ROWS", `${source.name} has no rows, only column names (${source.columns.length})`, {
    field: source.name,
  });
}
