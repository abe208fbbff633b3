/** Makes faulty indexes whole again while everybody works on: built concurrently, by one process at a time. */

import type { Connection } from "../postgres/connection.ts";
import { ensureIndex, ensurePartitionedIndex } from "./ensure-index.ts";
import { type IndexFault, indexFaults } from "./index-faults.ts";
import { onOwnConnection } from "../postgres/own-connection.ts";
import type { Sql } from "../postgres/sql.ts";
import { runStatement } from "../postgres/statement.ts";

/** Any number that no other lock of ours has. */
const rebuildLock = 7_263_556;
/** Whoever waits for a lock on the parent's table lets nobody pass: rather try again another time. */
const lockMsMax = 2_000;

export interface RebuildOutcome {
  /** False when another process is at it. */
  readonly isOurs: boolean;
  readonly mended: readonly string[];
  readonly failed: readonly { readonly name: string; readonly error: unknown }[];
}

/** On a connection of its own, outside the limit for statements: a large table takes long. Repeatable, also after an interruption. */
export function rebuildIndexes(url: string, signal?: AbortSignal): Promise<RebuildOutcome> {
  return onOwnConnection(url, "indexes", async (connection) => {
    const sql = sqlOf(connection, signal);
    // Not waited for: a statement that waits has a snapshot, and a concurrent build waits for every older snapshot to end.
    const { rows } = await sql.query<{ taken: boolean }>("select pg_try_advisory_lock($1) as taken", [rebuildLock]);
    if (!rows[0].taken) return { isOurs: false, mended: [], failed: [] };
    const mended: string[] = [];
    const failed: { readonly name: string; readonly error: unknown }[] = [];
    for (const fault of await indexFaults(sql)) {
      if (signal?.aborted === true) break;
      try {
        await mend(sql, fault);
        mended.push(fault.name);
      } catch (error) {
        // The others can be made whole all the same.
        failed.push({ name: fault.name, error });
      }
    }
    return { isOurs: true, mended, failed };
  });
}

async function mend(sql: Sql, { name, mend: how }: IndexFault): Promise<void> {
  if (how === undefined) await sql.query(`drop index concurrently if exists ${name}`);
  else if (how.isPartitioned) await ensurePartitionedIndex(sql, how.index, lockMsMax);
  else await ensureIndex(sql, how.index);
}

function sqlOf(connection: Connection, signal: AbortSignal | undefined): Sql {
  return { query: (text, values = []) => runStatement(connection, text, values, { signal }) };
}
