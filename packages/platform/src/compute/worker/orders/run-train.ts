/** Fits in a worker: reads the rows, fits, and returns the model file with a summary. */

import { detect, type Detection, detectorById, libraryVersion, NomalyError, parseThreshold } from "@nomaly/detect";
import type { TrainOrder } from "../../messages.ts";
import { asRowsInput, inRequestTerms } from "../../rows/rows-given.ts";
import { scoreQuantiles } from "../../rows/score-quantiles.ts";
import type { TrainOptions, TrainOutcome, TrainSummary } from "../../work.ts";
import type { TrainingRows } from "../file-rows.ts";
import type { OrderContext } from "../order-context.ts";
import { readBody } from "../read-body.ts";
import { handOver } from "../write-model.ts";

/** Reading a file is this share of the progress, fitting the rest. */
const readShare = 0.3;

export async function runTrain(order: TrainOrder, context: OrderContext): Promise<TrainOutcome> {
  const startedAt = performance.now();
  const training = await trainingRows(order, context);
  const readMs = performance.now() - startedAt;
  const fit = await fitRows(training, order, context);
  const modelBytes = fit.model.save();
  const fitMs = performance.now() - startedAt - readMs;
  const summary = { ...summaryOf(fit, training), sizeBytes: modelBytes.length, readMs, fitMs };
  return { ...handOver(modelBytes, order.modelPath), summary };
}

async function trainingRows(
  { input, options, threads, temporaryFolder }: TrainOrder,
  context: OrderContext,
): Promise<TrainingRows> {
  if (input.kind === "file") {
    if (options === undefined) throw new Error("internal: a file was given without options");
    // Imported here because the file readers take long to load.
    const { fileRows } = await import("../file-rows.ts");
    const progress = (done: number) => context.progress(done * readShare);
    return fileRows(input, options, { ...context, temporaryFolder, threads, progress });
  }
  const body = input.kind === "body" ? await readBody(input, context.settings.limits, context.signal) : { input, fields: "{}" };
  const chosen = options ?? ((await context.askPlan(body.fields)) as TrainOptions);
  const { rowCount } = body.input;
  const rows = asRowsInput(body.input.rows);
  return { rows, rowCount, fittedRowCount: rowCount, notes: [], options: chosen, explainError: inRequestTerms };
}

/** Converts compute's options to the library's, and checks them: the label column is excluded. */
function fitOptionsOf(options: TrainOptions) {
  const { label, fitRowCountMax: _, threads, exclude, columns, detector, threshold, ...others } = options;
  const left = [...(exclude ?? []), ...(label === undefined ? [] : [label])];
  return {
    ...others,
    ...(detector === undefined ? {} : { detector: detectorById(detector).id }),
    ...(threshold === undefined ? {} : { threshold: parseThreshold(threshold) }),
    ...(threads === undefined ? {} : { threads }),
    ...(left.length === 0 ? {} : { exclude: left }),
    ...(columns === undefined ? {} : { columns: columns.filter((name) => !left.includes(name)) }),
  };
}

async function fitRows(training: TrainingRows, order: TrainOrder, context: OrderContext): Promise<Detection> {
  const start = order.input.kind === "file" ? readShare : 0;
  try {
    return await detect(training.rows, {
      threads: order.threads,
      ...fitOptionsOf(training.options),
      signal: context.signal,
      progress: (done) => context.progress(start + (1 - start) * done),
    });
  } catch (error) {
    throw training.explainError(error);
  }
}

function summaryOf(
  { model, scores, labels }: Detection,
  { rowCount, fittedRowCount, notes }: TrainingRows,
): Omit<TrainSummary, "sizeBytes" | "readMs" | "fitMs"> {
  const anomalyCount = labels.reduce((sum, label) => sum + label, 0);
  const { detectorId, params, seed, skippedColumns, threshold, thresholdSpec } = model;
  if (!Number.isFinite(threshold)) throw new NomalyError("NOT_FINITE", `the threshold is ${threshold}`, { field: "threshold" });
  return {
    detectorId,
    params,
    seed,
    columns: model.columns.map(({ name, kind }) => ({ name, kind })),
    skippedColumns,
    threshold,
    thresholdSpec,
    rowCount,
    fittedRowCount,
    anomalyCount,
    anomalyShare: anomalyCount / fittedRowCount,
    scoreQuantiles: scoreQuantiles(scores),
    libraryVersion,
    notes,
  };
}
