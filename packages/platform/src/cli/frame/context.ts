/** Streams, clock and terminal of a command, created in main/; tests pass their own. */

import type { Readable, Writable } from "node:stream";
import type { Config } from "../../config/settings.ts";
import type { TemporaryFiles } from "../../files/local/temporary.ts";
import { printable, unprintablePattern } from "../../report/printable.ts";
import type { DatabaseAdministration } from "./database-administration.ts";

export interface CliContext {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly stdoutIsTerminal: boolean;
  /** Whether to show a progress bar. */
  readonly stderrIsTerminal: boolean;
  readonly colour: boolean;
  readonly width: number;
  readonly temporary: TemporaryFiles;
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly now: () => number;
  /** Loads the service, for commands that need it. */
  readonly serviceHost: () => Promise<ServiceHost>;
}

/** What commands can do with the service; main/ implements it. */
export interface ServiceHost {
  serve(config: Config, signal: AbortSignal): Promise<RunningService & { readonly url: string }>;
  work(config: Config, signal: AbortSignal): Promise<RunningService & { readonly url: string | undefined }>;
  withKeys<Value>(config: Config, work: (keys: KeyAdministration) => Promise<Value>): Promise<Value>;
  withDatabase<Value>(
    config: Config,
    signal: AbortSignal,
    work: (database: DatabaseAdministration) => Promise<Value>,
  ): Promise<Value>;
}

export interface RunningService {
  /** Database and cache in words. */
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

export function secondsSince(context: CliContext, startedAt: number): number {
  return Math.round(context.now() - startedAt) / 1000;
}

export function say(context: CliContext, text: string): void {
  context.stdout.write(`${text}\n`);
}

/** Escapes control characters, so that a terminal can show the document. */
export function sayJson(context: CliContext, document: unknown): void {
  const text = JSON.stringify(document, null, 2);
  say(
    context,
    text.replaceAll(unprintablePattern, (letter) =>
      letter === "\n" ? letter : `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ),
  );
}

/** Writes one line for people to standard error, apart from output for programs. */
export function note(context: CliContext, text: string): void {
  context.stderr.write(`nomaly: ${printable(text.replaceAll(/\s*\n\s*/g, " "))}\n`);
}
