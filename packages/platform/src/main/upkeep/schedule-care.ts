/** Starts what schedules have due. */

import type { ServiceContext } from "../../services/core/context.ts";
import { runDueSchedules } from "../../services/schedules/run-due.ts";
import { isDatabaseAway } from "../../store/postgres/database-error.ts";
import { repeat, type Repeated } from "./repeat.ts";

const everyMs = 2000;

export function startScheduleCare(context: ServiceContext): Repeated {
  return repeat(async (signal) => void (await runDueSchedules(context, signal)), {
    everyMs,
    onError: (error) => {
      // The connection watch logs a lost database; the next look tries again.
      if (!isDatabaseAway(error)) context.log.warn({ err: error }, "schedules could not be looked at; the next look tries again");
    },
  });
}
