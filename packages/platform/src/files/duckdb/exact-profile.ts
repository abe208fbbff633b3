/** DuckDB estimates SUMMARIZE's counts; this counts exactly when the table is small. */

import type { Database } from "./database.ts";
import { isOutOfMemory } from "./read-error.ts";
import type { ColumnSummary } from "../read/shown-file.ts";

/** Larger tables (rows times columns) keep the estimates. */
const exactValueCountMax = 1_000_000;
/** More columns would take several passes over the file. */
const exactColumnCountMax = 1000;
/** Columns counted in one pass: counting the distinct values of a column takes some megabytes, however few there are. */
const [countedColumnCountMin, countedColumnCountMax] = [10, 100];
const mibOfCount = 16;

/** Counts distinct values, missing values and quartiles of columns that detectors can use. @param memoryMib DuckDB's memory limit. */
export async function exactWhereSmall(
  database: Database,
  { query, profiles, rowCount }: TableToCount,
  memoryMib = Infinity,
): Promise<readonly ColumnSummary[]> {
  const count = Math.min(countedColumnCountMax, Math.max(countedColumnCountMin, Math.floor(memoryMib / mibOfCount)));
  if (rowCount * profiles.length > exactValueCountMax || profiles.length > exactColumnCountMax) return profiles;
  const counted: ColumnSummary[] = [];
  for (let start = 0; start < profiles.length; start += count) {
    const group = profiles.slice(start, start + count);
    counted.push(...(await countedOrEstimated(database, { query, profiles: group, first: start, rowCount })));
  }
  return counted;
}

interface TableToCount {
  /** Selects the columns as c0, c1 and so on. */
  readonly query: string;
  readonly profiles: readonly ColumnSummary[];
  readonly rowCount: number;
}

interface ColumnsToCount extends TableToCount {
  /** Index of the first of these columns among all columns. */
  readonly first: number;
}

/** Counts half of the columns at a time if memory is short; a column that still does not fit keeps its estimates. */
async function countedOrEstimated(database: Database, columns: ColumnsToCount): Promise<readonly ColumnSummary[]> {
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
): Promise<readonly ColumnSummary[]> {
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
    const quartiles = found[`quartiles_${index}`] as ColumnSummary["quartiles"] | undefined;
    return {
      ...profile,
      missing_share: (rowCount - Number(found[`present_${index}`])) / rowCount,
      distinct_count: Number(found[`distinct_${index}`]),
      ...(quartiles === undefined ? {} : { quartiles }),
    };
  });
}
