/** Measures the resident memory of a process and its descendants again and again: the least that a container would be charged. */

import { readdirSync, readFileSync } from "node:fs";
import { setInterval } from "node:timers";

export interface MemoryWatch {
  /** The largest sum since the last call, in bytes. */
  takePeakBytes(): number;
  stop(): void;
}

const lookMs = 50;
const pageBytes = 4096;

/** Only Linux has these files. */
export const canWatchMemory = process.platform === "linux";

export function watchMemory(rootPid: number): MemoryWatch {
  let peakBytes = 0;
  const look = () => {
    peakBytes = Math.max(peakBytes, residentBytesOf(rootPid));
  };
  const timer = setInterval(look, lookMs);
  timer.unref();
  return {
    takePeakBytes() {
      look();
      const peak = peakBytes;
      peakBytes = 0;
      return peak;
    },
    stop: () => clearInterval(timer),
  };
}

export function residentBytesOf(rootPid: number): number {
  const childrenOf = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = parentOf(pid);
    if (parent !== undefined) childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), pid]);
  }
  let [sum, pids] = [0, [rootPid]];
  while (pids.length > 0) {
    sum += pids.reduce((bytes, pid) => bytes + ownBytesOf(pid), 0);
    pids = pids.flatMap((pid) => childrenOf.get(pid) ?? []);
  }
  return sum;
}

function parentOf(pid: number): number | undefined {
  const text = readOrNothing(`/proc/${pid}/stat`);
  // The name in brackets may hold spaces and brackets.
  return text === "" ? undefined : Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
}

function ownBytesOf(pid: number): number {
  return Number(readOrNothing(`/proc/${pid}/statm`).split(" ")[1] ?? 0) * pageBytes;
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // The process has ended since it was listed.
    return "";
  }
}
