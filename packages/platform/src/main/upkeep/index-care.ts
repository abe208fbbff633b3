/**
 * Checks at the start and every five minutes whether an index is missing or INVALID, and rebuilds it while the service works; then
 * whether the weekly maintenance is due. Both on one connection beside the pool, one after the other.
 */

import type { ServiceContext } from "../../services/core/context.ts";
import { indexFaults } from "../../store/schema/index-faults.ts";
import { rebuildIndexes } from "../../store/schema/rebuild-indexes.ts";
import { repeat, type Repeated } from "./repeat.ts";
import { createWeeklyCare } from "./weekly-care.ts";

const everyMs = 300_000;

/** Called once the service answers, which waits for no index. Closing cancels a rebuild; the next start begins it again. */
export function startIndexCare(context: ServiceContext): Repeated {
  const { database, databaseUrl, log } = context;
  const weekly = createWeeklyCare(context);

  async function look(signal: AbortSignal): Promise<void> {
    await mendFaults(signal);
    if (!signal.aborted) await weekly(signal);
  }

  async function mendFaults(signal: AbortSignal): Promise<void> {
    const faults = await indexFaults(database);
    if (faults.length === 0) return;
    const said = faults.map(({ name, kind }) => `${name} (${kind})`);
    log.warn({ indexes: said }, "indexes are missing or invalid: they are rebuilt in the background");
    const { isOurs, mended, failed } = await rebuildIndexes(databaseUrl, signal);
    if (!isOurs) log.info({}, "another process rebuilds the indexes");
    else if (mended.length > 0) log.info({ indexes: mended }, "indexes were rebuilt");
    if (signal.aborted) return;
    for (const { name, error } of failed)
      log.warn({ index: name, err: error }, "an index could not be rebuilt; the rebuild is tried again");
  }
  const onError = (error: unknown) => log.warn({ err: error }, "the indexes could not be looked after; it is tried again");
  return repeat(look, { everyMs, onError });
}
