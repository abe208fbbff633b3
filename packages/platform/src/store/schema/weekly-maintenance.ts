/** The weekly maintenance: vacuums and analyses our tables, builds again those of our indexes that are bloated or invalid. */

import { NomalyError, throwIfAborted } from "@nomaly/detect";
import { tryLock } from "../postgres/advisory-locks.ts";
import { isConnectionLost } from "../postgres/database-error.ts";
import { onOwnConnection } from "../postgres/own-connection.ts";
import type { Sql } from "../postgres/sql.ts";
import { sqlOn } from "../postgres/statement.ts";
import { type IndexBloat, indexBloat } from "../watch/index-bloat.ts";
import { ourTables } from "./our-tables.ts";
import { mendIndexes, type MendOutcome } from "./rebuild-indexes.ts";

export interface RebuiltIndex {
  readonly index: string;
  readonly bytes_before: number;
  readonly bytes_after: number;
}

export interface WeeklyOutcome extends MendOutcome {
  /** False when another process does this, or rebuilds indexes: then nothing was done. */
  readonly isOurs: boolean;
  /** Tables that were vacuumed and analysed. */
  readonly vacuumed: readonly string[];
  readonly reindexed: readonly RebuiltIndex[];
}

export interface WeeklyOptions {
  readonly url: string;
  readonly signal?: AbortSignal | undefined;
  /** An index is rebuilt when at least this share of it is empty, and at least so many bytes. */
  readonly bloatPercentMin?: number;
  readonly bloatBytesMin?: number;
}

/** Vacuumed last: when that was tells when all of this was last done. */
const lastTable = "installation";
const everyDays = 7;
/** Vacuum waits for work of the same kind on a table, such as an index build; a longer one is reported, and the next table is done. */
const lockMsMax = 60_000;

/** Whether the last one, or the installation, is a week ago. After a crash PostgreSQL may not know, and it is done again. */
export async function isWeeklyDue(sql: Sql): Promise<boolean> {
  const text = `select coalesce(pg_stat_get_last_vacuum_time('${lastTable}'::regclass), made_at) < now() - make_interval(days => $1) as due
    from ${lastTable}`;
  const { rows } = await sql.query<{ due: boolean }>(text, [everyDays]);
  return rows[0].due;
}

/**
 * On a connection of its own, without a statement timeout; one process at a time. Nobody waits for it: readers and writers go on.
 * Repeatable, also after an interruption. What fails is reported and does not stop the rest.
 */
export function weeklyMaintenance({
  url,
  signal,
  bloatPercentMin = 50,
  bloatBytesMin = 1024 ** 2,
}: WeeklyOptions): Promise<WeeklyOutcome> {
  return onOwnConnection(url, "indexes", async (connection) => {
    const sql = sqlOn(connection, { signal });
    if (!(await tryLock(sql, "indexes"))) return { isOurs: false, vacuumed: [], reindexed: [], mended: [], failed: [] };
    const vacuumed: string[] = [];
    const reindexed: RebuiltIndex[] = [];
    const failed: MendOutcome["failed"][number][] = [];
    const attempt = async (name: string, work: () => Promise<void>) => {
      try {
        await work();
      } catch (error) {
        throwIfAborted(signal);
        if (error instanceof NomalyError && isConnectionLost(error.cause ?? {})) throw error;
        failed.push({ name, error });
      }
    };
    const tables = (await ourTables(sql)).map(({ name }) => name);
    const isLast = (name: string) => name.endsWith(`.${lastTable}`);
    const vacuum = (name: string) => attempt(name, async () => void vacuumed.push(await vacuumTable(sql, name)));
    for (const name of tables) if (!isLast(name)) await vacuum(name);
    const mended = await mendIndexes(sql, signal);
    for (const bloated of await indexBloat(sql)) {
      if (!asksForRebuild(bloated, bloatPercentMin, bloatBytesMin)) continue;
      await attempt(bloated.index, async () => void reindexed.push(await rebuild(sql, bloated)));
    }
    for (const name of tables) if (isLast(name)) await vacuum(name);
    return { isOurs: true, vacuumed, reindexed, mended: mended.mended, failed: [...mended.failed, ...failed] };
  });
}

async function vacuumTable(sql: Sql, name: string): Promise<string> {
  await sql.query(`set lock_timeout = ${lockMsMax}`);
  try {
    await sql.query(`vacuum (analyze) ${name}`);
  } finally {
    await sql.query("set lock_timeout = 0");
  }
  return name;
}

function asksForRebuild(
  { size_bytes: size, needed_bytes: needed, bloat_percent: percent }: IndexBloat,
  percentMin: number,
  bytesMin: number,
) {
  return needed !== null && percent !== null && percent >= percentMin && size - needed >= bytesMin;
}

async function rebuild(sql: Sql, { index, size_bytes: before }: IndexBloat): Promise<RebuiltIndex> {
  await sql.query(`reindex index concurrently ${index}`);
  const { rows } = await sql.query<{ bytes: number }>("select pg_relation_size($1::regclass)::float8 as bytes", [index]);
  return { index, bytes_before: before, bytes_after: rows[0].bytes };
}
