/** cblof: distance to the nearest large cluster of a k-means clustering. */

import { fitKMeans, kMeansRunTask } from "../../structures/clusters/k-means.ts";
import { defineDetector } from "../../detector/detector.ts";
import { refusedParam } from "../../detector/params.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { scoreRows } from "../../threads/score-rows.ts";
import { createCblofModel, restoreCblof } from "./model.ts";

/** Share of the work, for progress, that the clustering takes. */
const clusteringShare = 0.9;

/**
 * Scores a row by its distance from the centre of the nearest large cluster.
 *
 * k-means groups the rows; the big groups are normal. A row of a big group is scored by the distance to that group's
 * centre, a row of a small group by the distance to the nearest big group: so a small cluster of anomalies stands out as
 * a whole, which single neighbours would hide.
 *
 * Good at: rows far from every cluster, small remote clusters. Bad at: long or curved clusters, local density; use lof or knn.
 *
 * Shapes  train is n x d, n >= nClusters; scores has n entries; order kept.
 * Units   distance, >= 0 (times the cluster's size with useWeights); columns: comparable: scale first.
 * Missing refused.
 * Cost    fit O(nInit x iterations x n k d) at most, bounds skip most of it; score O(k d) a row; memory O(n + k d).
 * Random  seed decides the starting centres; equal seeds give equal bits on every kernel set and thread count.
 * Numeric distances saturate at the largest finite number.
 * Errors  PARAM: more clusters than rows.
 * Source  He, Xu and Deng, Discovering Cluster-based Local Outliers, Pattern Recognition Letters 24, 2003, definitions 3
 *         to 5; deviates from it in clustering by k-means and, by default, in not weighting by cluster size, as PyOD.
 */
export const cblof = defineDetector({
  id: "cblof",
  summary: "Distance to the nearest large cluster: finds remote rows and small remote groups.",
  traits: {
    ...traitDefaults,
    fitGrowth: "clusters",
    usesRandomness: true,
    rowOrderMatters: true,
    trainingScoresAreRescores: true,
    explains: "sums-to-score",
    unitsMatter: true,
    shiftInvariant: true,
  },
  params: {
    nClusters: { kind: "integer", default: 8, min: 1, max: 10_000, summary: "Clusters asked of k-means." },
    nInit: { kind: "integer", default: 10, min: 1, max: 1000, summary: "k-means runs from different starts; the best is kept." },
    alpha: {
      kind: "number",
      default: 0.9,
      min: 0,
      max: 1,
      minExclusive: true,
      maxExclusive: true,
      summary: "Share of the rows that the large clusters hold at least.",
    },
    beta: {
      kind: "number",
      default: 5,
      min: 1,
      max: 1e9,
      minExclusive: true,
      summary: "A large cluster is at least this many times the size of the next, small one.",
    },
    useWeights: {
      kind: "boolean",
      default: false,
      summary: "Multiply the distance by the size of the row's cluster, as in the paper.",
    },
  },
  async fit(train, params, context) {
    if (params.nClusters > train.rowCount) {
      const expected = `at most the number of rows, ${train.rowCount}`;
      throw refusedParam("cblof", params, "nClusters", { expected, received: params.nClusters });
    }
    const options = { clusterCount: params.nClusters, initCount: params.nInit };
    const { centers, sizes } = await fitKMeans(train, options, {
      ...context,
      progress: (done) => context.progress?.(done * clusteringShare),
    });
    const isLarge = largeClusters(sizes, train.rowCount, params.alpha, params.beta);
    const model = createCblofModel({ centers, sizes, isLarge, useWeights: params.useWeights }, context.kernels);
    const trainingScores = await scoreRows("cblof", model, train, {
      ...context,
      progress: (done) => context.progress?.(clusteringShare + done * (1 - clusteringShare)),
    });
    return { model, trainingScores };
  },
  sharedTasks: { kMeansRun: kMeansRunTask },
  restore: restoreCblof,
});

/**
 * 1 for each large cluster. With clusters from large to small (equal sizes by index), the boundary stands before the first
 * one where the larger ones hold the share `alpha` of the rows and the size falls by the factor `beta`; where no place
 * meets both, the first that meets alpha, else the first that meets beta, else all clusters are large.
 */
export function largeClusters(sizes: Int32Array, rowCount: number, alpha: number, beta: number): Uint8Array {
  const order = [...sizes.keys()].toSorted((a, b) => sizes[b] - sizes[a] || a - b);
  let firstAlpha = order.length;
  let firstBeta = order.length;
  let firstBoth = order.length;
  let held = 0;
  for (let count = 1; count < order.length; count++) {
    held += sizes[order[count - 1]];
    const meetsAlpha = held >= rowCount * alpha;
    const meetsBeta = sizes[order[count - 1]] / sizes[order[count]] >= beta;
    if (meetsAlpha) firstAlpha = Math.min(firstAlpha, count);
    if (meetsBeta) firstBeta = Math.min(firstBeta, count);
    if (meetsAlpha && meetsBeta) firstBoth = Math.min(firstBoth, count);
  }
  const boundary = [firstBoth, firstAlpha, firstBeta].find((count) => count < order.length) ?? order.length;
  const isLarge = new Uint8Array(sizes.length);
  for (const cluster of order.slice(0, boundary)) isLarge[cluster] = 1;
  return isLarge;
}
