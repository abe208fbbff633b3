/** DuckDB estimates SUMMARIZE's counts; this counts missing values exactly, and the rest when the table is small. */

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

/** Counts of present values in one pass: each takes a few bytes. */
const presentCountMax = 500;

/** Counts missing values; in a small table also distinct values and quartiles. @param memoryMib DuckDB's memory limit. */
export async function exactWhereSmall(
  database: Database,
  { query, profiles, rowCount }: TableToCount,
  memoryMib = Infinity,
): Promise<readonly ColumnSummary[]> {
  const count = Math.min(countedColumnCountMax, Math.max(countedColumnCountMin, Math.floor(memoryMib / mibOfCount)));
  if (rowCount * profiles.length > exactValueCountMax || profiles.length > exactColumnCountMax) {
    return countMissing(database, { query, profiles, rowCount });
  }
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

async function countMissing(database: Database, { query, profiles, rowCount }: TableToCount): Promise<readonly ColumnSummary[]> {
  const counted: ColumnSummary[] = [];
  for (let start = 0; start < profiles.length; start += presentCountMax) {
    const group = profiles.slice(start, start + presentCountMax);
    const counts = group.map((_, index) => `count(c${start + index}) AS present_${index}`);
    const [found] = await database.rows(`SELECT ${counts.join(", ")} FROM (${query})`);
    counted.push(...group.map((profile, index) => ({ ...profile, ...missingOf(rowCount, found[`present_${index}`]) })));
  }
  return counted;
}

function missingOf(rowCount: number, present: unknown): Pick<ColumnSummary, "missing_count" | "missing_share"> {
  const missing = rowCount - Number(present);
  return { missing_count: missing, missing_share: missing / rowCount };
}

interface ColumnsToCount extends TableToCount {
  /** Index of the first of these columns among all columns. */
  readonly first: number;
}

/** Counts half of the columns at a time if memory is short. */
async function countedOrEstimated(database: Database, columns: ColumnsToCount): Promise<readonly ColumnSummary[]> {
  const { profiles, first } = columns;
  try {
    return await countColumns(database, columns);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    if (profiles.length === 1) return countMissingAlone(database, columns);
    const half = Math.ceil(profiles.length / 2);
    return [
      ...(await countedOrEstimated(database, { ...columns, profiles: profiles.slice(0, half) })),
      ...(await countedOrEstimated(database, { ...columns, profiles: profiles.slice(half), first: first + half })),
    ];
  }
}

/** A column whose distinct values do not fit keeps its estimates. */
async function countMissingAlone(
  database: Database,
  { query, profiles, first, rowCount }: ColumnsToCount,
): Promise<readonly ColumnSummary[]> {
  const [found] = await database.rows(`SELECT count(c${first}) AS present FROM (${query})`);
  return profiles.map((profile) => ({ ...profile, ...missingOf(rowCount, found["present"]) }));
}

async function countColumns(
  database: Database,
  { query, profiles, first, rowCount }: ColumnsToCount,
): Promise<readonly ColumnSummary[]> {
  const wanted = profiles.flatMap(({ kind, quartiles }, index) => {
    const column = `c${first + index}`;
    const present = `count(${column}) AS present_${index}`;
    if (kind === null) return [present];
    const counts = [`count(DISTINCT ${column}) AS distinct_${index}`, present];
    if (quartiles === null) return counts;
    return [...counts, `quantile_cont(CAST(${column} AS DOUBLE), [0.25, 0.5, 0.75]) AS quartiles_${index}`];
  });
  const [found] = await database.rows(`SELECT ${wanted.join(", ")} FROM (${query})`);
  return profiles.map((profile, index) => {
    const missing = missingOf(rowCount, found[`present_${index}`]);
    if (profile.kind === null) return { ...profile, ...missing };
    const quartiles = found[`quartiles_${index}`] as ColumnSummary["quartiles"] | undefined;
    return {
      ...profile,
      ...missing,
      is_estimated: false,
      distinct_count: Number(found[`distinct_${index}`]),
      ...(quartiles === undefined ? {} : { quartiles }),
    };
  });
}
