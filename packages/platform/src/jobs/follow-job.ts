/** Follows a job by polling the database, whichever process runs it. */

import { setTimeout as sleep } from "node:timers/promises";
import { NomalyError } from "@nomaly/detect";
import { isPassing } from "../store/postgres/database-error.ts";
import { hasEnded, type JobRecord } from "./job-types.ts";

const shortestMs = 250;
const longestMs = 2000;
const growth = 1.5;

/** Yields the job now and at each change, until it has ended or the signal fires. Waits while the database is away. */
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
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * growth, longestMs);
  }
}

/** `undefined` when the database does not answer now. */
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
