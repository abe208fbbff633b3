/** Says of the trainings of this process that they go on, and ends those whose process is gone. */

import type { ServiceContext } from "../services/context.ts";
import { trainingLeaseSeconds } from "../services/training-status.ts";
import { endLapsedTrainings, endUnrecordedTrainings, renewTrainings } from "../store/trainings.ts";
import { repeat, type Repeated } from "./repeat.ts";

const everyMs = (trainingLeaseSeconds * 1000) / 6;

/** Begins at once: what a killed process left may be this one's own former training. */
export function startTrainingCare({ database, trainings, log }: ServiceContext): Repeated {
  async function look(): Promise<void> {
    await renewTrainings(database, [...trainings], trainingLeaseSeconds);
    const count = await endLapsedTrainings(database);
    if (count > 0) log.warn({ count }, "trainings have ended with their process: their detectors are marked as failed");
    const unrecordedCount = await endUnrecordedTrainings(database);
    if (unrecordedCount > 0)
      log.warn({ count: unrecordedCount }, "detectors were in training without any training: they are not any more");
  }
  return repeat(look, {
    everyMs,
    onError: (error) => log.warn({ err: error }, "the trainings under way could not be looked at"),
  });
}
