/** The numbers of the pool of workers. */

import type { MetricKinds } from "../../watch/metric-kinds.ts";

export interface WorkerPoolStats {
  readonly workers: number;
  readonly busy: number;
  readonly queuedItems: number;
  readonly queuedRows: number;
  readonly queuedBytes: number;
  /** Pieces of work that a worker has begun. */
  readonly inWorker: number;
  readonly finished: number;
  readonly refused: number;
  readonly aborted: number;
  readonly crashed: number;
  /** Of those, the ones that took too much memory. */
  readonly outOfMemory: number;
  /** Ended by force because their work took too long. */
  readonly outOfTime: number;
  readonly replaced: number;
}

export const workerPoolKinds: MetricKinds<WorkerPoolStats> = {
  workers: "gauge",
  busy: "gauge",
  queuedItems: "gauge",
  queuedRows: "gauge",
  queuedBytes: "gauge",
  inWorker: "counter",
  finished: "counter",
  refused: "counter",
  aborted: "counter",
  crashed: "counter",
  outOfMemory: "counter",
  outOfTime: "counter",
  replaced: "counter",
};
