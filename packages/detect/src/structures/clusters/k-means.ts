/** k-means: the best of several seeded runs, the same whatever the number of threads. */

import { assert } from "../../errors.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { pickRows, rowRange, type Matrix } from "../../matrix.ts";
import { createRandom, sampleWithoutReplacement, type Random } from "../../random.ts";
import { toSharedMatrix } from "../../shared-memory.ts";
import { isWorthSending, type Threads } from "../../threads/threads.ts";
import { createKMeansRun, type KMeansRun, type KMeansRunOptions } from "./k-means-run.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { inTurns, kernelWorkMax, pieceWorkMax } from "../../threads/pieces.ts";

export interface KMeansOptions {
  readonly clusterCount: number;
  /** Different starts; the run of least inertia wins, the first of equals. */
  readonly initCount: number;
  readonly iterationCountMax?: number;
  /** A run ends when its centres' summed squared movement is at most this share of the columns' mean variance. */
  readonly tolerance?: number;
}

/** The part of a fit's context that clustering needs. */
export interface ClusteringContext {
  readonly random: Random;
  readonly kernels: KernelSet;
  readonly threads: Threads;
  readonly signal?: AbortSignal;
  readonly progress?: (done: number) => void;
}

/** Every cluster has at least one row; there are fewer than asked for where there are fewer different rows. */
export interface KMeans {
  readonly centers: Matrix;
  /** Each row's nearest centre, the first of equals. */
  readonly labels: Int32Array;
  readonly sizes: Int32Array;
  /** Sum over rows of the squared distance to the nearest centre. */
  readonly inertia: number;
}

/** Input of the task `core/kMeansRun`; `rows` lies on shared memory. */
export interface KMeansTask {
  readonly rows: Matrix;
  readonly options: KMeansRunOptions;
  /** Where starting centres come from: a stream of random numbers, or the given centres. */
  readonly origin: { readonly seed: number; readonly stream: number } | Float64Array;
}

export interface KMeansTaskResult {
  readonly centers: Float64Array;
  readonly inertia: number;
}

const defaults = { iterationCountMax: 300, tolerance: 1e-4 };
/** Above this magnitude squares may overflow: rows are scaled by a power of two first, which changes no comparison. */
const magnitudeMax = 1e140;
/** With more than twice as many rows, all starts are tried on a sample of so many for few iterations: good ones show by then. */
const trialRowCount = 4096;
const trialIterationCountMax = 20;
/** Trials that are carried on to their end, on all rows; the best of them wins. */
const finalistCount = 2;
/** Share of the work, for progress, that the trials take. */
const trialShare = 0.5;
/** With fewer values times runs than this, handing a run to a worker takes longer than clustering. */
const threadedValueCountMin = 200_000;
/** Most rows labelled at a time. */
const blockRowCountMax = 4096;

/**
 * Clusters rows: Lloyd's iteration from greedy k-means++ starts. Start `i` draws from stream `i` of the seed. All starts are
 * tried for a few iterations, on a sample where rows are many; the best two are carried on to their end.
 * @throws NomalyError ABORTED when the signal fires.
 */
export async function fitKMeans(rows: Matrix, options: KMeansOptions, context: ClusteringContext): Promise<KMeans> {
  const scale = powerOfTwoScale(rows.values);
  const scaled = scale === 1 ? rows : { ...rows, values: rows.values.map((value) => value * scale) };
  const { clusterCount, initCount, iterationCountMax, tolerance } = { ...defaults, ...options };
  const { seed } = context.random;
  const trialRows = sampleForTrials(scaled, createRandom(seed).stream(initCount));
  const variance = await inTurns(meanVariance(scaled), context.signal);
  const trialOptions = {
    clusterCount,
    movementMax: tolerance * (trialRows === scaled ? variance : await inTurns(meanVariance(trialRows), context.signal)),
    iterationCountMax: Math.min(trialIterationCountMax, iterationCountMax),
  };
  const trials = await runAll(
    Array.from({ length: initCount }, (_, stream) => ({ rows: trialRows, options: trialOptions, origin: { seed, stream } })),
    { ...context, progress: (done) => context.progress?.(done * trialShare) },
  );
  const finalists = [...trials.keys()].toSorted((a, b) => trials[a].inertia - trials[b].inertia || a - b);
  const finalOptions = { clusterCount, movementMax: tolerance * variance, iterationCountMax };
  const finals = await runAll(
    finalists.slice(0, finalistCount).map((i) => ({ rows: scaled, options: finalOptions, origin: trials[i].centers })),
    { ...context, progress: (done) => context.progress?.(trialShare + done * (1 - trialShare)) },
  );
  let best = finals[0];
  for (const result of finals) if (result.inertia < best.inertia) best = result;
  return inTurns(describeClusters(scaled, best, scale, context.kernels), context.signal);
}

function sampleForTrials(rows: Matrix, random: Random): Matrix {
  if (rows.rowCount <= 2 * trialRowCount) return rows;
  return pickRows(rows, sampleWithoutReplacement(rows.rowCount, trialRowCount, random).sort());
}

