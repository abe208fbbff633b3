/** What each job does: the same services as a request, with the job's id so that a repeated attempt stores nothing twice. */

import type { JobControl, JobHandlers } from "../jobs/job-types.ts";
import type { Call, ServiceContext } from "./context.ts";
import { maintain } from "./maintenance.ts";
import { requireDataset } from "./rows-source.ts";
import { scoreTable } from "./score-dataset.ts";
import { trainNow } from "./train.ts";

export interface WebhookMessage {
  readonly url: string;
  readonly event: string;
  readonly job_id: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export function createJobHandlers(
  context: ServiceContext,
  sendWebhook: (message: WebhookMessage, signal: AbortSignal) => Promise<void>,
): JobHandlers {
  return {
    train: async ({ id, payload }, control) => {
      const dataset = await requireDataset(context, payload.dataset_id);
      const call = callOf(payload, control);
      const ask = { detectorId: payload.detector_id, source: { kind: "dataset", dataset } } as const;
      return { ...(await trainNow(context, call, ask, { id, progress: control.progress })) };
    },
    predict: async ({ id, payload }, control) => {
      const dataset = await requireDataset(context, payload.dataset_id);
      const table = {
        detectorId: payload.detector_id,
        source: { kind: "dataset", dataset },
        job: { id, progress: control.progress },
      } as const;
      const { model, resultId, rowCount, anomalyCount } = await scoreTable(context, callOf(payload, control), table, 0);
      return {
        result_id: resultId,
        model_version: model.model_version,
        threshold: model.threshold,
        n_samples: rowCount,
        n_anomalies: anomalyCount,
      };
    },
    batch: async () => Promise.reject(new Error("internal: no such job is made yet")),
    webhook: async ({ payload }, { signal }) => {
      await sendWebhook(payload, signal);
      return {};
    },
    maintenance: async (_job, { signal }) => maintain(context, signal),
  };
}

function callOf(payload: { readonly actor: string; readonly request_id: string }, { signal }: JobControl): Call {
  return { actor: payload.actor, requestId: payload.request_id, signal };
}
