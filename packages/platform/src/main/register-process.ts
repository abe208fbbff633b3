/** Says to all others that this process is there and how many connections it may open, for as long as it runs. */

import type { Config } from "../config/settings.ts";
import type { Log } from "../services/context.ts";
import { registerWithinBudget } from "../store/connection-budget.ts";
import { isDatabaseAway } from "../store/database-error.ts";
import type { OpenDatabase } from "../store/open-database.ts";
import { heartbeat, type NewProcess, registerProcess, removeProcess } from "../store/processes.ts";

const heartbeatMs = 20_000;

/** @throws NomalyError CONFIG when its connections do not fit beside those of the others. */
export async function registerThisProcess(
  database: OpenDatabase,
  registration: NewProcess,
  { databaseConnectionReserve }: Config,
  log: Log,
): Promise<{ end(): Promise<void> }> {
  await registerWithinBudget(database, registration, databaseConnectionReserve);
  const beat = async () => {
    try {
      if (!(await heartbeat(database, registration.id))) await registerProcess(database, registration);
    } catch (error) {
      // The next beat tries again, and until then this process counts as gone only after 90 s. That the database is away is said elsewhere.
      if (!isDatabaseAway(error)) log.warn({ err: error }, "the database did not take the sign of life");
    }
  };
  const timer = setInterval(() => void beat(), heartbeatMs);
  timer.unref();
  return {
    end: async () => {
      clearInterval(timer);
      await removeProcess(database, registration.id);
    },
  };
}
