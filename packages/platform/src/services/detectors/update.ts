/** Lets a detector learn further from rows: at once, or by a job for large data sets. */

import { fileTimeMs } from "../../compute/compute.ts";
import { requireLearner } from "../../compute/learners.ts";
import type { BodyFields, ChangedModel } from "../../compute/work.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import type { ModelVersionRow } from "../../store/tables/model-versions.ts";
import { type Call, controlOf, type ServiceContext } from "../core/context.ts";
import { requireRoom } from "../core/room.ts";
import type { JobAccepted } from "../jobs/enqueue.ts";
import { jobFor } from "../jobs/job-choice.ts";
import { withDatasetFile } from "../rows/rows-source.ts";
import { deriveVersion } from "./derive-version.ts";
import { liveModel, storedLiveVersion } from "./live-model.ts";
import type { TrainAsk } from "./train.ts";

/** The same as of a training: a detector, and rows. */
type UpdateAsk = TrainAsk;

export interface Updated {
  readonly detector_id: string;
  readonly model_version: number;
  /** The version that it has learned further from. */
  readonly based_on: number;
  readonly algorithm_name: string;
  readonly threshold: number;
  /** Rows learned from. */
  readonly n_samples: number;
  readonly update_time_ms: number;
}

export interface UpdateJob {
  readonly id: string;
  readonly progress: (done: number) => void;
  readonly holdIn: (sql: Sql) => Promise<void>;
  /** Ends the job within the transaction that stores the model. */
  readonly completeIn: (sql: Sql, updated: Updated) => Promise<void>;
}

export type UpdateAnswer =
  | { readonly kind: "updated"; readonly updated: Updated }
  | { readonly kind: "accepted"; readonly job: JobAccepted };

/** @throws NomalyError UNSUPPORTED for a detector that does not learn further; CONFLICT when it is not trained, disabled, or overtaken. */
export async function updateDetectorModel(context: ServiceContext, call: Call, ask: UpdateAsk): Promise<UpdateAnswer> {
  const { source, detectorId, background, webhookUrl } = ask;
  if (typeof detectorId === "string") {
    await requireAbleDetector(context, detectorId);
    const job = await jobFor(context, call, {
      name: "update",
      source,
      asked: { background, webhook_url: webhookUrl },
      payloadOf: async (common) => ({ ...common, detector_id: detectorId }),
    });
    if (job !== undefined) return { kind: "accepted", job };
  }
  return { kind: "updated", updated: await updateNow(context, call, ask) };
}

/** A repeated attempt of a job finds the version that the first attempt stored. */
export function updateNow(
  context: ServiceContext,
  call: Call,
  { detectorId, source }: UpdateAsk,
  job?: UpdateJob,
): Promise<Updated> {
  const startedAt = performance.now();
  requireRoom(context);
  return deriveVersion<Updated>(context, call, {
    action: "detector.update",
    origin: "updated",
    datasetId: source.kind === "dataset" ? source.dataset.id : null,
    job,
    make: () => learned(context, call, { detectorId, source, job }),
    valueOf: ({ row, detector }, { changed }) => ({
      value: {
        detector_id: detector.id,
        model_version: row.version,
        based_on: row.basedOn ?? row.version,
        algorithm_name: detector.algorithmName,
        threshold: changed.summary.threshold,
        n_samples: changed.learnedRowCount,
        update_time_ms: Math.round((performance.now() - startedAt) * 1000) / 1000,
      },
      details: { model_version: row.version, based_on: row.basedOn, n_samples: changed.learnedRowCount, job_id: job?.id ?? null },
    }),
    ...(job === undefined ? {} : { finish: (sql: Sql, updated: Updated) => job.completeIn(sql, updated) }),
  });
}

interface Learning extends Pick<UpdateAsk, "detectorId" | "source"> {
  readonly job: UpdateJob | undefined;
}

async function learned(
  context: ServiceContext,
  call: Call,
  { detectorId, source, job }: Learning,
): Promise<{ readonly base: ModelVersionRow; readonly changed: ChangedModel }> {
  let base: ModelVersionRow | undefined;
  const modelOf = async (id: string) => {
    await requireAbleDetector(context, id);
    base = await storedLiveVersion(context, id);
    return { versionId: base.id };
  };
  const model = typeof detectorId === "string" ? await modelOf(detectorId) : (fields: BodyFields) => modelOf(detectorId(fields));
  const control = { ...controlOf(call), ...(job === undefined ? {} : { progress: job.progress }) };
  const changed =
    source.kind === "dataset"
      ? await withDatasetFile(context, source.dataset, call.signal, (input) => {
          call.allowTime?.(fileTimeMs(input.sizeBytes ?? 0));
          return context.compute.changeModel({ change: { kind: "update", input }, model }, control);
        })
      : await context.compute.changeModel({ change: { kind: "update", input: source }, model }, control);
  if (base === undefined) throw new Error("internal: a model has learned and no version was named");
  return { base, changed };
}

async function requireAbleDetector(context: ServiceContext, id: string): Promise<void> {
  const { algorithm_name: algorithmName } = await liveModel(context, id);
  requireLearner(algorithmName, "detector_id");
}
