/** What every working process does for all jobs: takes them away from dead processes, and asks for maintenance in time. */

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
  /** Called when jobs came back to the queue. */
  readonly onSwept: () => void;
}

const sweepMs = 1000;
const sweepMsMax = 10_000;
/** How often a process asks whether it is time for maintenance; asking too often makes no second job. */
const scheduleMs = 60_000;
const maintenanceSeconds = 3600;

/** @returns what ends it. */
export function startUpkeep(parts: UpkeepParts, doesMaintenance: boolean): () => void {
  const { database, settling, counting, enqueue, onSwept } = parts;

  async function sweep(): Promise<void> {
    if (!(await hasLostJobs(bounded(database, sweepMsMax)))) return;
    counting.swept(await settling.sweep());
    onSwept();
  }

  /** All processes ask under the same key, so there is one such job in each period, by the database's clock. */
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

/** One at a time: a slow database is not asked again before it has answered. */
function every(intervalMs: number, work: () => Promise<void>): NodeJS.Timeout {
  let isRunning = false;
  return setInterval(() => {
    if (isRunning) return;
    isRunning = true;
    void work().finally(() => (isRunning = false));
  }, intervalMs);
}
