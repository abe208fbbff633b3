/** What `SUMMARIZE` only estimates, counted where that takes no time worth mentioning. */

import type { Database } from "./database.ts";
import { isOutOfMemory } from "./read-error.ts";
import type { ColumnProfile } from "../read/shown-file.ts";

/** Values of the table, rows times columns. */
const exactValueCountMax = 1_000_000;
/** More take several readings, which is not worth the time. */
const exactColumnCountMax = 1000;
/** Columns counted in one reading: to count the different values of one takes some megabytes, however few there are. */
const [countedColumnCountMin, countedColumnCountMax] = [10, 100];
const mibOfCount = 16;

/**
 * Distinct values, missing values and quartiles of columns that detectors use.
 * @param query gives them as c0, c1 and so on.
 * @param memoryMib of DuckDB.
 */
export async function exactWhereSmall(
  database: Database,
  { query, profiles, rowCount }: TableToCount,
  memoryMib = Infinity,
): Promise<readonly ColumnProfile[]> {
  const count = Math.min(countedColumnCountMax, Math.max(countedColumnCountMin, Math.floor(memoryMib / mibOfCount)));
  if (rowCount * profiles.length > exactValueCountMax || profiles.length > exactColumnCountMax) return profiles;
  const counted: ColumnProfile[] = [];
  for (let start = 0; start < profiles.length; start += count) {
    const group = profiles.slice(start, start + count);
    counted.push(...(await countedOrEstimated(database, { query, profiles: group, first: start, rowCount })));
  }
  return counted;
}

interface TableToCount {
  /** Gives the columns as c0, c1 and so on. */
  readonly query: string;
  readonly profiles: readonly ColumnProfile[];
  readonly rowCount: number;
}

interface ColumnsToCount extends TableToCount {
  /** Place of the first of them among all columns. */
  readonly first: number;
}

/** Half of them at a time where memory is short; what cannot be counted for lack of it stays as it was estimated. */
async function countedOrEstimated(database: Database, columns: ColumnsToCount): Promise<readonly ColumnProfile[]> {
  const { profiles, first } = columns;
  try {
    return await countColumns(database, columns);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    if (profiles.length === 1) return profiles;
    const half = Math.ceil(profiles.length / 2);
    return [
      ...(await countedOrEstimated(database, { ...columns, profiles: profiles.slice(0, half) })),
      ...(await countedOrEstimated(database, { ...columns, profiles: profiles.slice(half), first: first + half })),
    ];
  }
}

async function countColumns(
  database: Database,
  { query, profiles, first, rowCount }: ColumnsToCount,
): Promise<readonly ColumnProfile[]> {
  const wanted = profiles.flatMap(({ kind, quartiles }, index) => {
    if (kind === null) return [];
    const column = `c${first + index}`;
    const counts = [`count(DISTINCT ${column}) AS distinct_${index}`, `count(${column}) AS present_${index}`];
    if (quartiles === null) return counts;
    return [...counts, `quantile_cont(CAST(${column} AS DOUBLE), [0.25, 0.5, 0.75]) AS quartiles_${index}`];
  });
  if (wanted.length === 0) return profiles;
  const [found] = await database.rows(`SELECT ${wanted.join(", ")} FROM (${query})`);
  return profiles.map((profile, index) => {
    if (profile.kind === null) return profile;
    const quartiles = found[`quartiles_${index}`] as ColumnProfile["quartiles"] | undefined;
    return {
      ...profile,
      missing_share: (rowCount - Number(found[`present_${index}`])) / rowCount,
      distinct_count: Number(found[`distinct_${index}`]),
      ...(quartiles === undefined ? {} : { quartiles }),
    };
  });
}
