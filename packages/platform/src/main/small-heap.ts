/**
 * Restarts the process with flags for a small heap where memory is small: V8 then collects garbage sooner, instead of letting the heap
 * grow with every burst of requests. V8 takes these flags at the start only, so the process replaces itself before it opens anything.
 */

import { availableMemoryBytes } from "../budget/memory-limit.ts";
import type { Config } from "../config/settings.ts";

/** With this much memory, V8's own settings stay. */
const smallMemoryBytes = 4 * 1024 ** 3;
/** Growth of the heap after a collection, and the size of the young generation: V8's defaults are many times larger. */
const flags = ["--heap-growing-percent=20", "--max-semi-space-size=4"] as const;

/** Returns when the process needs no restart, or cannot replace itself. */
export function restartWithSmallHeap({ memoryLimitBytes = availableMemoryBytes() }: Config): void {
  if (memoryLimitBytes >= smallMemoryBytes || process.execArgv.includes(flags[0])) return;
  // Some systems and versions of Node have no `execve`: then V8's own settings stay.
  const { execve } = process as { execve?: (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => void };
  execve?.(process.execPath, [process.execPath, ...flags, ...process.execArgv, ...process.argv.slice(1)], process.env);
}
