/** Runs some work now and again after each interval, never twice at once, until it is closed. */

export interface Repeated {
  /** Aborts the work under way and resolves when that has ended. */
  close(): Promise<void>;
}

export interface RepeatOptions {
  readonly everyMs: number;
  /** Not called for work that fails after `close`. */
  readonly onError: (error: unknown) => void;
}

export function repeat(work: (signal: AbortSignal) => Promise<void>, { everyMs, onError }: RepeatOptions): Repeated {
  const ending = new AbortController();
  let working: Promise<void> | undefined;
  const begin = () => {
    working ??= work(ending.signal)
      .catch((error: unknown) => {
        if (!ending.signal.aborted) onError(error);
      })
      .finally(() => (working = undefined));
  };
  const timer = setInterval(begin, everyMs);
  timer.unref();
  begin();
  return {
    async close() {
      clearInterval(timer);
      ending.abort();
      await working;
    },
  };
}
