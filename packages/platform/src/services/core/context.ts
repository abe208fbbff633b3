/** The open resources that all services use; main/ opens them. */

import type { BlobStore } from "../../blobs/blob-store.ts";
import type { MemoryShares } from "../../budget/memory-shares.ts";
import type { Cache } from "../../cache/cache.ts";
import type { Compute } from "../../compute/compute.ts";
import type { Control } from "../../compute/work.ts";
import type { Config } from "../../config/settings.ts";
import type { JobLog as Log, Queue } from "../../jobs/queue.ts";
import type { Monitor } from "../../monitor/monitor.ts";
import type { DiskReserve } from "../../store/embedded/disk-reserve.ts";
import type { OpenDatabase } from "../../store/postgres/open-database.ts";
import type { AlertReceiver } from "../alerts/receivers.ts";

export type { Log };

export interface ServiceContext {
  readonly config: Config;
  /** How the memory is shared out. */
  readonly shares: MemoryShares;
  /** For work that needs a connection beside the pool. */
  readonly databaseUrl: string;
  readonly database: OpenDatabase;
  readonly cache: Cache;
  readonly compute: Compute;
  readonly blobs: BlobStore;
  /** The reserved bytes on the disk of the embedded database. */
  readonly reserve: DiskReserve;
  readonly queue: Queue;
  /** The ids of the trainings that this process runs without a job; it renews their leases. */
  readonly trainings: Set<string>;
  /** The id of this process in the database. */
  readonly processId: string;
  /** Watches the requests and this process. */
  readonly monitor: Monitor;
  /** Who is told of alerts. */
  readonly alertReceivers: readonly AlertReceiver[];
  readonly log: Log;
}

/** One call of a service: its caller, its signal, its time limit. */
export interface Call {
  readonly actor: string;
  readonly requestId: string;
  readonly signal: AbortSignal;
  /** Extends the request's time limit to this many milliseconds from now. */
  readonly allowTime?: (ms: number) => void;
  /** Milliseconds until the request's time limit; undefined where no request waits. */
  readonly timeLeftMs?: () => number;
  /** A request that is sent again with the same key is not done again. */
  readonly idempotency?: { readonly key: string; readonly requestHash: string } | undefined;
}

export function controlOf({ signal, timeLeftMs }: Call): Control {
  return timeLeftMs === undefined ? { signal } : { signal, timeLeftMs };
}
