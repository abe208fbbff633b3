/** Names the columns that scoring adds, and finds columns that an earlier run added to the file. */

import { detectors } from "@nomaly/detect";

const coreNames = ["anomaly_score", "is_anomaly", "rank"] as const;
const reasonsName = "reasons";

/** What the added columns hold, and so how many there are. */
export interface ScoresAdded {
  readonly reasons: boolean;
  /** Detectors that score together: each has a column of its own scores. */
  readonly detectorIds?: readonly string[] | undefined;
}

/** Names of the added columns where the file takes none of them: scores, those of each detector, reasons. */
export function scoreColumnNames({ reasons, detectorIds = [] }: ScoresAdded): readonly string[] {
  return [...coreNames, ...detectorIds.map(memberName), ...(reasons ? [reasonsName] : [])];
}

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
export function scoreColumns(names: readonly string[], scores: ScoresAdded): ScoreColumns {
  const wanted = scoreColumnNames(scores);
  const suffixes = Array.from({ length: names.length + 1 }, (_, index) => (index === 0 ? "" : `_${index + 1}`));
  const present = new Set(names);
  const known = scoreColumnNames({ reasons: true, detectorIds: detectors.map(({ id }) => id) });
  const earlier = suffixes
    .filter((suffix) => coreNames.every((name) => present.has(name + suffix)))
    .flatMap((suffix) => known.map((name) => name + suffix))
    .filter((name) => present.has(name));
  // The scores of single detectors, which the new anomaly_score was not made of, go with the old one.
  const replaced = earlier.filter((name) => scores.reasons || !name.startsWith(reasonsName));
  // DuckDB compares names without case.
  const kept = new Set(names.filter((name) => !replaced.includes(name)).map((name) => name.toLowerCase()));
  const free = suffixes.find((suffix) => wanted.every((name) => !kept.has(name + suffix))) ?? `_${names.length + 2}`;
  return { added: wanted.map((name) => name + free), earlier, replaced };
}

/** Those of score and label in a file with scores but without reasons and further detectors: they come behind the columns of the rows. */
export function judgedColumns<Column>(columns: readonly Column[]): { readonly score: Column; readonly isAnomaly: Column } {
  const [score, isAnomaly] = columns.slice(-coreNames.length);
  return { score, isAnomaly };
}

/** `anomaly_score_isolation_forest`: with underscores, as SQL and most programs want names. */
function memberName(detectorId: string): string {
  return `${coreNames[0]}_${detectorId.replaceAll("-", "_")}`;
}
