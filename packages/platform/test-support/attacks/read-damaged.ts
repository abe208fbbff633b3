/** Lets a child process read damaged files one after the other, and counts the outcomes. */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DamagedFile } from "./damaged-files.ts";
import type { ReadOutcome } from "./read-file-child.ts";

export interface DamageReport {
  /** Files by outcome: an error code, or "read". */
  readonly countOfOutcome: Readonly<Record<string, number>>;
  /** Files at which the process ended, hung, took too much memory, or threw an error without a code. */
  readonly faults: readonly string[];
}

const program = join(import.meta.dirname, "read-file-child.ts");
const startMsMax = 120_000;
const readMsMax = 10_000;
/** Includes the memory of DuckDB and Node before the first file. */
const peakBytesMax = 1024 ** 3;
/** Files that one process reads before the next process, with its own peak of memory, goes on. */
const filesOfProcess = 250;

export async function readDamaged(files: Iterable<DamagedFile>): Promise<DamageReport> {
  const folder = mkdtempSync(join(tmpdir(), "nomaly-damaged-"));
  const countOfOutcome: Record<string, number> = {};
  const faults: string[] = [];
  let child: ChildProcess | undefined;
  let fileCount = 0;
  try {
    for (const file of files) {
      if (child !== undefined && (child.exitCode !== null || child.signalCode !== null || fileCount % filesOfProcess === 0)) {
        await end(child);
        child = undefined;
      }
      child ??= await start();
      fileCount++;
      const path = join(folder, file.name);
      writeFileSync(path, file.bytes);
      const { outcome, fault } = await outcomeOf(child, path);
      countOfOutcome[outcome] = (countOfOutcome[outcome] ?? 0) + 1;
      if (fault !== undefined) faults.push(`seed ${file.seed} (${file.what}): ${fault}`);
      rmSync(path);
    }
  } finally {
    if (child !== undefined) await end(child);
    rmSync(folder, { recursive: true, force: true });
  }
  return { countOfOutcome, faults };
}

async function start(): Promise<ChildProcess> {
  const child = fork(program, { execArgv: ["--conditions=source"], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  await once(child, "message", { signal: AbortSignal.timeout(startMsMax) });
  return child;
}

async function outcomeOf(child: ChildProcess, path: string): Promise<{ readonly outcome: string; readonly fault?: string }> {
  const stop = new AbortController();
  const { signal } = stop;
  const replied = once(child, "message", { signal }).then(([outcome]) => outcome as ReadOutcome);
  const ended = once(child, "exit", { signal }).then(([code, name]) => `the process ended with ${String(name ?? code)}`);
  const late = once(AbortSignal.timeout(readMsMax), "abort", { signal }).then(() => `no end within ${readMsMax} ms`);
  child.send(path);
  const first = await Promise.race([replied, ended, late]);
  stop.abort();
  await Promise.allSettled([replied, ended, late]);
  if (typeof first === "string") {
    await end(child);
    return { outcome: "fault", fault: first };
  }
  const { outcome, message, peakBytes } = first;
  if (outcome === "uncoded") return { outcome, fault: message };
  if (peakBytes <= peakBytesMax) return { outcome };
  await end(child);
  return { outcome, fault: `the process took ${peakBytes} bytes` };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
