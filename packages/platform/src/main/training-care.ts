/** Says of the trainings of this process that they go on, and ends those whose process is gone. */

import type { ServiceContext } from "../services/context.ts";
import { trainingLeaseSeconds } from "../services/training-status.ts";
import { endLapsedTrainings, renewTrainings } from "../store/trainings.ts";

const beatMs = (trainingLeaseSeconds * 1000) / 6;

/** Begins at once: what a killed process left may be this one's own former training. */
export function startTrainingCare({ database, trainings, log }: Pick<ServiceContext, "database" | "trainings" | "log">): {
  close(): Promise<void>;
} {
  let working: Promise<void> | undefined;

  async function beat(): Promise<void> {
    await renewTrainings(database, [...trainings], trainingLeaseSeconds);
    const count = await endLapsedTrainings(database);
    if (count > 0) log.warn({ count }, "trainings have ended with their process: their detectors are marked as failed");
  }

  const begin = () => {
    working ??= beat()
      // The database is away: the next beat tries again.
      .catch((error: unknown) => log.warn({ err: error }, "the trainings under way could not be looked at"))
      .finally(() => (working = undefined));
  };
  const timer = setInterval(begin, beatMs);
  timer.unref();
  begin();
  return {
    async close() {
      clearInterval(timer);
      await working;
    },
  };
}
