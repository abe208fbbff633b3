/** What a command may use of the world: made once in main/, so that tests and other hosts can give their own. */

import type { Readable, Writable } from "node:stream";
import type { Config } from "../../config/settings.ts";
import type { TemporaryFiles } from "../../files/local/temporary.ts";
import { printable, unprintablePattern } from "../../report/printable.ts";

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
  /** The service's side, loaded when a command needs it. */
  readonly serviceHost: () => Promise<ServiceHost>;
}

/** What commands can do with the service: built by main/. */
export interface ServiceHost {
  serve(config: Config, signal: AbortSignal): Promise<RunningService & { readonly url: string }>;
  work(config: Config, signal: AbortSignal): Promise<RunningService & { readonly url: string | undefined }>;
  withKeys<Value>(config: Config, work: (keys: KeyAdministration) => Promise<Value>): Promise<Value>;
}

export interface RunningService {
  /** In words: which database, which cache. */
  readonly where: string;
  close(): Promise<void>;
}

export type KeyList = readonly {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly state: "valid" | "revoked" | "expired";
  readonly created_at: string;
  readonly last_used_at: string | null;
}[];

export interface KeyAdministration {
  create(given: {
    readonly name: string;
    readonly scopes: readonly string[];
    readonly expiresAt: Date | null;
  }): Promise<{ readonly id: string; readonly key: string }>;
  list(): Promise<KeyList>;
  revoke(id: string): Promise<void>;
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
