/** Decides whether a request becomes a job, and refuses fields that only jobs use where no job is made. */

import { NomalyError } from "@nomaly/detect";
import type { JobName, JobPayloads } from "../../jobs/job-types.ts";
import type { Call, ServiceContext } from "../core/context.ts";
import type { RowsSource } from "../rows/rows-source.ts";
import { enqueueJob, type JobAccepted } from "./enqueue.ts";

/** Fields of requests that concern jobs. */
export interface JobFields {
  readonly dataset_id?: string | undefined;
  readonly background?: boolean | undefined;
  readonly webhook_url?: string | undefined;
}

/** The payload that all jobs on a data set have in common. */
interface CommonPayload {
  readonly dataset_id: string;
  readonly actor: string;
  readonly request_id: string;
}

export interface WorkOnRows<Name extends JobName> {
  readonly name: Name;
  readonly source: RowsSource;
  readonly asked: JobFields;
  /** How many detectors score the rows. */
  readonly detectorCount?: number;
  /** Makes the job's payload. Called only when a job is made; it may throw to refuse that. */
  readonly payloadOf: (common: CommonPayload) => Promise<JobPayloads[Name]>;
}

/** The enqueued job; `undefined` when the work is to be done at once. @throws NomalyError REQUEST. */
export async function jobFor<Name extends JobName>(
  context: ServiceContext,
  call: Call,
  { name, source, asked, detectorCount = 1, payloadOf }: WorkOnRows<Name>,
): Promise<JobAccepted | undefined> {
  if (source.kind !== "dataset") {
    refuseBesideRows(asked);
    return undefined;
  }
  const { id, nSamples, nFeatures } = source.dataset;
  if (!becomesJob(asked, nSamples * nFeatures * detectorCount > context.config.trainInlineValues)) return undefined;
  const payload = await payloadOf({ dataset_id: id, actor: call.actor, request_id: call.requestId });
  return enqueueJob(context, call, { name, payload, webhookUrl: asked.webhook_url });
}

/** Whether work on a data set becomes a job. @throws NomalyError REQUEST for a webhook although `background` is false. */
export function becomesJob({ background, webhook_url: webhookUrl }: JobFields, isLarge: boolean): boolean {
  if (background === false && webhookUrl !== undefined) {
    const message = "webhook_url needs a job, which background: false forbids";
    throw new NomalyError("REQUEST", message, { field: "webhook_url" });
  }
  return background ?? (isLarge || webhookUrl !== undefined);
}

/** Refuses fields that cannot stand beside rows in the request itself. @throws NomalyError REQUEST with the field. */
export function refuseBesideRows({ dataset_id: datasetId, background, webhook_url: webhookUrl }: JobFields): void {
  if (datasetId !== undefined) throw new NomalyError("REQUEST", "give either data or dataset_id", { field: "dataset_id" });
  const field = background === true ? "background" : webhookUrl === undefined ? undefined : "webhook_url";
  if (field === undefined) return;
  const message = `${field} is for jobs, and a job takes a dataset_id: store the rows as a data set first`;
  throw new NomalyError("REQUEST", message, { field });
}
