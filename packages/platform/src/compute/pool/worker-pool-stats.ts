/** Metrics of the pool of workers. */

import { counter, gauge, type StatsOf } from "../../watch/metric-kinds.ts";

export const workerPoolMetrics = {
  workers: gauge("Worker processes"),
  busy: gauge("Workers at work"),
  queuedItems: gauge("Pieces of work that wait for a worker"),
  queuedRows: gauge("Rows that wait for a worker"),
  queuedBytes: gauge("Bytes that wait for a worker"),
  inWorker: counter("Pieces of work that workers have begun"),
  finished: counter("Pieces of work that were done"),
  refused: counter("Pieces of work that were refused because too much work waited"),
  aborted: counter("Pieces of work whose caller left"),
  crashed: counter("Workers that died"),
  outOfMemory: counter("Workers that took too much memory"),
  outOfTime: counter("Workers ended by force because their work took too long"),
  replaced: counter("Workers that took the place of another"),
};
export type WorkerPoolStats = StatsOf<typeof workerPoolMetrics>;
