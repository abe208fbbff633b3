/** A slot of the pool: holds one worker at a time, and the work that it runs. */

import type { Lane } from "./work-queue.ts";
import type { Item } from "./pool-work.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** Pause before a slot restarts a worker that died: none after the first death, then this, doubled after each further death. */
const restMsFirst = 100;
const restMsMax = 5000;

export class PoolSlot {
  readonly lane: Lane;
  worker: WorkerProcess | undefined;
  running: Item | undefined;
  /** Deaths of workers since one in this slot last finished a piece of work. */
  deathCount = 0;
  restUntilMs = Number.NEGATIVE_INFINITY;
  /** True once the slot has had a worker. */
  used = false;
  /** Pieces of work that its present worker has finished. */
  finishedCount = 0;
  /** Timer that kills the worker when its work exceeds the time limit. */
  limit: NodeJS.Timeout | undefined;
  /** Timer that ends an idle worker. */
  idle: NodeJS.Timeout | undefined;

  constructor(lane: Lane) {
    this.lane = lane;
  }

  takes(lane: Lane): boolean {
    return lane === this.lane || (lane === "short" && this.lane === "long");
  }
}

/** @param deathCount deaths before this one. */
export function restMsOf(deathCount: number): number {
  return deathCount === 0 ? 0 : Math.min(restMsMax, restMsFirst * 2 ** (deathCount - 1));
}
