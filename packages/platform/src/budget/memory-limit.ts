/** Finds how much memory this process and its children may take together: the container's limit, else the machine's memory. */

import { readFileSync } from "node:fs";
import { totalmem } from "node:os";

/** Files with the container's limit: version 2 of control groups, then version 1. */
const limitFiles = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] as const;

export interface MemoryFacts {
  /** The content of a file; undefined where there is no such file. */
  readonly readText: (path: string) => string | undefined;
  readonly machineBytes: number;
}

/** The file of a container without a limit holds "max", or a number larger than any machine has. */
export function availableMemoryBytes(facts: MemoryFacts = { readText, machineBytes: totalmem() }): number {
  for (const path of limitFiles) {
    const limit = Number(facts.readText(path)?.trim());
    if (limit > 0 && limit < facts.machineBytes) return limit;
  }
  return facts.machineBytes;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Without Linux or control groups, the machine's memory is the limit.
    return undefined;
  }
}
