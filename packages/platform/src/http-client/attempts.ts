/** Tries again where that is safe, later each time, and never beyond the time the caller has. */

import { setTimeout as sleep } from "node:timers/promises";
import { mayRepeat } from "./outgoing-error.ts";

export interface AttemptOptions<T> {
  readonly attemptsMax: number;
  readonly isRepeatable: boolean;
  /** Of real time, `performance.now()`. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  readonly random: () => number;
  /** Undefined: the answer is final. Else it asks to come again, after so many milliseconds or when it suits. */
  readonly askedToWait: (answer: T) => { readonly waitMs: number | undefined } | undefined;
  /** An answer that is not given to the caller. */
  readonly discard: (answer: T) => void;
  readonly onRetry: () => void;
}

const waitMsFirst = 100;
const waitMsMax = 5000;

/** @throws the last failure. */
export async function withAttempts<T>(attempt: () => Promise<T>, options: AttemptOptions<T>): Promise<T> {
  const { attemptsMax, isRepeatable, deadlineMs, signal, random } = options;
  for (let attempts = 1; ; attempts++) {
    let waitMs = waitMsFirst * 2 ** (attempts - 1);
    // Half of it by chance: callers that failed together do not come back together.
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
