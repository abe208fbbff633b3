/** Decides how many workers each lane has, and the limits of each worker. */

import { threadCount } from "@nomaly/detect";
import { availableMemoryBytes } from "../../budget/memory-limit.ts";
import { type MemoryShares, memoryShares, workerMemory } from "../../budget/memory-shares.ts";
import { type RowLimits, rowLimitDefaults } from "../rows/parse-rows.ts";
import type { Lane } from "./work-queue.ts";
import type { WorkerOptions } from "./worker-process.ts";

const unpackedBytesDefault = 64 * 1024 ** 3;

export interface LaneOptions {
  readonly rowLimits?: RowLimits;
  /** Environment variables with secrets, which workers do not get. */
  readonly hiddenVariables?: readonly string[];
  /** Most bytes that a compressed file may unpack to. Default: 64 GiB. */
  readonly unpackedBytesMax?: number;
  readonly faults?: unknown;
}

/** Shares of the memory that this process may use. */
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
