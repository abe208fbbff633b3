/** The start of expectation-maximisation: how far each row belongs to each component. */

import type { FitContext } from "../../detector/detector.ts";
import { fitKMeans } from "../../structures/clusters/k-means.ts";
import type { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { emptyShares } from "./expectation.ts";

export const starts = ["kmeans", "random"] as const;

/** `shares[k][row]`, summing to 1 over components. There are fewer components where there are fewer different rows. */
export async function startShares(
  train: Matrix,
  componentCount: number,
  start: (typeof starts)[number],
  context: FitContext,
): Promise<Float64Array[]> {
  if (componentCount === 1) return [new Float64Array(train.rowCount).fill(1)];
  if (start === "random") return randomShares(train.rowCount, componentCount, context.random);
  const { progress: _whole, ...quiet } = context;
  const { labels, centers } = await fitKMeans(train, { clusterCount: componentCount, initCount: 1 }, quiet);
  const shares = emptyShares(centers.rowCount, train.rowCount);
  for (const [row, label] of labels.entries()) shares[label][row] = 1;
  return shares;
}

function randomShares(rowCount: number, componentCount: number, random: Random): Float64Array[] {
  const shares = emptyShares(componentCount, rowCount);
  for (let row = 0; row < rowCount; row++) {
    let total = 0;
    for (const share of shares) total += share[row] = random.uniform() + Number.MIN_VALUE;
    for (const share of shares) share[row] /= total;
  }
  return shares;
}
