/** Puts work into the queue in the transaction that makes it necessary. */

import { NomalyError } from "@nomaly/detect";
import type { JobName, JobPayloads } from "../jobs/job-types.ts";
import { change } from "./change.ts";
import type { Call, ServiceContext } from "./context.ts";

export interface JobAccepted {
  readonly job_id: string;
  readonly status: "queued";
  readonly location: string;
}

export interface JobToEnqueue<Name extends JobName> {
  readonly name: Name;
  readonly payload: JobPayloads[Name];
  /** Told when the job has ended. */
  readonly webhookUrl?: string | undefined;
}

/** @throws NomalyError OUTGOING when the host of the webhook is not allowed. */
export async function enqueueJob<Name extends JobName>(
  context: ServiceContext,
  call: Call,
  { name, payload, webhookUrl }: JobToEnqueue<Name>,
): Promise<JobAccepted> {
  if (webhookUrl !== undefined) requireAllowedHost(webhookUrl, context.config.httpAllowedHosts);
  const { value } = await change<JobAccepted>(context, call, {
    action: `job.${name}`,
    subjectKind: "job",
    work: async (sql) => {
      const full = webhookUrl === undefined ? payload : { ...payload, webhook_url: webhookUrl };
      const id = await context.queue.enqueue(sql, name, full);
      return { value: { job_id: id, status: "queued", location: `/api/jobs/${id}` }, subjectId: id, tags: [] };
    },
    status: 202,
  });
  return value;
}

/** The outgoing pool checks again, addresses included, when it calls: this only answers early. */
function requireAllowedHost(url: string, allowed: readonly string[]): void {
  const { hostname, host } = new URL(url);
  if (allowed.includes(hostname) || allowed.includes(host)) return;
  throw new NomalyError("OUTGOING", `the host ${hostname} is not among http_allowed_hosts`, {
    field: "webhook_url",
    received: hostname,
  });
}
