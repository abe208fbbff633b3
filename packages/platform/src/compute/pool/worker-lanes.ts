/** How many workers there are for what, and what each may take. */

import { threadCount } from "@nomaly/detect";
import { availableMemoryBytes } from "../../budget/memory-limit.ts";
import { type MemoryShares, memoryShares, workerMemory } from "../../budget/memory-shares.ts";
import { type RowLimits, rowLimitDefaults } from "../rows/parse-rows.ts";
import type { Lane } from "./work-queue.ts";
import type { WorkerOptions } from "./worker-process.ts";

/** What a file may unpack to where nobody says it. */
const unpackedBytesDefault = 64 * 1024 ** 3;

export interface LaneOptions {
  readonly rowLimits?: RowLimits;
  /** Variables of the environment that carry secrets: no worker gets them. */
  readonly hiddenVariables?: readonly string[];
  /** What a file may unpack to. */
  readonly unpackedBytesMax?: number;
  readonly faults?: unknown;
}

/** Those of the memory that there is. */
export function defaultShares(workerCount = threadCount()): MemoryShares {
  return memoryShares({ limitBytes: availableMemoryBytes(), hasEmbeddedDatabase: false, workerCount });
}

export function lanesOf(
  { workers }: MemoryShares,
  options: LaneOptions,
): Readonly<Record<Lane, { readonly count: number; readonly worker: WorkerOptions }>> {
  const lane = (count: number, memoryBytesMax: number, isBackground: boolean) => {
    const { heapMib, databaseMib, fitBytes, modelBytes } = workerMemory(memoryBytesMax);
    const settings = {
      limits: options.rowLimits ?? rowLimitDefaults,
      modelBytesMax: modelBytes,
      databaseMibMax: databaseMib,
      fitBytesMax: fitBytes,
      unpackedBytesMax: options.unpackedBytesMax ?? unpackedBytesDefault,
      isBackground,
      allowsFaults: options.faults !== undefined,
    };
    const hiddenVariables = options.hiddenVariables ?? [];
    return { count, worker: { settings, memoryBytesMax, heapMibMax: heapMib, hiddenVariables } };
  };
  return {
    short: lane(workers.shortCount, workers.shortBytes, false),
    file: lane(workers.fileCount, workers.fileBytes, true),
    long: lane(workers.longCount, workers.longBytes, true),
  };
}
