/** What happens to a job, as it happens, in whatever process. */

import { NomalyError } from "@nomaly/detect";
import { isPassing } from "../store/postgres/database-error.ts";
import { hasEnded, type JobRecord } from "./job-types.ts";

const shortestMs = 250;
const longestMs = 2000;
const growth = 1.5;

/** The job now and at each change, until it has ended or the signal fires. A database that is away for a while is waited for. */
export async function* followJob(
  id: string,
  read: (id: string) => Promise<JobRecord | undefined>,
  signal: AbortSignal,
): AsyncGenerator<JobRecord, void> {
  let shown: string | undefined;
  let pauseMs = shortestMs;
  while (!signal.aborted) {
    const job = await readPatiently(id, read);
    if (job === "gone") {
      if (shown === undefined) throw new NomalyError("NOT_FOUND", `there is no job ${id}`, { field: "job_id", received: id });
      return;
    }
    const text = job === undefined ? shown : JSON.stringify(job);
    if (job !== undefined && text !== shown) {
      shown = text;
      pauseMs = shortestMs;
      yield job;
      if (hasEnded(job)) return;
    }
    await pause(pauseMs, signal);
    pauseMs = Math.min(pauseMs * growth, longestMs);
  }
}

/** `undefined` when the database cannot say now. */
async function readPatiently(
  id: string,
  read: (id: string) => Promise<JobRecord | undefined>,
): Promise<JobRecord | "gone" | undefined> {
  try {
    return (await read(id)) ?? "gone";
  } catch (error) {
    if (isPassing(error)) return undefined;
    throw error;
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
