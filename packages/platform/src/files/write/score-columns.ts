/** The columns that scoring adds: under which names, and which of a file's own columns are those of an earlier run. */

/** What is added, in this order; the last only where reasons are asked for. */
export const scoreColumnNames = ["anomaly_score", "is_anomaly", "rank", "reasons"] as const;
const [reasonsName, coreNames] = [scoreColumnNames[3], scoreColumnNames.slice(0, 3)];

export interface ScoreColumns {
  /** Names in the output, in the order of {@link scoreColumnNames}. */
  readonly added: readonly string[];
  /** Columns of the file that an earlier run added: not learned from. */
  readonly earlier: readonly string[];
  /** Those of them that the added ones replace. */
  readonly replaced: readonly string[];
}

/**
 * Columns count as an earlier run's only when anomaly_score, is_anomaly and rank stand together: a column that is merely
 * called rank is the user's own. Where such a column takes a name, all of ours end in `_2` (or `_3`, and so on); a later
 * run knows them again by that.
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
  // DuckDB tells names apart without regard to case.
  const kept = new Set(names.filter((name) => !replaced.includes(name)).map((name) => name.toLowerCase()));
  const free = suffixes.find((suffix) => wanted.every((name) => !kept.has(name + suffix))) ?? `_${names.length + 2}`;
  return { added: wanted.map((name) => name + free), earlier, replaced };
}
