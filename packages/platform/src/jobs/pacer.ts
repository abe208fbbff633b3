/** The pauses of a loop that looks for work: short after something happened, then longer up to a bound. */

export interface Pacer {
  /** Resolves after the pause, or as soon as somebody hurries. */
  readonly wait: () => Promise<void>;
  /** Something may be there now, or will be in a moment: the coming pauses are short. */
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
