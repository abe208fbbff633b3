/** Mean and covariance of rows: one pass, in fixed blocks, so that the bits do not depend on the number of threads. */

import { NomalyError } from "../../errors.ts";
import type { ScatterSums } from "../../kernels/dense-kernels.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import type { Matrix } from "../../matrix.ts";
import { rowRange } from "../../matrix.ts";
import { toShared, toSharedMatrix } from "../../shared-memory.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { inTurns, kernelWorkMax, pieceWorkMax } from "../../threads/pieces.ts";
import type { Threads } from "../../threads/threads.ts";
import { cutRanges, isWorthSending } from "../../threads/threads.ts";
import { isWorthSharing } from "./worth-sharing.ts";

export interface Moments {
  readonly mean: Float64Array;
  /** d x d, symmetric: divided by the sum of weights (the maximum likelihood estimate). */
  readonly covariance: Float64Array;
  /** Sum of weights; the number of rows when there are none. */
  readonly weight: number;
}

/** The part of a fit's context that the sums need. */
export interface MomentsContext {
  readonly kernels: KernelSet;
  readonly threads: Threads;
  readonly signal?: AbortSignal;
}

/** Input of the task `core/scatter`; rows and weights lie on shared memory. */
export interface ScatterTask {
  readonly rows: Matrix;
  readonly weights: Float64Array | undefined;
  readonly center: Float64Array;
}

/** Blocks of a large table: enough to keep threads busy, few enough that their sums stay small. */
const blockCountMax = 64;
const blockRowCountMin = 8192;
/** Most numbers that the blocks' sums may hold together. */
const sumsLengthMax = 8_388_608;
/** Rows averaged to find a point near the mean, about which the sums run. */
const sampleRowCountMax = 1024;
/** With fewer values, handing work to workers takes longer than summing. */
const threadedValueCountMin = 500_000;

/**
 * Mean and covariance, on as many threads as there are.
 * @throws NomalyError NOT_FINITE when values are so large that their squares overflow, ABORTED when the signal fires.
 */
export async function fitMoments(rows: Matrix, weights: Float64Array | undefined, context: MomentsContext): Promise<Moments> {
  const center = sampleMean(rows);
  const blocks = cutRanges(rows.rowCount, blockCount(rows));
  const { threads, kernels, signal } = context;
  const threaded = isWorthSending(threads, rows.values.length, threadedValueCountMin) && isWorthSharing(rows, threads);
  const from = threaded ? toSharedMatrix(rows) : rows;
  const sharedWeights = weights === undefined || !threaded ? weights : toShared(weights);
  const inputs = blocks.map(({ start, end }) => ({
    rows: rowRange(from, start, end),
    weights: sharedWeights?.subarray(start, end),
    center,
  }));
  if (threaded) {
    const options = signal === undefined ? {} : { signal };
    const sums = await threads.map<ScatterTask, ScatterSums>("core/scatter", inputs, kernels, options);
    return inTurns(finish(sums, rows, weights), signal);
  }
  const parts: ScatterSums[] = [];
  for (const input of inputs) parts.push(await inTurns(scatterTask(input, kernels), signal));
  return inTurns(finish(parts, rows, weights), signal);
}

/** Mean and covariance of few rows. */
export function* momentsOf(rows: Matrix, weights: Float64Array | undefined, kernels: KernelSet): Pieces<Moments> {
  const part = yield* scatterTask({ rows, weights, center: sampleMean(rows) }, kernels);
  return yield* finish([part], rows, weights);
}

/** The variances of the columns. */
export function diagonalOf(covariance: Float64Array, width: number): Float64Array {
  return Float64Array.from({ length: width }, (_, j) => covariance[j * (width + 1)]);
}

/** Sums of one block: what a worker does. Rows are added in order, so the pieces change no bit. */
export function* scatterTask(input: ScatterTask, kernels: KernelSet): Pieces<ScatterSums> {
  const { rows, weights, center } = input;
  const width = rows.columnCount;
  const into = { center, sums: new Float64Array(width), products: new Float64Array(width * width) };
  const pieceRowCount = Math.max(1, Math.floor((2 * kernelWorkMax) / (width * width)));
  for (let start = 0; start < rows.rowCount; start += pieceRowCount) {
    if (start > 0) yield;
    const end = Math.min(start + pieceRowCount, rows.rowCount);
    kernels.addScatter(rowRange(rows, start, end), weights?.subarray(start, end), into);
  }
  return into;
}

/** Depends on the table's size alone. */
function blockCount(rows: Matrix): number {
  const byRows = Math.floor(rows.rowCount / blockRowCountMin);
  const bySums = Math.floor(sumsLengthMax / (rows.columnCount * rows.columnCount));
  return Math.max(1, Math.min(blockCountMax, byRows, bySums));
}

/**
 * The mean of evenly spaced rows. Summing about a point near the mean keeps the digits that summing about 0 would lose;
 * it need not be the mean itself: a correction at the end subtracts the difference.
 */
function sampleMean(rows: Matrix): Float64Array {
  const { rowCount, columnCount, values } = rows;
  const count = Math.min(rowCount, sampleRowCountMax);
  const mean = new Float64Array(columnCount);
  for (let i = 0; i < count; i++) {
    const at = Math.floor((i * rowCount) / count) * columnCount;
    for (let column = 0; column < columnCount; column++) mean[column] += values[at + column] / count;
  }
  return mean;
}

function* finish(parts: readonly ScatterSums[], rows: Matrix, weights: Float64Array | undefined): Pieces<Moments> {
  const width = rows.columnCount;
  const { center } = parts[0];
  const sums = new Float64Array(width);
  const covariance = new Float64Array(width * width);
  for (const part of parts) {
    for (let j = 0; j < width; j++) sums[j] += part.sums[j];
    for (let i = 0; i < covariance.length; i++) covariance[i] += part.products[i];
    if (parts.length > 1) yield;
  }
  const weight = weights === undefined ? rows.rowCount : total(weights);
  const mean = center.map((middle, j) => middle + sums[j] / weight);
  for (let j = 0, work = 0; j < width; j++, work += width) {
    if (work > pieceWorkMax) {
      work = 0;
      yield;
    }
    for (let k = j; k < width; k++) {
      const value = covariance[j * width + k] / weight - (sums[j] / weight) * (sums[k] / weight);
      // A variance below 0 is rounding.
      covariance[j * width + k] = j === k ? Math.max(0, value) : value;
      covariance[k * width + j] = covariance[j * width + k];
    }
  }
  requireFiniteSquares(covariance, width);
  return { mean, covariance, weight };
}

function total(weights: Float64Array): number {
  let sum = 0;
  for (const weight of weights) sum += weight;
  return sum;
}

function requireFiniteSquares(covariance: Float64Array, width: number): void {
  for (let j = 0; j < width; j++) requireFiniteVariance(covariance[j * (width + 1)], j);
}

/** @throws NomalyError NOT_FINITE when the squares of the column overflowed. */
export function requireFiniteVariance(variance: number, column: number): void {
  if (Number.isFinite(variance)) return;
  throw new NomalyError("NOT_FINITE", `the squares of column ${column} overflow; scale the columns first`, {
    field: `column ${column}`,
    expected: "values of magnitude below 1e150",
  });
}
