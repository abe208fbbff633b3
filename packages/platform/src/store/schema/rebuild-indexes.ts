/** Rebuilds faulty indexes concurrently, so that nobody waits for them, in one process at a time. */

import { tryLock } from "../postgres/advisory-locks.ts";
import { ensureIndex, ensurePartitionedIndex } from "./ensure-index.ts";
import { type IndexFault, indexFaults } from "./index-faults.ts";
import { onOwnConnection } from "../postgres/own-connection.ts";
import type { Sql } from "../postgres/sql.ts";
import { sqlOn } from "../postgres/statement.ts";

/** Others wait behind a statement that waits for a lock on the parent table: after this it gives up until the next rebuild. */
const lockMsMax = 2_000;

export interface MendOutcome {
  readonly mended: readonly string[];
  readonly failed: readonly { readonly name: string; readonly error: unknown }[];
}

export interface RebuildOutcome extends MendOutcome {
  /** False when another process is rebuilding. */
  readonly isOurs: boolean;
}

/** On a connection of its own, without a statement timeout: a large table takes long. Repeatable, also after an interruption. */
export function rebuildIndexes(url: string, signal?: AbortSignal): Promise<RebuildOutcome> {
  return onOwnConnection(url, "indexes", async (connection) => {
    const sql = sqlOn(connection, { signal });
    if (!(await tryLock(sql, "indexes"))) return { isOurs: false, mended: [], failed: [] };
    return { isOurs: true, ...(await mendIndexes(sql, signal)) };
  });
}

/** With the lock `indexes`, not in a transaction. */
export async function mendIndexes(sql: Sql, signal?: AbortSignal): Promise<MendOutcome> {
  const mended: string[] = [];
  const failed: MendOutcome["failed"][number][] = [];
  for (const fault of await indexFaults(sql)) {
    if (signal?.aborted === true) break;
    try {
      await mend(sql, fault);
      mended.push(fault.name);
    } catch (error) {
      // One failure stops no other rebuild.
      failed.push({ name: fault.name, error });
    }
  }
  return { mended, failed };
}

async function mend(sql: Sql, { name, mend: how }: IndexFault): Promise<void> {
  if (how === undefined) await sql.query(`drop index concurrently if exists ${name}`);
  else if (how.isPartitioned) await ensurePartitionedIndex(sql, how.index, lockMsMax);
  else await ensureIndex(sql, how.index);
}
