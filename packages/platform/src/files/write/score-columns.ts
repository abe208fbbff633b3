/** Names the columns that scoring adds, and finds columns that an earlier run added to the file. */

/** Added columns, in this order; the last only if reasons are wanted. */
export const scoreColumnNames = ["anomaly_score", "is_anomaly", "rank", "reasons"] as const;
const [reasonsName, coreNames] = [scoreColumnNames[3], scoreColumnNames.slice(0, 3)];

export interface ScoreColumns {
  /** Names in the output, in the order of {@link scoreColumnNames}. */
  readonly added: readonly string[];
  /** Columns of the file that an earlier run added; the fit leaves them out. */
  readonly earlier: readonly string[];
  /** Columns of an earlier run that the added ones replace. */
  readonly replaced: readonly string[];
}

/**
 * Columns count as an earlier run's only if anomaly_score, is_anomaly and rank are all present: a lone column `rank` is the user's own.
 * If such a column takes a name, all added columns end in `_2` (or `_3`, and so on), by which a later run recognises them.
 */
export function scoreColumns(names: readonly string[], withReasons: boolean): ScoreColumns {
  const wanted = withReasons ? scoreColumnNames : coreNames;
  const suffixes = Array.from({ length: names.length + 1 }, (_, index) => (index === 0 ? "" : `_${index + 1}`));
  const present = new Set(names);
  const earlier = suffixes
    .filter((suffix) => coreNames.every((name) => present.has(name + suffix)))
    .flatMap((suffix) => scoreColumnNames.map((name) => name + suffix))
    .filter((name) => present.has(name));
  const replaced = earlier.filter((name) => withReasons || !name.startsWith(reasonsName));
  // DuckDB compares names without case.
  const kept = new Set(names.filter((name) => !replaced.includes(name)).map((name) => name.toLowerCase()));
  const free = suffixes.find((suffix) => wanted.every((name) => !kept.has(name + suffix))) ?? `_${names.length + 2}`;
  return { added: wanted.map((name) => name + free), earlier, replaced };
}
