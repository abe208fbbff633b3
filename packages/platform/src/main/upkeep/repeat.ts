/** Work that is done at once and again every so often, one at a time, for as long as the service is open. */

export interface Repeated {
  /** The signal of the work fires; resolves when what is under way has ended. */
  close(): Promise<void>;
}

export interface RepeatOptions {
  readonly everyMs: number;
  /** Not called for what fails because it is closed. */
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
