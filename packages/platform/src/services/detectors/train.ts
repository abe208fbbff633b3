/** Trains a detector: at once when there are few values, else by a job. */

import type { BodyFields, TrainOptions, TrainOutcome, TrainSummary } from "../../compute/work.ts";
import { detectorById, type DetectorRow, updateDetector } from "../../store/tables/detectors.ts";
import { newId } from "../../ids/ids.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import { insertVersion } from "../../store/tables/model-versions.ts";
import { endTraining } from "../../store/tables/trainings.ts";
import { change } from "../core/change.ts";
import { type Call, controlOf, type ServiceContext } from "../core/context.ts";
import { trainOptionsOf, noDetector } from "./detectors.ts";
import type { JobAccepted } from "../jobs/enqueue.ts";
import { jobFor } from "../jobs/job-choice.ts";
import { withPlacedContent } from "../core/placed-content.ts";
import { placeMade } from "./placed-model.ts";
import { requireQuota } from "../core/quota.ts";
import { type RowsSource, withDatasetFile } from "../rows/rows-source.ts";
import { trainingBegins, trainingFailed, type TrainingJob, type TrainingUnderWay } from "./training-status.ts";

export interface TrainAsk {
  /** A function for a body that is not parsed yet, which contains the id. */
  readonly detectorId: string | ((fields: BodyFields) => string);
  readonly source: RowsSource;
  readonly background?: boolean | undefined;
  readonly webhookUrl?: string | undefined;
}

export interface Trained {
  readonly detector_id: string;
  readonly model_version: number;
  readonly algorithm_name: string;
  readonly threshold: number;
  readonly n_samples: number;
  readonly n_features: number;
  readonly columns: readonly string[];
  readonly skipped_columns: readonly { readonly name: string; readonly reason: string }[];
  readonly notes: readonly string[];
  readonly training_time_ms: number;
}

export type TrainAnswer =
  | { readonly kind: "trained"; readonly trained: Trained }
  | { readonly kind: "accepted"; readonly job: JobAccepted };

export async function train(context: ServiceContext, call: Call, ask: TrainAsk): Promise<TrainAnswer> {
  const { source, detectorId, background, webhookUrl } = ask;
  if (typeof detectorId === "string") {
    const job = await jobFor(context, call, {
      name: "train",
      source,
      asked: { background, webhook_url: webhookUrl },
      payloadOf: async (common) => {
        await requireDetector(context, detectorId);
        return { ...common, detector_id: detectorId };
      },
    });
    if (job !== undefined) return { kind: "accepted", job };
  }
  return { kind: "trained", trained: await trainNow(context, call, ask) };
}

export interface TrainJob extends TrainingJob {
  readonly progress: (done: number) => void;
  /** Ends the job within the transaction that stores the model. */
  readonly completeIn: (sql: Sql, trained: Trained) => Promise<void>;
}

/** Fits a model and stores it. A repeated attempt of a job finds the version that the first attempt stored. */
export async function trainNow(context: ServiceContext, call: Call, ask: TrainAsk, job?: TrainJob): Promise<Trained> {
  const begun: Begun = {};
  try {
    return await fitAndStore(context, call, { ask, job, begun, startedAt: performance.now() });
  } catch (error) {
    // A job may be tried again: only its end stores a failed training.
    if (begun.training !== undefined && job === undefined) await trainingFailed(context, call, begun.training, error);
    throw error;
  } finally {
    if (begun.training !== undefined) context.trainings.delete(begun.training.id);
  }
}

/** Filled once the body has been parsed. */
interface Begun {
  detector?: DetectorRow;
  training?: TrainingUnderWay;
}

interface Fit {
  readonly ask: TrainAsk;
  readonly job: TrainJob | undefined;
  readonly begun: Begun;
  readonly startedAt: number;
}