function* meanVariance(rows: Matrix): Pieces<number> {
  const { values, rowCount, columnCount } = rows;
  const means = new Float64Array(columnCount);
  for (let row = 0, at = 0; row < rowCount; row++) {
    for (let column = 0; column < columnCount; column++) means[column] += values[at++];
    if (at % pieceWorkMax < columnCount) yield;
  }
  for (let column = 0; column < columnCount; column++) means[column] /= rowCount;
  const squares = new Float64Array(columnCount);
  for (let row = 0, at = 0; row < rowCount; row++) {
    for (let column = 0; column < columnCount; column++) {
      const difference = values[at++] - means[column];
      squares[column] += difference * difference;
    }
    if (at % pieceWorkMax < columnCount) yield;
  }
  let total = 0;
  for (let column = 0; column < columnCount; column++) total += squares[column] / rowCount;
  return total / columnCount;
}

/** One run from start to end: what a worker does. */
export function* kMeansRunTask(input: KMeansTask, kernels: KernelSet): Pieces<KMeansTaskResult> {
  const run = runOf(input, kernels);
  while (yield* run.step());
  return yield* run.result();
}

function runOf({ rows, options, origin }: KMeansTask, kernels: KernelSet): KMeansRun {
  const from = "seed" in origin ? createRandom(origin.seed).stream(origin.stream) : origin;
  return createKMeansRun(rows, options, from, kernels);
}

/** The runs' results, in order. All runs have the same rows. */
async function runAll(tasks: readonly KMeansTask[], context: ClusteringContext): Promise<readonly KMeansTaskResult[]> {
  const { threads, kernels, signal, progress } = context;
  const onDone = (doneCount: number) => progress?.(doneCount / tasks.length);
  if (isWorthSending(threads, tasks[0].rows.values.length * tasks.length, threadedValueCountMin)) {
    const rows = toSharedMatrix(tasks[0].rows);
    const inputs = tasks.map((task) => ({ ...task, rows }));
    const taskOptions = { ...(signal === undefined ? {} : { signal }), onDone };
    return threads.map<KMeansTask, KMeansTaskResult>("core/kMeansRun", inputs, kernels, taskOptions);
  }
  const results: KMeansTaskResult[] = [];
  for (const task of tasks) {
    results.push(await inTurns(kMeansRunTask(task, kernels), signal));
    onDone(results.length);
  }
  return results;
}

/** Finds each row's nearest centre once more for labels and sizes; centres without rows are left out. */
function* describeClusters(rows: Matrix, result: KMeansTaskResult, scale: number, kernels: KernelSet): Pieces<KMeans> {
  const { rowCount, columnCount } = rows;
  const centerCount = result.centers.length / columnCount;
  assert(centerCount > 0, "k-means ended without a centre");
  const labels = yield* labelsOf(rows, { rowCount: centerCount, columnCount, values: result.centers }, kernels);
  const counts = new Int32Array(centerCount);
  for (let row = 0; row < rowCount; row++) counts[labels[row]]++;
  const kept = [...counts.keys()].filter((cluster) => counts[cluster] > 0);
  const centers = new Float64Array(kept.length * columnCount);
  const newLabel = new Int32Array(centerCount);
  for (const [label, cluster] of kept.entries()) {
    newLabel[cluster] = label;
    const from = cluster * columnCount;
    for (let column = 0; column < columnCount; column++) {
      centers[label * columnCount + column] = result.centers[from + column] / scale;
    }
  }
  return {
    centers: { rowCount: kept.length, columnCount, values: centers },
    labels: labels.map((cluster) => newLabel[cluster]),
    sizes: Int32Array.from(kept, (cluster) => counts[cluster]),
    inertia: result.inertia / scale / scale,
  };
}

function* labelsOf(rows: Matrix, centers: Matrix, kernels: KernelSet): Pieces<Int32Array> {
  const labels = new Int32Array(rows.rowCount);
  const blockRowCount = Math.max(1, Math.min(blockRowCountMax, Math.floor(kernelWorkMax / centers.values.length)));
  const squares = new Float64Array(Math.min(rows.rowCount, blockRowCount));
  const nextSquares = new Float64Array(squares.length);
  for (let start = 0; start < rows.rowCount; start += blockRowCount) {
    const end = Math.min(start + blockRowCount, rows.rowCount);
    const nearest = labels.subarray(start, end);
    kernels.nearestCentersInto(rowRange(rows, start, end), centers, { nearest, squares, nextSquares });
    yield;
  }
  return labels;
}

/** 1, or the power of two that brings the largest magnitude near 1. */
function powerOfTwoScale(values: Float64Array): number {
  let largest = 0;
  for (let at = 0; at < values.length; at++) {
    const magnitude = Math.abs(values[at]);
    if (magnitude > largest) largest = magnitude;
  }
  return largest <= magnitudeMax ? 1 : 2 ** -Math.ceil(Math.log2(largest));
}
