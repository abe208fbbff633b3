/** What a command may use of the world: made once in main/, so that tests and other hosts can give their own. */

import type { Readable, Writable } from "node:stream";
import type { TemporaryFiles } from "../files/temporary.ts";
import { printable, unprintablePattern } from "../report/printable.ts";

export interface CliContext {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly stdoutIsTerminal: boolean;
  /** Decides about the progress bar. */
  readonly stderrIsTerminal: boolean;
  readonly colour: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  /** Removed when the run ends. */
  readonly temporary: TemporaryFiles;
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly now: () => number;
}

export function say(context: CliContext, text: string): void {
  context.stdout.write(`${text}\n`);
}

/** Control characters stand escaped, so that the document may be looked at on a terminal. */
export function sayJson(context: CliContext, document: unknown): void {
  const text = JSON.stringify(document, null, 2);
  say(
    context,
    text.replaceAll(unprintablePattern, (letter) =>
      letter === "\n" ? letter : `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ),
  );
}

/** One line for people; never mixed into output that a program reads. */
export function note(context: CliContext, text: string): void {
  context.stderr.write(`nomaly: ${printable(text.replaceAll(/\s*\n\s*/g, " "))}\n`);
}
