/** Errors that tell the caller whether and when trying again may help. */

import { NomalyError } from "@nomaly/detect";

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
