/** Shows the progress of long work: in a line on the terminal that is written over, or in lines where there is none. */

import type { Arguments } from "./arguments.ts";
import { type CliContext, note } from "./context.ts";

export interface Progress {
  /** @param share 0 to 1, or undefined if the number of rows is unknown. */
  report(stage: string, share: number | undefined): void;
  clear(): void;
}

/** Work shorter than this shows nothing. */
const quietMs = 500;
/** Between two changes of the line on a terminal. */
const intervalMs = 100;
/** Between two lines of one stage elsewhere. */
const lineIntervalMs = 5000;
const barWidth = 24;

/** Writes to stderr: to a terminal always, elsewhere lines where `--progress` asks for them. */
export function createProgress(context: CliContext, given: Pick<Arguments, "has">): Progress {
  if (context.stderrIsTerminal) return progressBar(context);
  return given.has("progress") ? progressLines(context) : { report: () => undefined, clear: () => undefined };
}

function progressBar(context: CliContext): Progress {
  const startedAt = context.now();
  let shownAt = startedAt + quietMs - intervalMs;
  let shownStage: string | undefined;

  function report(stage: string, share: number | undefined): void {
    const now = context.now();
    // A new stage is shown at once: it may be long until it reports again.
    const wait = stage === shownStage || now - startedAt < quietMs ? intervalMs : 0;
    if (now - shownAt < wait) return;
    shownAt = now;
    shownStage = stage;
    const filled = Math.round((share ?? 0) * barWidth);
    const bar = share === undefined ? "" : ` ${"█".repeat(filled)}${"░".repeat(barWidth - filled)} ${Math.floor(share * 100)} %`;
    context.stderr.write(`\r\u001b[K${stage}${bar} ${secondsText(now - startedAt)}`);
  }

  return {
    report,
    clear() {
      if (shownStage !== undefined) context.stderr.write("\r\u001b[K");
      shownStage = undefined;
    },
  };
}

function progressLines(context: CliContext): Progress {
  const startedAt = context.now();
  let shownAt = startedAt;
  let shownStage: string | undefined;
  return {
    report(stage, share) {
      const now = context.now();
      if (stage === shownStage && now - shownAt < lineIntervalMs) return;
      shownAt = now;
      shownStage = stage;
      note(context, `${stage}${share === undefined ? "" : ` ${Math.floor(share * 100)} %`}, ${secondsText(now - startedAt)}`);
    },
    clear: () => undefined,
  };
}

function secondsText(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} s`;
}
