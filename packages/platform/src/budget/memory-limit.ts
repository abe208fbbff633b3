/** How much memory this process and its children may take together: the container's limit, else the machine's memory. */

import { readFileSync } from "node:fs";
import { totalmem } from "node:os";

/** The container's limit by version 2 of control groups, then by version 1. */
const limitFiles = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] as const;

export interface MemoryFacts {
  /** Content of a file, undefined where it is not there. */
  readonly readText: (path: string) => string | undefined;
  readonly machineBytes: number;
}

/** Bytes. A container without a limit says "max", or a number larger than any machine has. */
export function availableMemoryBytes({ readText, machineBytes }: MemoryFacts = thisMachine()): number {
  for (const path of limitFiles) {
    const limit = Number(readText(path)?.trim());
    if (limit > 0 && limit < machineBytes) return limit;
  }
  return machineBytes;
}

function thisMachine(): MemoryFacts {
  return { readText, machineBytes: totalmem() };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not Linux, or no control groups: the machine's memory is the limit.
    return undefined;
  }
}
