/** Several models of one table that judge together: a row's score is the mean of its ranks among their training scores. */

import {
  type AnomalyModel,
  createRanker,
  detectorById,
  fitThreshold,
  rankStateOf,
  type Reason,
  snakeCase,
  type Table,
  type ThresholdSpec,
  type Vote,
} from "@nomaly/detect";

/** What judges and explains the rows of a table: one model, or several together. */
export interface Judge extends Pick<
  AnomalyModel,
  "detectorId" | "params" | "seed" | "threshold" | "thresholdSpec" | "columns" | "skippedColumns" | "judge" | "ensemble"
> {
  explain(rows: Table): { readonly rows: readonly { readonly reasons: readonly Reason[]; readonly votes?: readonly Vote[] }[] };
}

export interface Ensemble extends Judge {
  /** In the order in which they were asked for. */
  readonly members: readonly AnomalyModel[];
}

/** @param trainingScores of each model, for the same rows. */
export function createEnsemble(
  members: readonly AnomalyModel[],
  trainingScores: readonly Float64Array[],
  thresholdSpec: ThresholdSpec,
): Ensemble {
  const means = meanRanks(members, trainingScores);
  const threshold = fitThreshold(means, thresholdSpec);
  const ranker = createRanker(rankStateOf(means.slice().sort()));
  const [{ seed, columns, skippedColumns }] = members;
  return {
    detectorId: members.map(({ detectorId }) => detectorId).join(", "),
    params: Object.fromEntries(members.flatMap(paramsByName)),
    seed,
    threshold,
    thresholdSpec,
    columns,
    skippedColumns,
    members,
    judge(scores) {
      const labels = Uint8Array.from(scores, (score) => (score > threshold ? 1 : 0));
      return { scores, labels, ranks: scores.map((score) => ranker.rank(score)) };
    },
    explain: (rows) => ({ rows: mergedReasons(members, rows) }),
  };
}

/** Means of ranks are rounded, so that equal ones stay equal in whatever order they were summed: this many steps from 0 to 1. */
const meanStepCount = 1e12;

/** The mean of the ranks that the models give each row. */
export function meanRanks(models: readonly AnomalyModel[], scores: readonly Float64Array[]): Float64Array {
  const means = new Float64Array(scores[0].length);
  for (const [index, model] of models.entries()) {
    const { ranks } = model.judge(scores[index]);
    for (let row = 0; row < means.length; row++) means[row] += ranks[row];
  }
  for (let row = 0; row < means.length; row++) means[row] = roundedMean(means[row], models.length);
  return means;
}

export function roundedMean(sum: number, count: number): number {
  return Math.round((sum / count) * meanStepCount) / meanStepCount;
}

/** `knn.n_neighbors`, as `--set` takes it. */
function paramsByName({ detectorId, params }: AnomalyModel): [string, number | string | boolean][] {
  return Object.entries(params).map(([name, value]) => [`${detectorId}.${snakeCase(name)}`, value]);
}

/** The models that compute contributions themselves; all of them if none does. */
function explainers(members: readonly AnomalyModel[]): readonly AnomalyModel[] {
  const own = members.filter(({ detectorId }) => detectorById(detectorId).traits.explains !== "none");
  return own.length > 0 ? own : members;
}

/**
 * Each model shares 1 among the columns, in proportion to what they added to its score; a column's merged contribution is the mean of its
 * shares. Only models that find the row anomalous count, unless none of them does: what the others would say of it is no reason.
 */
function mergedReasons(members: readonly AnomalyModel[], rows: Table): { readonly reasons: readonly Reason[] }[] {
  const explained = explainers(members).map((model) => model.explain(rows).rows);
  return Array.from({ length: rows.rowCount }, (_, row) => {
    const found = explained.map((list) => list[row]).filter(({ label }) => label === 1);
    return { reasons: merged((found.length > 0 ? found : explained.map((list) => list[row])).map(({ reasons }) => reasons)) };
  });
}

function merged(lists: readonly (readonly Reason[])[]): readonly Reason[] {
  const sums = new Map(lists[0].map(({ column }) => [column, 0]));
  for (const reasons of lists) {
    const total = reasons.reduce((sum, { contribution }) => sum + Math.max(0, contribution), 0);
    if (total === 0 || !Number.isFinite(total)) continue;
    for (const { column, contribution } of reasons) {
      sums.set(column, (sums.get(column) ?? 0) + Math.max(0, contribution) / total / lists.length);
    }
  }
  return lists[0]
    .map((reason) => ({ ...reason, contribution: sums.get(reason.column) ?? 0 }))
    .sort((a, b) => b.contribution - a.contribution);
}