async function fitAndStore(context: ServiceContext, call: Call, { ask, job, begun, startedAt }: Fit): Promise<Trained> {
  const { detectorId, source } = ask;
  const optionsOf = async (id: string): Promise<TrainOptions> => {
    begun.detector = await requireDetector(context, id);
    // Set before the commit, whose answer may be lost although the training has begun.
    begun.training = { id: job?.id ?? newId(), detectorId: id };
    await trainingBegins(context, call, begun.training, job);
    return trainOptionsOf(begun.detector);
  };
  const control = { ...controlOf(call), ...(job === undefined ? {} : { progress: job.progress }) };
  const options =
    typeof detectorId === "string" ? await optionsOf(detectorId) : (fields: BodyFields) => optionsOf(detectorId(fields));
  const outcome =
    source.kind === "dataset"
      ? await withDatasetFile(context, source.dataset, call.signal, (input) => context.compute.train({ input, options }, control))
      : await context.compute.train({ input: source, options }, control);
  const { detector, training } = begun;
  if (detector === undefined || training === undefined) throw new Error("internal: a model was fitted for no detector");
  const datasetId = source.kind === "dataset" ? source.dataset.id : null;
  return storeVersion(context, call, { detector, training, datasetId, outcome, job, startedAt });
}

interface VersionToStore {
  readonly detector: DetectorRow;
  readonly training: TrainingUnderWay;
  readonly datasetId: string | null;
  readonly outcome: TrainOutcome;
  readonly job: TrainJob | undefined;
  readonly startedAt: number;
}

/** Stores the model as the detector's live version. */
async function storeVersion(
  context: ServiceContext,
  call: Call,
  { detector, training, datasetId, outcome, job, startedAt }: VersionToStore,
): Promise<Trained> {
  const { summary } = outcome;
  const { content, checksum } = await placeMade(context, outcome);
  const jobId = job?.id ?? null;
  const { sizeBytes } = summary;
  const version = { id: newId(), detectorId: detector.id, datasetId, jobId, content, checksum, sizeBytes };
  return withPlacedContent(context, content, async (commits) => {
    let isUsed = false;
    const { value } = await change<Trained>(context, call, {
      action: "detector.train",
      subjectKind: "detector",
      work: async (sql) => {
        await job?.holdIn(sql);
        await requireQuota(sql, sizeBytes, context.config);
        const { row, isNew } = await insertVersion(sql, { ...version, trainingSummary: { ...summary } });
        isUsed = isNew;
        const live = { isFitted: true, threshold: summary.threshold, modelVersion: row.version } as const;
        if (isNew) await updateDetector(sql, detector.id, { ...live, lastTrainingError: null });
        // A detector that was disabled meanwhile stays disabled.
        await endTraining(sql, training, "ready");
        const details = { model_version: row.version, dataset_id: datasetId, job_id: jobId };
        // Another attempt of the same job may have stored its model: then the answer describes that one.
        const stored = isNew ? summary : (row.trainingSummary as unknown as TrainSummary);
        const trained = trainedOf(detector, row.version, stored, performance.now() - startedAt);
        return { value: trained, subjectId: detector.id, details };
      },
      finish: async (sql, trained) => {
        await job?.completeIn(sql, trained);
        if (isUsed) commits();
      },
    });
    return value;
  });
}

function trainedOf(detector: DetectorRow, version: number, summary: TrainSummary, trainingMs: number): Trained {
  return {
    detector_id: detector.id,
    model_version: version,
    algorithm_name: detector.algorithmName,
    threshold: summary.threshold,
    n_samples: summary.rowCount,
    n_features: summary.columns.length,
    columns: summary.columns.map(({ name }) => name),
    skipped_columns: summary.skippedColumns.map(({ name, reason }) => ({ name, reason })),
    notes: summary.notes ?? [],
    training_time_ms: Math.round(trainingMs * 1000) / 1000,
  };
}

async function requireDetector({ database }: ServiceContext, id: string): Promise<DetectorRow> {
  const row = await detectorById(database, id);
  if (row === undefined) throw noDetector(id);
  return row;
}
