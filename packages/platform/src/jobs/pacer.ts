/** The pauses of a polling loop: short after an event, then longer up to a limit. */

export interface Pacer {
  /** Resolves after the pause, or at the next `hurry`. */
  readonly wait: () => Promise<void>;
  /** Ends the pause and makes the next ones short: a job may be there now or in a moment. */
  readonly hurry: () => void;
  /** Ends the present pause and all further ones. */
  readonly stop: () => void;
}

const shortestMs = 10;

export function createPacer(longestMs: number): Pacer {
  let pauseMs = shortestMs;
  let isStopped = false;
  let wake: (() => void) | undefined;

  function wait(): Promise<void> {
    if (isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(done, Math.min(pauseMs, longestMs));
      pauseMs = Math.min(pauseMs * 2, longestMs);
      function done(): void {
        clearTimeout(timer);
        wake = undefined;
        resolve();
      }
      wake = done;
    });
  }

  return {
    wait,
    hurry: () => {
      pauseMs = shortestMs;
      wake?.();
    },
    stop: () => {
      isStopped = true;
      wake?.();
    },
  };
}
