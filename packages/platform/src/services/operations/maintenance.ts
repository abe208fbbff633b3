/** Maintenance: maintains the tables, and removes blobs that no row names any more. */

import { NomalyError } from "@nomaly/detect";
import type { BlobStore } from "../../blobs/blob-store.ts";
import { blobRemovalsDone, dueBlobRemovals } from "../../store/tables/blob-removals.ts";
import { detectorsWithMore, removeVersions } from "../../store/tables/old-versions.ts";
import { namedBlobs } from "../../store/tables/named-blobs.ts";
import { maintain as maintainTables } from "../../store/schema/maintain.ts";
import type { Log, ServiceContext } from "../core/context.ts";

const removalsPerRound = 1000;
const detectorsPerRound = 100;
const versionsPerStep = 100;
/** A request that has begun to use a version has its bytes by then; jobs may take longer, and keep the versions of their detectors. */
const versionGraceSeconds = 3600;
/** A request that has found a blob's key has read the blob by then. */
const removalAgeMs = 3_600_000;
/** A process that wrote a blob has stored its row by then, or never will. */
const orphanAgeMs = 24 * 3_600_000;

export async function maintain(context: ServiceContext, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
  const { databaseUrl: url, config } = context;
  const tables = await maintainTables({ url, resultRetentionDays: config.resultRetentionDays, signal });
  return {
    ...tables,
    versions_removed: await removeOldVersions(context, signal),
    blobs_removed: await removeBlobs(context, signal),
    orphans_removed: await removeOrphans(context, signal),
    unfinished_removed: await removeUnfinished(context, signal),
  };
}

/** Removes versions beyond the last ones that are kept, a detector in each transaction. */
export async function removeOldVersions(
  { database, config }: Pick<ServiceContext, "database"> & { readonly config: Pick<ServiceContext["config"], "versionsKept"> },
  signal: AbortSignal,
  graceSeconds = versionGraceSeconds,
): Promise<number> {
  const keptCount = config.versionsKept;
  let removed = 0;
  for (let after: string | null = null; !signal.aborted;) {
    const found: readonly string[] = await detectorsWithMore(database, { keptCount, after, limit: detectorsPerRound });
    for (const detectorId of found) {
      for (let count = versionsPerStep; count === versionsPerStep && !signal.aborted; removed += count) {
        const step = { detectorId, keptCount, graceSeconds, limit: versionsPerStep };
        count = await database.withSignal(signal).transaction((sql) => removeVersions(sql, step));
      }
    }
    if (found.length < detectorsPerRound) break;
    after = found[found.length - 1];
  }
  return removed;
}

/** @param ageMs removes blobs that were scheduled for removal at least this long ago. */
export async function removeBlobs(
  { database, blobs }: Pick<ServiceContext, "database" | "blobs">,
  signal: AbortSignal,
  ageMs = removalAgeMs,
): Promise<number> {
  let removed = 0;
  while (!signal.aborted) {
    const due = await dueBlobRemovals(database, ageMs, removalsPerRound);
    for (const key of due) await blobs.remove(key);
    await blobRemovalsDone(database, due);
    removed += due.length;
    if (due.length < removalsPerRound) break;
  }
  return removed;
}

/** Removes old blobs that no row names. Exported for its test, which cannot wait a day. */
export async function removeOrphans(
  { database, blobs }: Pick<ServiceContext, "database" | "blobs">,
  signal: AbortSignal,
  now = Date.now(),
): Promise<number> {
  let removed = 0;
  let round: string[] = [];
  const removeRound = async () => {
    const named = await namedBlobs(database, round);
    for (const key of round) {
      if (named.has(key)) continue;
      await blobs.remove(key);
      removed++;
    }
    round = [];
  };
  for await (const key of blobs.keysBefore(now - orphanAgeMs)) {
    if (signal.aborted) return removed;
    round.push(key);
    if (round.length >= removalsPerRound) await removeRound();
  }
  await removeRound();
  return removed;
}

/** Undefined where the store does not list uploads, or not for these keys: all else is removed, and a rule of the bucket can remove these. */
export async function removeUnfinished(
  { blobs, log }: { readonly blobs: Pick<BlobStore, "removeUnfinished">; readonly log: Pick<Log, "warn"> },
  signal: AbortSignal,
  now = Date.now(),
): Promise<number | undefined> {
  try {
    return await blobs.removeUnfinished(now - orphanAgeMs, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof NomalyError)) throw error;
    log.warn({ err: error }, "parts of interrupted uploads could not be removed");
    return undefined;
  }
}
