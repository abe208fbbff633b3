/** Runs the command inside this process with its own streams and folder, which saves the start of a process. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { runCli } from "../src/cli/frame/run.ts";
import { createTemporaryFiles } from "../src/files/local/temporary.ts";

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly stdin?: string | Uint8Array;
  readonly signal?: AbortSignal;
  readonly width?: number;
}

export async function runInProcess(words: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const [stdout, stderr] = [collector(), collector()];
  const temporary = createTemporaryFiles();
  const context = {
    stdin: Readable.from([Buffer.from(options.stdin ?? "")]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    colour: false,
    width: options.width ?? 120,
    temporary,
    signal: options.signal ?? new AbortController().signal,
    now: () => performance.now(),
    serviceHost: async () => (await import("../src/main/service-host.ts")).createServiceHost("0.0.0"),
  };
  const code = await runCli(words, context, "0.0.0-test");
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function collector(): { readonly stream: Writable; text(): string } {
  const parts: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      parts.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream, text: () => Buffer.concat(parts).toString() };
}

/** Makes a folder for one test file. */
export interface TestFolder {
  readonly path: string;
  /** Writes a file. @returns its path. */
  write(name: string, content: string | Uint8Array): string;
  file(name: string): string;
  read(name: string): string;
  exists(name: string): boolean;
  names(): string[];
  remove(): void;
}

export function createTestFolder(): TestFolder {
  const path = mkdtempSync(join(tmpdir(), "nomaly-test-"));
  const file = (name: string) => join(path, name);
  return {
    path,
    file,
    write(name, content) {
      writeFileSync(file(name), content);
      return file(name);
    },
    read: (name) => readFileSync(file(name), "utf8"),
    exists: (name) => existsSync(file(name)),
    names: () => readdirSync(path).sort(),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** 200 rows around (10, 100); the last is far away in `power`. */
export function plantRows(): { readonly speed: number; readonly power: number; readonly site: string; readonly label: number }[] {
  return Array.from({ length: 200 }, (_, row) => ({
    speed: 10 + ((row * 7) % 13) / 13,
    power: row === 199 ? 900 : 100 + ((row * 11) % 17),
    site: ["north", "south"][row % 2],
    label: row === 199 ? 1 : 0,
  }));
}

export function toCsv(rows: readonly Readonly<Record<string, unknown>>[], delimiter = ","): string {
  const names = Object.keys(rows[0]);
  return `${[names, ...rows.map((row) => names.map((name) => String(row[name])))].map((cells) => cells.join(delimiter)).join("\n")}\n`;
}
