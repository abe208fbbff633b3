/** Looks at every start, and now and then, whether an index is missing or INVALID, and has it rebuilt while the service works. */

import type { ServiceContext } from "../services/context.ts";
import { indexFaults } from "../store/index-faults.ts";
import { rebuildIndexes } from "../store/rebuild-indexes.ts";

/** What could not be rebuilt, or was left by a process that was rebuilding it, is taken up again. */
const lookMs = 300_000;

export interface IndexCare {
  /** A build that goes on is cancelled: the next start takes it up. */
  close(): Promise<void>;
}

/** Begins when the service is up: nobody waits for a build. */
export function startIndexCare({ database, databaseUrl, log }: ServiceContext): IndexCare {
  const ending = new AbortController();
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    const faults = await indexFaults(database);
    if (faults.length === 0) return;
    const said = faults.map(({ name, kind }) => `${name} (${kind})`);
    log.warn({ indexes: said }, "indexes are not as they should be: they are rebuilt in the background");
    const { isOurs, mended, failed } = await rebuildIndexes(databaseUrl, ending.signal);
    if (!isOurs) log.info({}, "another process rebuilds the indexes");
    else if (mended.length > 0) log.info({ indexes: mended }, "indexes were rebuilt");
    if (ending.signal.aborted) return;
    for (const { name, error } of failed)
      log.warn({ index: name, err: error }, "an index could not be rebuilt; it is tried again");
  }

  const begin = () => {
    looking ??= look()
      .catch((error: unknown) => {
        if (!ending.signal.aborted) log.warn({ err: error }, "the indexes could not be looked at; it is tried again");
      })
      .finally(() => (looking = undefined));
  };
  const timer = setInterval(begin, lookMs);
  timer.unref();
  begin();
  return {
    async close() {
      clearInterval(timer);
      ending.abort();
      await looking;
    },
  };
}
