/** Keeps the thread pools of a library: one for each size asked for, opened when first needed. */

import type { AnyDetector } from "../detector/detector.ts";
import { NomalyError } from "../errors.ts";
import { orOneThread } from "../threads/or-one-thread.ts";
import { singleThread } from "../threads/single-thread.ts";
import { taskTable } from "../threads/task-table.ts";
import { createThreadPool, threadCountMax } from "../threads/thread-pool.ts";
import type { Threads } from "../threads/threads.ts";
import type { WorkerHost } from "../threads/worker-host.ts";

/** "auto" stays on the caller's thread for inputs smaller than this many values: starting workers would cost more. */
const autoValueCountMin = 20_000;

export interface ThreadSource {
  readonly open: (threads: number | "auto" | undefined, valueCount: number) => Threads;
  readonly count: () => number;
  readonly close: () => Promise<void>;
}

export function createThreadSource(detectors: readonly AnyDetector[], host: WorkerHost | undefined): ThreadSource {
  const caller = singleThread(taskTable(detectors));
  const pools = new Map<number, Threads>();
  let isLost = false;
  const count = () => (isLost ? 1 : (host?.threadCount() ?? 1));

  /** From now on all is done on the caller's thread. */
  function lose({ message }: Error): void {
    if (!isLost) host?.warn?.(`${message}; all work is done on one thread`, "NOMALY_ONE_THREAD");
    isLost = true;
  }

  function open(threads: number | "auto" | undefined, valueCount: number): Threads {
    const isAuto = threads === undefined || threads === "auto";
    if (!isAuto) requireThreadCount(threads);
    const wanted = isAuto ? (valueCount < autoValueCountMin ? 1 : count()) : threads;
    // Without shared memory (a page that is not isolated) one thread does it all.
    if (host === undefined || wanted === 1 || count() === 1) return caller;
    let pool = pools.get(wanted);
    if (pool === undefined) {
      pool = orOneThread(createThreadPool(wanted, host), caller, lose);
      pools.set(wanted, pool);
    }
    return pool;
  }

  async function close(): Promise<void> {
    const open = [...pools.values()];
    pools.clear();
    await Promise.all(open.map((pool) => pool.close()));
  }

  return { open, count, close };
}

function requireThreadCount(threads: number): void {
  if (Number.isInteger(threads) && threads >= 1 && threads <= threadCountMax) return;
  throw new NomalyError("PARAM", `threads must be "auto" or a whole number from 1 to ${threadCountMax}, got ${String(threads)}`, {
    field: "threads",
    expected: `1 to ${threadCountMax}`,
    received: String(threads),
  });
}
