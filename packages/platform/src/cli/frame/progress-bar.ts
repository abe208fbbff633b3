/** Shows the progress of long work in a line on the terminal. */

import type { CliContext } from "./context.ts";

export interface Progress {
  /** @param share 0 to 1, or undefined if the number of rows is unknown. */
  report(stage: string, share: number | undefined): void;
  clear(): void;
}

/** Work shorter than this shows nothing. */
const quietMs = 500;
const intervalMs = 100;
const barWidth = 24;

/** Writes to stderr, and only to a terminal. */
export function createProgress(context: CliContext): Progress {
  const startedAt = context.now();
  let shownAt = startedAt + quietMs - intervalMs;
  let shown = false;

  function report(stage: string, share: number | undefined): void {
    if (!context.stderrIsTerminal || context.now() - shownAt < intervalMs) return;
    shownAt = context.now();
    shown = true;
    const seconds = Math.round((shownAt - startedAt) / 1000);
    const filled = Math.round((share ?? 0) * barWidth);
    const bar = share === undefined ? "" : ` ${"█".repeat(filled)}${"░".repeat(barWidth - filled)} ${Math.floor(share * 100)} %`;
    context.stderr.write(`\r\u001b[K${stage}${bar} ${seconds} s`);
  }

  return {
    report,
    clear() {
      if (shown) context.stderr.write("\r\u001b[K");
      shown = false;
    },
  };
}
