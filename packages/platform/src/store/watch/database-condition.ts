/** The condition of the database beyond its figures: bloat, faulty and unused indexes, locks that are waited for, replicas. */

import { type IndexFault, indexFaults } from "../schema/index-faults.ts";
import type { Sql } from "../postgres/sql.ts";
import { notSeenOfOthers } from "./database-figures.ts";
import { type IndexBloat, indexBloat } from "./index-bloat.ts";
import { type LockWait, lockWaits } from "./lock-waits.ts";
import { type ReplicaLag, replicaLag } from "./replica-lag.ts";
import type { Blindness } from "./statement-statistics.ts";
import { type TableBloat, tableBloat } from "./table-bloat.ts";
import { type UnusedIndexes, unusedIndexes } from "./unused-indexes.ts";

export interface DatabaseCondition {
  readonly tables: readonly TableBloat[];
  readonly indexes: readonly IndexBloat[];
  readonly index_faults: readonly Pick<IndexFault, "name" | "kind">[];
  readonly unused_indexes: UnusedIndexes;
  readonly lock_waits: readonly LockWait[];
  readonly replicas: readonly ReplicaLag[];
  readonly not_seen: readonly Blindness[];
}

/** Asks the catalogue and the statistics, and reads no table. Not for every second: some of it looks at the size of each file. */
export async function databaseCondition(sql: Sql): Promise<DatabaseCondition> {
  return {
    tables: await tableBloat(sql),
    indexes: await indexBloat(sql),
    index_faults: (await indexFaults(sql)).map(({ name, kind }) => ({ name, kind })),
    unused_indexes: await unusedIndexes(sql),
    lock_waits: await lockWaits(sql),
    replicas: await replicaLag(sql),
    not_seen: await notSeenOfOthers(sql),
  };
}
