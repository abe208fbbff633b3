/** Calls that list, follow, wait for and cancel jobs. */

import type { Job, JobName, JobStatus } from "./stored-types.ts";
import { followed, type FollowOptions } from "./events.ts";
import { listed, type ListOptions } from "./pages.ts";
import { ServiceError } from "./service-error.ts";
import { type CallOptions, json, type Transport } from "./transport.ts";

/** Which jobs to list: those that meet all conditions. */
export interface JobFilter {
  /** Only jobs of this status. */
  readonly status?: JobStatus | undefined;
  /** Only jobs of this kind. */
  readonly name?: JobName | undefined;
  /** Only jobs of this detector, also as one of several. */
  readonly detector_id?: string | undefined;
}

/** How to wait for a job. */
export interface WaitOptions {
  /** Ends the waiting with the reason of the signal; the job goes on. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the job as it is now, and after each change. */
  readonly onProgress?: ((job: Job) => void) | undefined;
}

/** Calls that list, follow, wait for and cancel jobs. */
export interface Jobs {
  /** The job as it is now. */
  get(id: string, options?: CallOptions): Promise<Job>;
  /** All jobs, or those of the filter, newest first. */
  list(filter?: JobFilter, options?: ListOptions): AsyncGenerator<Job, void>;
  /** Ends a queued job at once and a running one within about a second; a job that has ended stays as it is. */
  cancel(id: string, options?: CallOptions): Promise<Job>;
  /** Queues a failed or cancelled job again. */
  retry(id: string, options?: CallOptions): Promise<Job>;
  /** Yields the job now and at each change until it has ended; connects again when the connection is lost. */
  events(id: string, options?: Pick<CallOptions, "signal">): AsyncGenerator<Job, void>;
  /**
   * Waits until the job has succeeded, or until the signal.
   * @throws ServiceError with the job's own code when it failed, `ABORTED` when it was cancelled.
   */
  wait(id: string, options?: WaitOptions): Promise<Job>;
}

export function jobsOf(transport: Transport): Jobs {
  const { call } = transport;
  return {
    get: (id, options) => call({ route: "GET /api/jobs/:id", id }, json<Job>, options),
    list: (filter = {}, options = {}) => listed<Job>(transport, { route: "GET /api/jobs", query: { ...filter } }, options),
    cancel: (id, options) => call({ route: "DELETE /api/jobs/:id", id, isChange: true }, json<Job>, options),
    retry: (id, options) => call({ route: "POST /api/jobs/:id/retry", id, isChange: true }, json<Job>, options),
    events: (id, { signal } = {}) => jobEvents(transport, id, { signal }),
    wait: async (id, { signal, onProgress } = {}) => {
      for await (const job of jobEvents(transport, id, { signal })) {
        onProgress?.(job);
        if (job.status === "succeeded") return job;
        if (job.status === "failed" || job.status === "cancelled") throw endOf(job);
      }
      throw new ServiceError({ code: "UNEXPECTED", status: 0, detail: `the events of job ${id} ended before the job` });
    },
  };
}

/** Yields the job now and at each change, until it has ended. */
export function jobEvents(transport: Transport, id: string, options: FollowOptions): AsyncGenerator<Job, void> {
  return followed<Job>(transport, { name: `job ${id}`, route: "GET /api/jobs/:id/events", id }, options);
}

function endOf({ id, name, error, status }: Job): ServiceError {
  if (status === "cancelled")
    return new ServiceError({ code: "ABORTED", status: 0, detail: `the ${name} job ${id} was cancelled` });
  const { code, detail, field } = error ?? { code: "INTERNAL", detail: `the ${name} job ${id} failed` };
  return new ServiceError({ code, detail, field, status: 0 });
}
