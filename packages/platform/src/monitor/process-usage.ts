/** Measures the processor time and the memory of this process and its workers. */

import { readFileSync } from "node:fs";

export interface Usage {
  /** Processor time of each process since its start, milliseconds, by its id. */
  readonly cpuMs: ReadonlyMap<number, number>;
  /** Of all of them together. */
  readonly residentBytes: number;
}

/** The kernel counts in hundredths of a second, and pages are this long, on every machine that Node's Linux builds run on. */
const tickMs = 10;
const pageBytes = 4096;

/** On systems without /proc, workers are not measured. */
export function usageOf(workerPids: readonly number[]): Usage {
  const { user, system } = process.cpuUsage();
  const cpuMs = new Map([[process.pid, (user + system) / 1000]]);
  let residentBytes = process.memoryUsage.rss();
  for (const pid of workerPids) {
    const usage = usageOfWorker(pid);
    if (usage === undefined) continue;
    cpuMs.set(pid, usage.cpuMs);
    residentBytes += usage.residentBytes;
  }
  return { cpuMs, residentBytes };
}

/** The processor time from one measurement to the next: all of a process that has started in between, nothing of one that has ended. */
export function cpuMsBetween(before: Usage, after: Usage): number {
  let sum = 0;
  for (const [pid, cpuMs] of after.cpuMs) sum += Math.max(0, cpuMs - (before.cpuMs.get(pid) ?? 0));
  return sum;
}

function usageOfWorker(pid: number): { cpuMs: number; residentBytes: number } | undefined {
  try {
    // The second field is the program's name in brackets, which may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    const [userTicks, systemTicks, residentPages] = [fields[11], fields[12], fields[21]].map(Number);
    return { cpuMs: (userTicks + systemTicks) * tickMs, residentBytes: residentPages * pageBytes };
  } catch {
    // It has ended, or there is no /proc.
    return undefined;
  }
}
