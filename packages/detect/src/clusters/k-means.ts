/** k-means: the best of several seeded runs, the same whatever the number of threads. */

import { assert, throwIfAborted } from "../errors.ts";
import type { KernelSet } from "../kernels/kernel-set.ts";
import { pickRows, type Matrix } from "../matrix.ts";
import { createRandom, sampleWithoutReplacement, type Random } from "../random.ts";
import { toSharedMatrix } from "../shared-memory.ts";
import type { Threads } from "../threads/threads.ts";
import { yieldWhenDue } from "../threads/yield-when-due.ts";
import { createKMeansRun, type KMeansRun } from "./k-means-run.ts";
import { nearestCenter } from "./nearest-center.ts";

export interface KMeansOptions {
  readonly clusterCount: number;
  /** Runs from different starts; the one of least inertia wins, the first of equals. */
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
  readonly options: Required<KMeansOptions>;
  readonly seed: number;
  readonly runIndex: number;
}

export interface KMeansTaskResult {
  readonly centers: Float64Array;
  readonly inertia: number;
}

const defaults = { iterationCountMax: 300, tolerance: 1e-4 };
/** Above this magnitude squares may overflow: rows are scaled by a power of two first, which changes no comparison. */
const magnitudeMax = 1e140;
/** Starts are tried on at most this many rows: which start is best is plain from them, and the rest is one run's work. */
const startRowCountMax = 16_384;
/** Share of the work, for progress, that the starts take where they are tried on a sample. */
const startShare = 0.5;
/** Fewer values times runs than this are clustered faster than they are handed to a worker. */
const threadedValueCountMin = 1_000_000;

/**
 * Clusters rows (Lloyd's iteration from greedy k-means++ starts). Run `i` draws from stream `i` of the seed. Of many rows a
 * sample chooses the start, and the run that was best there is finished on all rows.
 * @throws NomalyError ABORTED when the signal fires.
 */
export async function fitKMeans(rows: Matrix, options: KMeansOptions, context: ClusteringContext): Promise<KMeans> {
  const scale = powerOfTwoScale(rows.values);
  const scaled = scale === 1 ? rows : { ...rows, values: rows.values.map((value) => value * scale) };
  const complete = { ...defaults, ...options };
  if (rows.rowCount <= startRowCountMax) {
    return describeClusters(scaled, await bestRun(scaled, complete, context, context.progress), scale);
  }
  const random = createRandom(context.random.seed).stream(options.initCount);
  const sample = pickRows(scaled, sampleWithoutReplacement(rows.rowCount, startRowCountMax, random).sort());
  const start = await bestRun(sample, complete, context, (done) => context.progress?.(done * startShare));
  const run = createKMeansRun(scaled, complete, start.centers);
  await finishRun(run, context.signal);
  context.progress?.(1);
  return describeClusters(scaled, run.result(), scale);
}

/** One run from start to end: what a worker does. */
export function kMeansRunTask(input: KMeansTask): KMeansTaskResult {
  const run = createKMeansRun(input.rows, input.options, createRandom(input.seed).stream(input.runIndex));
  while (run.step());
  return run.result();
}

/** The run of least inertia, the first of equals. */
async function bestRun(
  rows: Matrix,
  options: Required<KMeansOptions>,
  context: ClusteringContext,
  progress: ((done: number) => void) | undefined,
): Promise<KMeansTaskResult> {
  const { threads, kernels, signal } = context;
  const seed = context.random.seed;
  const onDone = (doneCount: number) => progress?.(doneCount / options.initCount);
  let results: KMeansTaskResult[] = [];
  if (threads.count > 1 && rows.values.length * options.initCount >= threadedValueCountMin) {
    const shared = toSharedMatrix(rows);
    const inputs = Array.from({ length: options.initCount }, (_, runIndex) => ({ rows: shared, options, seed, runIndex }));
    const taskOptions = { ...(signal === undefined ? {} : { signal }), onDone };
    results = await threads.map<KMeansTask, KMeansTaskResult>("core/kMeansRun", inputs, kernels, taskOptions);
  } else {
    for (let runIndex = 0; runIndex < options.initCount; runIndex++) {
      const run = createKMeansRun(rows, options, createRandom(seed).stream(runIndex));
      await finishRun(run, signal);
      results.push(run.result());
      onDone(results.length);
    }
  }
  let best = results[0];
  for (const result of results) if (result.inertia < best.inertia) best = result;
  return best;
}

async function finishRun(run: KMeansRun, signal: AbortSignal | undefined): Promise<void> {
  for (;;) {
    throwIfAborted(signal);
    if (!run.step()) return;
    await yieldWhenDue();
  }
}

/** Labels and sizes by one last look for each row's nearest centre; centres that won no row are left out. */
function describeClusters(rows: Matrix, result: KMeansTaskResult, scale: number): KMeans {
  const { rowCount, columnCount, values } = rows;
  const centerCount = result.centers.length / columnCount;
  assert(centerCount > 0, "k-means ended without a centre");
  const labels = new Int32Array(rowCount);
  const counts = new Int32Array(centerCount);
  for (let row = 0, at = 0; row < rowCount; row++, at += columnCount) {
    labels[row] = nearestCenter(values, at, result.centers, columnCount);
    counts[labels[row]]++;
  }
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

/** 1, or the power of two that brings the largest magnitude near 1. */
function powerOfTwoScale(values: Float64Array): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest <= magnitudeMax ? 1 : 2 ** -Math.ceil(Math.log2(largest));
}
