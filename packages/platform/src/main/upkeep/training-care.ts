/** Renews the leases of trainings that this process runs, and ends trainings whose process is gone. */

import type { ServiceContext } from "../../services/core/context.ts";
import { trainingLeaseSeconds } from "../../services/detectors/training-status.ts";
import { isDatabaseAway } from "../../store/postgres/database-error.ts";
import { endLapsedTrainings, endUnrecordedTrainings, renewTrainings } from "../../store/tables/trainings.ts";
import { repeat, type Repeated } from "./repeat.ts";

const everyMs = (trainingLeaseSeconds * 1000) / 6;

/** After a longer pause (the machine slept) other processes may not have renewed their leases either: they get time until the next look. */
const silenceMsMax = (trainingLeaseSeconds * 1000) / 2;

type Watched = Pick<ServiceContext, "database" | "trainings" | "log">;

/** Begins at once: an earlier process of this service may have been killed during a training. */
export function startTrainingCare(context: Watched): Repeated {
  const { log } = context;
  return repeat(trainingLook(context), {
    everyMs,
    onError: (error) => {
      // The connection watch logs a lost database; the next look tries again.
      if (!isDatabaseAway(error)) log.warn({ err: error }, "the leases of trainings could not be renewed");
    },
  });
}

/** @param clock in milliseconds; it must count the time that the machine has slept. */
export function trainingLook({ database, trainings, log }: Watched, clock: () => number = Date.now): () => Promise<void> {
  let renewedAt: number | undefined;
  return async () => {
    await renewTrainings(database, [...trainings], trainingLeaseSeconds);
    const before = renewedAt;
    renewedAt = clock();
    if (before !== undefined && renewedAt - before > silenceMsMax) return;
    const count = await endLapsedTrainings(database);
    if (count > 0) log.warn({ count }, "processes ended during trainings: their detectors are marked as failed");
    const mendedCount = await endUnrecordedTrainings(database);
    if (mendedCount > 0) {
      log.warn({ count: mendedCount }, "detectors had the status training without a training: the status was reset");
    }
  };
}
