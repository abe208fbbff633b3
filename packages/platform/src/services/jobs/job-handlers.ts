/** The handlers of jobs: each calls the same service as a request, with the job's id, so that a repeated attempt stores nothing twice. */

import { NomalyError } from "@nomaly/detect";
import { jobErrorOf } from "../../jobs/job-policies.ts";
import type { JobControl, JobHandlers, JobResult } from "../../jobs/job-types.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import { runBatchJob } from "../scoring/batch.ts";
import type { Call, ServiceContext } from "../core/context.ts";
import { maintain } from "../operations/maintenance.ts";
import { requireDataset } from "../rows/rows-source.ts";
import { type ScoredTable, scoreTable } from "../scoring/score-dataset.ts";
import { type Trained, trainNow } from "../detectors/train.ts";
import { type Updated, updateNow } from "../detectors/update.ts";

export interface WebhookMessage {
  readonly url: string;
  readonly event: string;
  readonly job_id: string;
  /** The same in all attempts to deliver this message. */
  readonly delivery_id: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export function createJobHandlers(
  context: ServiceContext,
  sendWebhook: (message: WebhookMessage, signal: AbortSignal) => Promise<void>,
): JobHandlers {
  return {
    train: async ({ id, payload }, control) => {
      const dataset = await requireDataset(context, payload.dataset_id);
      const ask = { detectorId: payload.detector_id, source: { kind: "dataset", dataset } } as const;
      const { progress, completeIn, holdIn } = control;
      const end = (sql: Sql, trained: Trained) => completeIn(sql, { ...trained });
      return { ...(await trainNow(context, callOf(payload, control), ask, { id, progress, completeIn: end, holdIn })) };
    },
    predict: async ({ id, payload }, control) => {
      const dataset = await requireDataset(context, payload.dataset_id);
      const { progress, completeIn } = control;
      const table = {
        detectorId: payload.detector_id,
        source: { kind: "dataset", dataset },
        explain: payload.explain ?? false,
        job: { id, progress, completeIn: (sql, scored) => completeIn(sql, scoredResult(scored)) },
      } satisfies Parameters<typeof scoreTable>[2];
      return scoredResult(await scoreTable(context, callOf(payload, control), table, 0));
    },
    batch: async ({ id, payload }, control) => {
      const dataset = await requireDataset(context, payload.dataset_id);
      const { detector_ids: detectorIds, explain = false } = payload;
      const job = { id, progress: control.progress, detectorIds, dataset, explain };
      const outcomes = await runBatchJob(context, callOf(payload, control), job);
      const told = [...outcomes].map(([detectorId, outcome]) => {
        if (!("kind" in outcome)) return [detectorId, scoredResult(outcome)];
        const { error } = outcome;
        if (!(error instanceof NomalyError)) context.log.error({ err: error, job_id: id }, "a detector of a batch failed");
        return [detectorId, { error: jobErrorOf(error) }];
      });
      return { results: Object.fromEntries(told) as JobResult };
    },
    update: async ({ id, payload }, control) => {
      const dataset = await requireDataset(context, payload.dataset_id);
      const ask = { detectorId: payload.detector_id, source: { kind: "dataset", dataset } } as const;
      const { progress, completeIn, holdIn } = control;
      const end = (sql: Sql, updated: Updated) => completeIn(sql, { ...updated });
      return { ...(await updateNow(context, callOf(payload, control), ask, { id, progress, completeIn: end, holdIn })) };
    },
    webhook: async ({ id, payload }, { signal }) => {
      await sendWebhook({ ...payload, delivery_id: id }, signal);
      return {};
    },
    maintenance: async (_job, { signal }) => maintain(context, signal),
  };
}

function scoredResult({ model, resultId, rowCount, anomalyCount }: ScoredTable): JobResult {
  return {
    result_id: resultId,
    model_version: model.model_version,
    threshold: model.threshold,
    n_samples: rowCount,
    n_anomalies: anomalyCount,
  };
}

function callOf(payload: { readonly actor: string; readonly request_id: string }, { signal }: JobControl): Call {
  return { actor: payload.actor, requestId: payload.request_id, signal };
}
