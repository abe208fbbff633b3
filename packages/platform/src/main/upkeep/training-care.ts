/** Says of the trainings of this process that they go on, and ends those whose process is gone. */

import type { ServiceContext } from "../../services/core/context.ts";
import { trainingLeaseSeconds } from "../../services/detectors/training-status.ts";
import { isDatabaseAway } from "../../store/postgres/database-error.ts";
import { endLapsedTrainings, endUnrecordedTrainings, renewTrainings } from "../../store/tables/trainings.ts";
import { repeat, type Repeated } from "./repeat.ts";

const everyMs = (trainingLeaseSeconds * 1000) / 6;

/** After a longer silence others have not said either that they are still at theirs: they are given until the next look. */
const silenceMsMax = (trainingLeaseSeconds * 1000) / 2;

type Watched = Pick<ServiceContext, "database" | "trainings" | "log">;

/** Begins at once: what a killed process left may be this one's own former training. */
export function startTrainingCare(context: Watched): Repeated {
  const { log } = context;
  return repeat(trainingLook(context), {
    everyMs,
    onError: (error) => {
      // A database that is away is said elsewhere: the next look tries again.
      if (!isDatabaseAway(error)) log.warn({ err: error }, "the trainings under way could not be looked at");
    },
  });
}

/** @param clock milliseconds, also of the time that the machine has slept. */
export function trainingLook({ database, trainings, log }: Watched, clock: () => number = Date.now): () => Promise<void> {
  let renewedAt: number | undefined;
  return async () => {
    await renewTrainings(database, [...trainings], trainingLeaseSeconds);
    const before = renewedAt;
    renewedAt = clock();
    if (before !== undefined && renewedAt - before > silenceMsMax) return;
    const count = await endLapsedTrainings(database);
    if (count > 0) log.warn({ count }, "trainings have ended with their process: their detectors are marked as failed");
    const mendedCount = await endUnrecordedTrainings(database);
    if (mendedCount > 0) {
      log.warn({ count: mendedCount }, "detectors were in training without any training: they are not any more");
    }
  };
}
