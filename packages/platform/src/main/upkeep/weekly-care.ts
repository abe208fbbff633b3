/** Begins the weekly maintenance of the database when a week has passed since the last one, of whatever process. */

import type { ServiceContext } from "../../services/core/context.ts";
import { isWeeklyDue, weeklyMaintenance } from "../../store/schema/weekly-maintenance.ts";

/** After an attempt that did not change that it is due, because this role may not vacuum, say. */
const pauseMs = 24 * 3_600_000;

type Watched = Pick<ServiceContext, "database" | "databaseUrl" | "log">;

/** @returns what to call every few minutes, never twice at once. */
export function createWeeklyCare({ database, databaseUrl: url, log }: Watched, now = () => performance.now()) {
  let notBefore = -Infinity;
  return async (signal: AbortSignal): Promise<void> => {
    if (now() < notBefore || !(await isWeeklyDue(database))) return;
    const { isOurs, vacuumed, reindexed, mended, failed } = await weeklyMaintenance({ url, signal });
    if (!isOurs) return;
    notBefore = now() + pauseMs;
    const done = { tables: vacuumed.length, indexes: [...mended, ...reindexed.map(({ index }) => index)] };
    log.info(done, "the weekly maintenance of the database is done");
    for (const { name, error } of failed) {
      log.warn({ name, err: error }, "the weekly maintenance left something undone; it is tried again");
    }
  };
}
