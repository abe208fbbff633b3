/** Runs in every process with a worker: takes jobs away from dead processes, and enqueues maintenance once an hour. */

import type { Database } from "../store/postgres/sql.ts";
import { bounded } from "./bounded.ts";
import type { Counting } from "./counting.ts";
import type { Enqueue } from "./enqueue.ts";
import { currentSlot, hasLostJobs } from "./job-statements.ts";
import type { Settling } from "./settle.ts";

export interface UpkeepParts {
  readonly database: Database;
  readonly settling: Settling;
  readonly counting: Counting;
  readonly enqueue: Enqueue;
  /** Called when the sweep has put jobs back into the queue. */
  readonly onSwept: () => void;
}

const sweepMs = 1000;
const sweepMsMax = 10_000;
/** How often a process enqueues maintenance; within one period the same key makes no second job. */
const scheduleMs = 60_000;
const maintenanceSeconds = 3600;

/** @returns a function that stops it. */
export function startUpkeep(parts: UpkeepParts, doesMaintenance: boolean): () => void {
  const { database, settling, counting, enqueue, onSwept } = parts;

  async function sweep(): Promise<void> {
    if (!(await hasLostJobs(bounded(database, sweepMsMax)))) return;
    counting.swept(await settling.sweep());
    onSwept();
  }

  /** All processes use the same key, so each period of the database's clock has one maintenance job. */
  async function schedule(): Promise<void> {
    const key = await currentSlot(bounded(database, sweepMsMax), maintenanceSeconds);
    await enqueue(bounded(database, sweepMsMax), "maintenance", {}, { key });
  }

  const patiently = (work: () => Promise<void>) => () => work().catch(counting.databaseFailed);
  const timers = [every(sweepMs, patiently(sweep))];
  if (doesMaintenance) timers.push(every(scheduleMs, patiently(schedule)));
  if (doesMaintenance) void patiently(schedule)();
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

/** Never starts `work` before the previous call has ended. */
function every(intervalMs: number, work: () => Promise<void>): NodeJS.Timeout {
  let isRunning = false;
  return setInterval(() => {
    if (isRunning) return;
    isRunning = true;
    void work().finally(() => (isRunning = false));
  }, intervalMs);
}
