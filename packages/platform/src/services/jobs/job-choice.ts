/** Whether work becomes a job. What only jobs take is refused where none is made: it would be without effect. */

import { NomalyError } from "@nomaly/detect";
import type { JobName, JobPayloads } from "../../jobs/job-types.ts";
import type { Call, ServiceContext } from "../core/context.ts";
import type { RowsSource } from "../rows/rows-source.ts";
import { enqueueJob, type JobAccepted } from "./enqueue.ts";

/** As they stand in requests. */
export interface JobFields {
  readonly dataset_id?: string | undefined;
  readonly background?: boolean | undefined;
  readonly webhook_url?: string | undefined;
}

/** What every job on a data set is told. */
interface CommonPayload {
  readonly dataset_id: string;
  readonly actor: string;
  readonly request_id: string;
}

export interface WorkOnRows<Name extends JobName> {
  readonly name: Name;
  readonly source: RowsSource;
  readonly asked: JobFields;
  /** How often the rows are gone through. */
  readonly detectorCount?: number;
  /** What the job is told. Only asked where there is to be one: it may refuse. */
  readonly payloadOf: (common: CommonPayload) => Promise<JobPayloads[Name]>;
}

/** The job that the work becomes, in the queue already; `undefined` when it is to be done at once. @throws NomalyError REQUEST. */
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

/** Of work on a data set. @throws NomalyError REQUEST when there is somebody to tell of the end of a job, and there must be none. */
export function becomesJob({ background, webhook_url: webhookUrl }: JobFields, isLarge: boolean): boolean {
  if (background === false && webhookUrl !== undefined) {
    const message = "webhook_url is told of the end of a job, and background is false";
    throw new NomalyError("REQUEST", message, { field: "webhook_url" });
  }
  return background ?? (isLarge || webhookUrl !== undefined);
}

/** Of rows that stand in the request itself. @throws NomalyError REQUEST naming the field. */
export function refuseBesideRows({ dataset_id: datasetId, background, webhook_url: webhookUrl }: JobFields): void {
  if (datasetId !== undefined) throw new NomalyError("REQUEST", "give either data or dataset_id", { field: "dataset_id" });
  const field = background === true ? "background" : webhookUrl === undefined ? undefined : "webhook_url";
  if (field === undefined) return;
  const message = `${field} is for jobs, and a job takes a dataset_id: store the rows as a data set first`;
  throw new NomalyError("REQUEST", message, { field });
}
