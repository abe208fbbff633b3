/** A place of the pool: one worker at a time, and what it works on. */

import type { Lane } from "./work-queue.ts";
import type { Item } from "./pool-work.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** Rest of a place whose workers die one after the other: none at first, then doubling. */
const restMsFirst = 100;
const restMsMax = 5000;

export class PoolSlot {
  readonly lane: Lane;
  worker: WorkerProcess | undefined;
  running: Item | undefined;
  /** Deaths since a worker of this place last finished something. */
  deathCount = 0;
  restUntilMs = Number.NEGATIVE_INFINITY;
  /** Whether a worker was here before. */
  used = false;
  /** What its present worker has finished. */
  finishedCount = 0;
  /** Ends its work when that takes too long. */
  limit: NodeJS.Timeout | undefined;
  /** Ends its worker when there is nothing to do. */
  idle: NodeJS.Timeout | undefined;

  constructor(lane: Lane) {
    this.lane = lane;
  }

  takes(lane: Lane): boolean {
    return lane === this.lane || (lane === "short" && this.lane === "long");
  }
}

/** @param deathCount those before this one. */
export function restMsOf(deathCount: number): number {
  return deathCount === 0 ? 0 : Math.min(restMsMax, restMsFirst * 2 ** (deathCount - 1));
}
