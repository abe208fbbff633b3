/** Errors that tell the caller whether and when trying again may help. */

import { NomalyError } from "@nomaly/detect";
import type { WorkerDeath } from "./pool/worker-process.ts";

/** Travels as the cause of the error. */
interface RetryAdvice {
  readonly retryable: boolean;
  readonly retryAfterSeconds?: number;
}

/** Whoever tells it to a client says the seconds, in the text and in the header: the message leaves them out. */
export function overloaded(why: string, retryAfterSeconds: number): NomalyError {
  const cause: RetryAdvice = { retryable: true, retryAfterSeconds };
  return new NomalyError("OVERLOADED", why, { cause });
}

export function workerFailed(what: string): NomalyError {
  const cause: RetryAdvice = { retryable: true };
  return new NomalyError("WORKER", what, { cause });
}

/** What a worker worked on, as errors about it call it. */
interface Subject {
  readonly subject: string;
  readonly field: string;
  readonly readsFile: boolean;
  readonly timeMsMax?: number;
}

/** What the end of a worker means to whoever asked for its work. */
export function deathError({ subject, field, readsFile }: Subject, death: WorkerDeath, memoryBytesMax: number): NomalyError {
  if (death.cause === "memory") {
    const expected = `work within ${Math.floor(memoryBytesMax / 1024 ** 2)} MiB`;
    const message = `${subject} takes more memory than the ${Math.floor(memoryBytesMax / 1024 ** 2)} MiB that a worker may have: give less at once, or raise memory_limit_bytes`;
    return new NomalyError("TOO_LARGE", message, { field, expected, received: "more" });
  }
  if (death.cause === "crash" && readsFile) {
    const message = `${subject} cannot be read: its reader broke down in the middle of it, as readers do over damaged files`;
    return new NomalyError("FILE_READ", message, { field, received: death.detail });
  }
  return workerFailed(`a worker stopped in the middle of its work: ${death.detail}`);
}

/** Its time was over, and it was ended. */
export function tooLong({ subject, field, timeMsMax = 0 }: Subject): NomalyError {
  const seconds = Math.round(timeMsMax / 1000);
  const message = `${subject} took longer than the ${seconds} s that reading it may take: it was given up`;
  return new NomalyError("TOO_LARGE", message, { field, expected: `at most ${seconds} s`, received: "more" });
}

/** For the header Retry-After; undefined for errors that do not say. */
export function retryAfterSecondsOf(error: unknown): number | undefined {
  return adviceOf(error)?.retryAfterSeconds;
}

/** True when the same work may succeed if it is tried again. */
export function isRetryable(error: unknown): boolean {
  return adviceOf(error)?.retryable ?? false;
}

function adviceOf(error: unknown): RetryAdvice | undefined {
  if (!(error instanceof NomalyError) || typeof error.cause !== "object" || error.cause === null) return undefined;
  return "retryable" in error.cause ? (error.cause as RetryAdvice) : undefined;
}
