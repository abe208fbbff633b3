/** Errors of compute, with advice for the caller: whether to retry, and when. */

import { NomalyError } from "@nomaly/detect";
import type { WorkerDeath } from "./pool/worker-process.ts";

/** The `cause` of an error that carries advice. */
interface RetryAdvice {
  readonly retryable: boolean;
  readonly retryAfterSeconds?: number;
}

/** The message leaves out the seconds: the HTTP layer adds them to the text and to the header Retry-After. */
export function overloaded(why: string, retryAfterSeconds: number): NomalyError {
  const cause: RetryAdvice = { retryable: true, retryAfterSeconds };
  return new NomalyError("OVERLOADED", why, { cause });
}

export function workerFailed(what: string): NomalyError {
  const cause: RetryAdvice = { retryable: true };
  return new NomalyError("WORKER", what, { cause });
}

/** The input of a piece of work, as errors name it. */
interface Subject {
  readonly subject: string;
  readonly field: string;
  readonly readsFile: boolean;
  readonly timeMsMax?: number;
}

/** The error that the caller of a piece of work gets when its worker died. */
export function deathError({ subject, field, readsFile }: Subject, death: WorkerDeath, memoryBytesMax: number): NomalyError {
  if (death.cause === "memory") {
    const expected = `work within ${Math.floor(memoryBytesMax / 1024 ** 2)} MiB`;
    const message = `${subject} takes more memory than the ${Math.floor(memoryBytesMax / 1024 ** 2)} MiB that a worker may have: give less at once, or raise memory_limit_bytes`;
    return new NomalyError("TOO_LARGE", message, { field, expected, received: "more" });
  }
  if (death.cause === "crash" && readsFile) {
    const message = `${subject} cannot be read: the process that read it crashed, as readers may on damaged files`;
    return new NomalyError("FILE_READ", message, { field, received: death.detail });
  }
  return workerFailed(`a worker died during its work: ${death.detail}`);
}

/** The error for work that was stopped at its time limit. */
export function tooLong({ subject, field, timeMsMax = 0 }: Subject): NomalyError {
  const seconds = Math.round(timeMsMax / 1000);
  const message = `${subject} took longer than the ${seconds} s that reading it may take: it was given up`;
  return new NomalyError("TOO_LARGE", message, { field, expected: `at most ${seconds} s`, received: "more" });
}

/** For the header Retry-After; undefined for errors without such advice. */
export function retryAfterSecondsOf(error: unknown): number | undefined {
  return adviceOf(error)?.retryAfterSeconds;
}

export function isRetryable(error: unknown): boolean {
  return adviceOf(error)?.retryable ?? false;
}

function adviceOf(error: unknown): RetryAdvice | undefined {
  if (!(error instanceof NomalyError) || typeof error.cause !== "object" || error.cause === null) return undefined;
  return "retryable" in error.cause ? (error.cause as RetryAdvice) : undefined;
}
