/** What services work with: opened by main/, the same for all of them. */

import type { BlobStore } from "../../blobs/blob-store.ts";
import type { MemoryShares } from "../../budget/memory-shares.ts";
import type { Cache } from "../../cache/cache.ts";
import type { Compute } from "../../compute/compute.ts";
import type { Control } from "../../compute/work.ts";
import type { Config } from "../../config/settings.ts";
import type { Queue } from "../../jobs/queue.ts";
import type { DiskReserve } from "../../store/embedded/disk-reserve.ts";
import type { OpenDatabase } from "../../store/postgres/open-database.ts";

export interface Log {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface ServiceContext {
  readonly config: Config;
  /** What of the memory goes to whom. */
  readonly shares: MemoryShares;
  /** For work that needs a connection of its own. */
  readonly databaseUrl: string;
  readonly database: OpenDatabase;
  readonly cache: Cache;
  readonly compute: Compute;
  readonly blobs: BlobStore;
  /** Of the disk that the embedded database is on. */
  readonly reserve: DiskReserve;
  readonly queue: Queue;
  /** The trainings that this process runs without a job, by id: it keeps saying that it is still at them. */
  readonly trainings: Set<string>;
  readonly log: Log;
}

/** One call of a service: who asks, and when to stop. */
export interface Call {
  readonly actor: string;
  readonly requestId: string;
  readonly signal: AbortSignal;
  /** Work that takes long for a good reason may take so many milliseconds from now on, whatever the limit of a request is. */
  readonly allowTime?: (ms: number) => void;
  /** Milliseconds until whoever asked is answered in any case; undefined where nobody waits. */
  readonly timeLeftMs?: () => number;
  /** The same request sent again must not be done again. */
  readonly idempotency?: { readonly key: string; readonly requestHash: string } | undefined;
}

/** What compute is told of a call. */
export function controlOf({ signal, timeLeftMs }: Call): Control {
  return timeLeftMs === undefined ? { signal } : { signal, timeLeftMs };
}
