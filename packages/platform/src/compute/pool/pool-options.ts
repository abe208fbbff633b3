/** Options of the pool of workers. */

import type { Fault, OrderKind } from "../messages.ts";
import type { Lane, QueueLimits } from "./work-queue.ts";
import type { StartWorker, WorkerOptions } from "./worker-process.ts";

export interface WorkerPoolOptions {
  /** Workers of each lane, and their limits. Short work also uses free workers of the long lane. */
  readonly lanes: Readonly<Record<Lane, { readonly count: number; readonly worker: WorkerOptions }>>;
  /** True if there is memory enough to keep idle workers. */
  readonly isRoomy: boolean;
  readonly limits: QueueLimits;
  readonly start: StartWorker;
  readonly clock: { now(): number };
  /** For tests: the fault that a worker commits in an attempt. */
  readonly faults?: ((kind: OrderKind, attempt: number) => Fault | undefined) | undefined;
}
