/** Reads, cancels and retries jobs for users. The audit log gets an entry for each cancel and retry. */

import { NomalyError } from "@nomaly/detect";
import type { JobRecord } from "../../jobs/job-types.ts";
import { change } from "../core/change.ts";
import type { Call, ServiceContext } from "../core/context.ts";

/** @throws NomalyError NOT_FOUND. */
export async function getJob({ queue }: ServiceContext, id: string): Promise<JobRecord> {
  return required(await queue.get(id), id);
}

/** Does nothing to a job that has ended. @throws NomalyError NOT_FOUND. */
export async function cancelJob(context: ServiceContext, call: Call, id: string): Promise<JobRecord> {
  return noted(context, call, "job.cancel", required(await context.queue.cancel(id), id));
}

/** @throws NomalyError NOT_FOUND; CONFLICT unless the job has failed or was cancelled. */
export async function retryJob(context: ServiceContext, call: Call, id: string): Promise<JobRecord> {
  return noted(context, call, "job.retry", required(await context.queue.retry(id), id));
}

/** Writes the audit entry after the change, because the queue uses its own transaction. */
async function noted(context: ServiceContext, call: Call, action: string, record: JobRecord): Promise<JobRecord> {
  const once = { ...call, idempotency: undefined };
  await change(context, once, {
    action,
    subjectKind: "job",
    work: async () => ({ value: null, subjectId: record.id, details: { name: record.name } }),
  });
  return record;
}

function required(record: JobRecord | undefined, id: string): JobRecord {
  if (record === undefined) throw new NomalyError("NOT_FOUND", `there is no job ${id}`, { field: "id", received: id });
  return record;
}
