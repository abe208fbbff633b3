/** Stores the samples of this process, and hears those of the others. */

import type { ServiceContext } from "../../services/core/context.ts";
import { isDatabaseAway } from "../../store/postgres/database-error.ts";
import { latestOfOthers, removeOldSamples, resolutions, storeSamples } from "../../store/tables/performance-samples.ts";
import { repeat, type Repeated } from "./repeat.ts";

const everyMs = 5000;
/** A process whose last sample is older has ended, or its database is away. */
const heardSecondsMax = 15;
/** The work is small, and its next turn makes up for it. */
const workMsMax = 4000;

export type SampleContext = Pick<ServiceContext, "database" | "monitor" | "processId">;

/** Samples of up to 100 seconds without a database are stored when it is back; older ones are lost. */
export function sampleLook({ database, monitor, processId }: SampleContext): (signal: AbortSignal) => Promise<void> {
  let storedUpTo = 0;
  let minuteAt = 0;
  return async (signal) => {
    const bounded = database.withSignal(AbortSignal.any([signal, AbortSignal.timeout(workMsMax)]));
    const samples = monitor.ownSince(storedUpTo);
    await storeSamples(bounded, processId, resolutions.second.seconds, samples);
    storedUpTo = samples.at(-1)?.timestamp ?? storedUpTo;
    monitor.hear(await latestOfOthers(bounded, processId, heardSecondsMax));
    const minute = monitor.ownMinute();
    if (minute === undefined || minute.timestamp < minuteAt + resolutions.minute.seconds) return;
    await storeSamples(bounded, processId, resolutions.minute.seconds, [minute]);
    minuteAt = minute.timestamp;
    await removeOldSamples(bounded);
  };
}

export function startSampleCare(context: ServiceContext): Repeated {
  const look = context.config.monitoring === "on" ? sampleLook(context) : () => Promise.resolve();
  return repeat(look, {
    everyMs,
    onError: (error) => {
      // The connection watch logs a lost database; the next turn tries again.
      if (!isDatabaseAway(error)) context.log.warn({ err: error }, "samples could not be stored; the next turn tries again");
    },
  });
}
