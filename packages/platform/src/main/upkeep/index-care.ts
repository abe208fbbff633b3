/** Looks at every start, and now and then, whether an index is missing or INVALID, and has it rebuilt while the service works. */

import type { ServiceContext } from "../../services/core/context.ts";
import { indexFaults } from "../../store/schema/index-faults.ts";
import { rebuildIndexes } from "../../store/schema/rebuild-indexes.ts";
import { repeat, type Repeated } from "./repeat.ts";

/** What could not be rebuilt, or was left by a process that was rebuilding it, is taken up again. */
const everyMs = 300_000;

/** To begin when the service is up: nobody waits for a build. One that goes on at the end is cancelled: the next start takes it up. */
export function startIndexCare({ database, databaseUrl, log }: ServiceContext): Repeated {
  async function look(signal: AbortSignal): Promise<void> {
    const faults = await indexFaults(database);
    if (faults.length === 0) return;
    const said = faults.map(({ name, kind }) => `${name} (${kind})`);
    log.warn({ indexes: said }, "indexes are not as they should be: they are rebuilt in the background");
    const { isOurs, mended, failed } = await rebuildIndexes(databaseUrl, signal);
    if (!isOurs) log.info({}, "another process rebuilds the indexes");
    else if (mended.length > 0) log.info({ indexes: mended }, "indexes were rebuilt");
    if (signal.aborted) return;
    for (const { name, error } of failed)
      log.warn({ index: name, err: error }, "an index could not be rebuilt; it is tried again");
  }
  const onError = (error: unknown) => log.warn({ err: error }, "the indexes could not be looked at; it is tried again");
  return repeat(look, { everyMs, onError });
}
