/** What `SUMMARIZE` only estimates, counted where that takes no time worth mentioning. */

import type { Database } from "../../files/database.ts";
import type { ColumnProfile } from "../work.ts";

/** Values of the table, rows times columns. */
const exactValueCountMax = 1_000_000;
/** More expressions than these in one question take long to plan, however few the rows. */
const exactColumnCountMax = 1000;

/**
 * Distinct values, missing values and quartiles of columns that detectors use.
 * @param query gives them as c0, c1 and so on.
 */
export async function exactWhereSmall(
  database: Database,
  {
    query,
    profiles,
    rowCount,
  }: { readonly query: string; readonly profiles: readonly ColumnProfile[]; readonly rowCount: number },
): Promise<readonly ColumnProfile[]> {
  if (rowCount * profiles.length > exactValueCountMax || profiles.length > exactColumnCountMax) return profiles;
  const wanted = profiles.flatMap(({ kind, quartiles }, index) => {
    if (kind === null) return [];
    const column = `c${index}`;
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
