/** Finds the database: the server that the settings name, or the embedded one, which it starts or joins. */

import { availableMemoryBytes } from "../budget/memory-limit.ts";
import type { Config } from "../config/settings.ts";
import { type DiskReserve, noReserve } from "../store/embedded/disk-reserve.ts";
import { startEmbedded } from "../store/embedded/start-embedded.ts";
import type { Closing } from "./closing.ts";

export interface FoundDatabase {
  readonly url: string;
  readonly isEmbedded: boolean;
  readonly reserve: DiskReserve;
}

/** @throws NomalyError DATABASE, CONFIG. */
export async function findDatabase(config: Config, closing: Closing, signal?: AbortSignal): Promise<FoundDatabase> {
  if (config.databaseUrl !== undefined) return { url: config.databaseUrl, isEmbedded: false, reserve: noReserve };
  const embedded = closing.opened(
    await startEmbedded(config.dataDir, signal, config.memoryLimitBytes ?? availableMemoryBytes()),
    (open) => open.stop(),
  );
  return { url: embedded.url, isEmbedded: true, reserve: embedded.reserve };
}
