/**
 * Where there is little memory, the engine is to collect its garbage sooner, instead of letting the heap grow with every burst of requests.
 * It takes such wishes at its start only: so the process replaces itself once, before anything is open.
 */

import { availableMemoryBytes } from "../budget/memory-limit.ts";
import type { Config } from "../config/settings.ts";

/** With more memory the engine decides by itself. */
const smallMemoryBytes = 4 * 1024 ** 3;
/** Growth of the heap after a collection, and the space for what has just been made: the engine's own choices are many times these. */
const flags = ["--heap-growing-percent=20", "--max-semi-space-size=4"] as const;

/** Comes back where nothing is to be done, or the system cannot do it. */
export function restartWithSmallHeap({ memoryLimitBytes = availableMemoryBytes() }: Config): void {
  if (memoryLimitBytes >= smallMemoryBytes || process.execArgv.includes(flags[0])) return;
  // Not on every system, and not in every version of Node: then the heap grows as it does.
  const { execve } = process as { execve?: (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => void };
  execve?.(process.execPath, [process.execPath, ...flags, ...process.execArgv, ...process.argv.slice(1)], process.env);
}
