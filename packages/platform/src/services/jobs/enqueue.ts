/** Enqueues a job for a request, in one transaction with its audit entry. */

import { NomalyError } from "@nomaly/detect";
import { checkUrl, parseAllowedHost } from "../../http-client/allowed-hosts.ts";
import type { JobName, JobPayloads } from "../../jobs/job-types.ts";
import { change } from "../core/change.ts";
import type { Call, ServiceContext } from "../core/context.ts";

export interface JobAccepted {
  readonly job_id: string;
  readonly status: "queued";
  readonly location: string;
}

export interface JobToEnqueue<Name extends JobName> {
  readonly name: Name;
  readonly payload: JobPayloads[Name];
  /** Called when the job has ended. */
  readonly webhookUrl?: string | undefined;
}

/** @throws NomalyError REQUEST when the webhook is not a URL, or its host is not allowed. */
export async function enqueueJob<Name extends JobName>(
  context: ServiceContext,
  call: Call,
  { name, payload, webhookUrl }: JobToEnqueue<Name>,
): Promise<JobAccepted> {
  if (webhookUrl !== undefined) requireAllowed(webhookUrl, context.config.httpAllowedHosts);
  const { value } = await change<JobAccepted>(context, call, {
    action: `job.${name}`,
    subjectKind: "job",
    work: async (sql) => {
      const full = webhookUrl === undefined ? payload : { ...payload, webhook_url: webhookUrl };
      const id = await context.queue.enqueue(sql, name, full);
      return { value: { job_id: id, status: "queued", location: `/api/jobs/${id}` }, subjectId: id };
    },
    status: 202,
  });
  return value;
}

/** Refuses the URL early. The HTTP client checks it again before the call, with the addresses of the host name. */
function requireAllowed(address: string, allowed: readonly string[]): void {
  const field = "webhook_url";
  const url = URL.parse(address);
  if (url === null) throw new NomalyError("REQUEST", "webhook_url is not a URL", { field });
  try {
    checkUrl(url, allowed.map(parseAllowedHost));
  } catch (error) {
    if (!(error instanceof NomalyError)) throw error;
    // The fault is in the request, as nothing was called.
    throw error.retold({ code: "REQUEST", field });
  }
}
