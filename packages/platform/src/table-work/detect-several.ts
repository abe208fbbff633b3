/** Fits several detectors on a table that is read once, and scores its rows by the mean of their ranks. */

import { type AnomalyModel, detect, NomalyError, parseThreshold, type Table, type ThresholdSpec } from "@nomaly/detect";
import { createEnsemble, type Ensemble, meanRanks } from "./ensemble.ts";
import { onRows } from "./file-errors.ts";
import type { FitRequest } from "./fit-table.ts";
import type { GivenTable, Progress } from "./given-table.ts";
import { type RowTaker, scoreTableByAll } from "./score-table.ts";
import { trainingRows } from "./training-rows.ts";

export interface DetectedBySeveral {
  readonly model: Ensemble;
  readonly rowCount: number;
  /** Fewer than `rowCount` when a sample was drawn. */
  readonly fittedRowCount: number;
}

/**
 * As `detectTable` does for one detector: fitted rows keep their training scores, and the models score the rows outside a sample.
 * @param requests one for each detector; they differ in detector and parameters only.
 * @throws NomalyError whose message begins with the detector that cannot fit.
 */
export async function detectBySeveral(
  table: GivenTable,
  requests: readonly FitRequest[],
  progress: Progress,
  taker: RowTaker,
): Promise<DetectedBySeveral> {
  const [request] = requests;
  const { columns, label } = request;
  const { threads, signal } = request.options;
  const spec = parseThreshold(request.options.threshold ?? {});
  const { table: sampled, rowIndexes, totalRowCount } = await trainingRows(table, request, progress, idsOf(requests));
  const { models, scores } = await fitEach(table, { requests, rows: sampled, rowIndexes, spec }, progress);
  const ensemble = createEnsemble(models, scores, spec);
  const take = (batch: Parameters<RowTaker["add"]>[0], memberScores: readonly Float64Array[]) =>
    taker.add(batch, meanRanks(models, memberScores), memberScores);
  const rowIndexOf = (row: number) => rowIndexes[row];
  const whole = totalRowCount === sampled.rowCount ? { ...sampled, firstRow: 0 } : undefined;
  if (whole !== undefined) await onRows(table, rowIndexOf, () => take(whole, scores));
  else {
    const used = new Set([label, ...ensemble.columns.map(({ name }) => name)]);
    const shownColumns = columns.filter((name) => !used.has(name));
    const scoring = { models, threads, signal, columns, shownColumns, fitted: { rowIndexes, scores } };
    await scoreTableByAll(table, scoring, progress, take);
  }
  return { model: ensemble, rowCount: totalRowCount, fittedRowCount: rowIndexes.length };
}

/** The detectors of the requests. */
export function idsOf(requests: readonly FitRequest[]): (string | undefined)[] {
  return requests.map(({ options }) => options.detector);
}

interface FitsWanted {
  readonly requests: readonly FitRequest[];
  readonly rows: Table;
  readonly rowIndexes: Float64Array;
  readonly spec: ThresholdSpec;
}

interface Fits {
  readonly models: readonly AnomalyModel[];
  readonly scores: readonly Float64Array[];
}

async function fitEach(table: GivenTable, { requests, rows, rowIndexes, spec }: FitsWanted, progress: Progress): Promise<Fits> {
  const models: AnomalyModel[] = [];
  const scores: Float64Array[] = [];
  const rowIndexOf = (row: number) => rowIndexes[row];
  for (const [index, { options }] of requests.entries()) {
    const report = (share: number) => progress.report("fitting", (index + share) / requests.length);
    const own = { ...options, ...memberThreshold(spec), progress: report };
    const fitted = await onRows(table, rowIndexOf, () => naming(options.detector ?? "", () => detect(rows, own)));
    models.push(fitted.model);
    scores.push(fitted.scores);
  }
  return { models, scores };
}

/** A given threshold is a mean of ranks: a single detector finds the rows whose rank among its own scores is above it. */
function memberThreshold(spec: ThresholdSpec): { readonly threshold?: Readonly<Record<string, unknown>> } {
  if (spec.method !== "fixed") return {};
  return { threshold: { method: "percentile", percentile: 100 * Math.min(1, Math.max(0, spec.value)) } };
}

/** Runs a fit; its coded errors then name the detector. */
export async function naming<T>(detector: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NomalyError) || error.code === "ABORTED" || error.message.startsWith(detector)) throw error;
    throw error.retold({ prefix: `${detector}: ` });
  }
}
