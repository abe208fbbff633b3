/** Expectation-maximisation for mixtures of Gaussians. */

import type { FitContext } from "../../detector/detector.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { fitMoments } from "../../structures/linear-algebra/moments.ts";
import type { Moments } from "../../structures/linear-algebra/moments.ts";
import type { Matrix } from "../../matrix.ts";
import { rowRange } from "../../matrix.ts";
import { sharedFloat64 } from "../../shared-memory.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { inTurns, kernelWorkMax } from "../../threads/pieces.ts";
import { cutRanges, isWorthSending } from "../../threads/threads.ts";
import type { CovarianceType } from "./covariance-shape.ts";
import { gaussiansOf } from "./covariance-shape.ts";
import type { Mixture } from "./mixture.ts";
import { logSums, weightedLogDensity } from "./mixture.ts";

export interface MixtureParams {
  readonly covarianceType: CovarianceType;
  readonly regCovar: number;
  readonly tol: number;
  readonly maxIter: number;
}

export interface FittedMixture {
  readonly mixture: Mixture;
  /** Mean log density of the rows under the mixture before the last improvement. */
  readonly meanLogDensity: number;
}

/** Input of the task `gmm/expect`: shares of a range of rows, written to shared memory. */
export interface ExpectTask {
  readonly rows: Matrix;
  readonly mixture: Mixture;
  /** One array for each component, of the range's length. */
  readonly shares: readonly Float64Array[];
}

/** Rows of a range: the sum of log densities is taken range by range, whatever the number of threads. */
const rangeRowCount = 8192;
/** Rows that the kernels take together: fewer cost as much. */
const pieceRowCountMin = 8;
/** With fewer values times components than this, handing work to a worker takes longer than doing it. */
const threadedValueCountMin = 1_000_000;
/** Added to a component's share of the rows, so that an empty component causes no division by zero. */
const weightMin = 10 * Number.EPSILON;

/**
 * Improves a mixture until the mean log density gains less than `tol`.
 * @param rows shared, where there are several threads.
 * @param shares `shares[k][row]`: how far each row belongs to component k at the start; overwritten.
 * Source  Dempster, Laird and Rubin 1977; the order of steps and the stopping rule are scikit-learn's.
 */
export async function maximize(
  rows: Matrix,
  shares: readonly Float64Array[],
  params: MixtureParams,
  context: FitContext,
): Promise<FittedMixture> {
  let mixture = await mixtureOf(rows, shares, params, context);
  let meanLogDensity = Number.NEGATIVE_INFINITY;
  // One component has nothing to share: its mean and covariance are the answer.
  if (shares.length === 1) return { mixture, meanLogDensity };
  for (let iteration = 0; iteration < params.maxIter; iteration++) {
    const before = meanLogDensity;
    meanLogDensity = await expect(rows, mixture, shares, context);
    mixture = await mixtureOf(rows, shares, params, context);
    if (Math.abs(meanLogDensity - before) < params.tol) break;
    context.progress?.((iteration + 1) / params.maxIter);
  }
  return { mixture, meanLogDensity };
}

/** Buffers for the shares of all components, on shared memory. */
export function emptyShares(componentCount: number, rowCount: number): Float64Array[] {
  return Array.from({ length: componentCount }, () => sharedFloat64(rowCount));
}

/** Shares of one range of rows; returns the sum of their log densities, added row by row whatever the pieces. */
export function* expectTask(input: ExpectTask, kernels: KernelSet): Pieces<number> {
  const { rows, mixture, shares } = input;
  const pieceRowCount = pieceRowCountOf(rows.columnCount);
  let sum = 0;
  for (let start = 0; start < rows.rowCount; start += pieceRowCount) {
    const end = Math.min(start + pieceRowCount, rows.rowCount);
    const piece = rowRange(rows, start, end);
    const parts: Float64Array[] = [];
    for (let k = 0; k < mixture.gaussians.length; k++) {
      parts.push(weightedLogDensity(piece, mixture, k, kernels));
      yield;
    }
    const total = new Float64Array(piece.rowCount);
    logSums(parts, total);
    for (const value of total) sum += value;
    for (const [k, part] of parts.entries()) {
      const share = shares[k];
      for (let row = 0; row < part.length; row++) share[start + row] = Math.exp(part[row] - total[row]);
    }
  }
  return sum;
}

/** Rows of a piece: so few that one component's densities take one bounded call of a kernel. */
function pieceRowCountOf(columnCount: number): number {
  return Math.max(pieceRowCountMin, Math.floor(kernelWorkMax / (columnCount * columnCount)));
}

async function expect(rows: Matrix, mixture: Mixture, shares: readonly Float64Array[], context: FitContext): Promise<number> {
  const { threads, kernels, signal } = context;
  const inputs = cutRanges(rows.rowCount, Math.ceil(rows.rowCount / rangeRowCount)).map(({ start, end }) => ({
    rows: rowRange(rows, start, end),
    mixture,
    shares: shares.map((share) => share.subarray(start, end)),
  }));
  const threaded = isWorthSending(threads, rows.values.length * mixture.gaussians.length, threadedValueCountMin);
  const options = signal === undefined ? {} : { signal };
  const sums = threaded
    ? await threads.map<ExpectTask, number>("gmm/expect", inputs, kernels, options)
    : await inTurns(expectAll(inputs, kernels), signal);
  return sums.reduce((total, sum) => total + sum, 0) / rows.rowCount;
}

function* expectAll(inputs: readonly ExpectTask[], kernels: KernelSet): Pieces<number[]> {
  const sums: number[] = [];
  for (const input of inputs) sums.push(yield* expectTask(input, kernels));
  return sums;
}

async function mixtureOf(
  rows: Matrix,
  shares: readonly Float64Array[],
  params: MixtureParams,
  context: FitContext,
): Promise<Mixture> {
  const moments: Moments[] = [];
  for (const share of shares) moments.push(await fitMoments(rows, shares.length === 1 ? undefined : share, context));
  const weights = moments.map(({ weight }) => weight + weightMin);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    gaussians: await inTurns(gaussiansOf(moments, params.covarianceType, params.regCovar), context.signal),
    logWeights: Float64Array.from(weights, (weight) => Math.log(weight / total)),
  };
}
