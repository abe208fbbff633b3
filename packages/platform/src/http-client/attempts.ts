/** Retries a call where that is safe, with growing waits, until the deadline of the caller. */

import { setTimeout as sleep } from "node:timers/promises";
import { mayRepeat } from "./outgoing-error.ts";

export interface AttemptOptions<T> {
  readonly attemptsMax: number;
  readonly isRepeatable: boolean;
  /** In milliseconds of `performance.now()`. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  readonly random: () => number;
  /** Undefined for a final answer. Else the server asks for a retry, after `waitMs` if it gave a time. */
  readonly askedToWait: (answer: T) => { readonly waitMs: number | undefined } | undefined;
  /** Frees an answer that the caller does not get. */
  readonly discard: (answer: T) => void;
  readonly onRetry: () => void;
}

const waitMsFirst = 100;
const waitMsMax = 5000;

/** @throws the error of the last attempt. */
export async function withAttempts<T>(attempt: () => Promise<T>, options: AttemptOptions<T>): Promise<T> {
  const { attemptsMax, isRepeatable, deadlineMs, signal, random } = options;
  for (let attempts = 1; ; attempts++) {
    let waitMs = waitMsFirst * 2 ** (attempts - 1);
    // Half of the wait is random, so that callers that failed together do not retry together.
    waitMs = Math.min(waitMs, waitMsMax) * (0.5 + random() / 2);
    try {
      const answer = await attempt();
      const asked = isRepeatable && attempts < attemptsMax ? options.askedToWait(answer) : undefined;
      if (asked === undefined) return answer;
      waitMs = asked.waitMs ?? waitMs;
      if (performance.now() + waitMs >= deadlineMs) return answer;
      options.discard(answer);
    } catch (error) {
      const isLast = attempts >= attemptsMax || signal.aborted || performance.now() + waitMs >= deadlineMs;
      if (isLast || !mayRepeat(error, isRepeatable)) throw error;
    }
    options.onRetry();
    await sleep(waitMs, undefined, { signal });
  }
}
