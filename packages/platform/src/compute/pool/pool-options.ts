/** What a pool of workers is made with. */

import type { Fault, OrderKind } from "../messages.ts";
import type { Lane, QueueLimits } from "./work-queue.ts";
import type { StartWorker, WorkerOptions } from "./worker-process.ts";

export interface WorkerPoolOptions {
  /** Workers of each lane, with what each may take. Short work may use those of long work as well while they are free. */
  readonly lanes: Readonly<Record<Lane, { readonly count: number; readonly worker: WorkerOptions }>>;
  /** Workers may wait for work. */
  readonly isRoomy: boolean;
  readonly limits: QueueLimits;
  readonly start: StartWorker;
  readonly clock: { now(): number };
  /** The fault that a try is to have. */
  readonly faults?: ((kind: OrderKind, attempt: number) => Fault | undefined) | undefined;
}
