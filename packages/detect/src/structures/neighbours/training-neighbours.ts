/** The nearest other training rows of every training row, on as many threads as there are. */

import type { KernelSet } from "../../kernels/kernel-set.ts";
import type { PlaceRange } from "../../kernels/neighbour-kernels.ts";
import { throwIfAborted } from "../../errors.ts";
import { hasSharedMemory, sharedFloat64, sharedInt32 } from "../../shared-memory.ts";
import type { ScoringContext } from "../../threads/score-rows.ts";
import { inTimedBlocks } from "../../threads/timed-blocks.ts";
import { cutRanges, isWorthSending } from "../../threads/threads.ts";
import { yieldWhenDue } from "../../threads/yield-when-due.ts";
import type { CarriedIndex } from "./held-index.ts";
import { carry, heldIndex } from "./held-index.ts";
import type { NeighbourIndex, Neighbours } from "./neighbour-index.ts";
import type { PairNeighboursTask } from "./pair-neighbours.ts";
import { isPairWorthSending, pairNeighbours, searchPairsTask } from "./pair-neighbours.ts";

/** Input of the task `core/trainingNeighbours`; all arrays lie on shared memory. */
export interface TrainingNeighboursTask extends IndexTask {
  readonly places: PlaceRange;
  readonly out: Neighbours;
}

interface IndexTask {
  readonly index: CarriedIndex;
}

/** Most rows searched at once: enough to look at each block of the index for many of them. */
const batchRowCount = 512;
/** With fewer rows, handing the index to a worker takes longer than searching. */
const threadedRowCountMin = 2000;
/** Pieces for each thread, so that a slow one does not hold up the rest. */
const piecesPerThread = 8;

/** Values per neighbour from which pairs pay (measured): they save half of the n d multiply-adds a row, but lists cost more. */
const valuesPerNeighbourMin = 20_000;
/** Entries in the lists of all rows that each worker holds. */
const pairListMax = 20_000_000;

/** For each training row its k nearest other rows: itself is left out by index, rows equal to it are not. k from 1 to n - 1. */
export async function trainingNeighbours(index: NeighbourIndex, k: number, context: ScoringContext): Promise<Neighbours> {
  const { rowCount } = index;
  const { threads, kernels, signal, progress } = context;
  const carried = carry(index);
  if (usePairs(index, k) && (await hasPairs(index, carried, context))) return pairNeighbours(index, carried, k, context);
  // Without shared memory a worker would write its part of the answer into a copy.
  if (!hasSharedMemory || !isWorthSending(threads, rowCount, threadedRowCountMin)) return searchHere(index, k, context);
  const out: Neighbours = { k, distances: sharedFloat64(rowCount * k), indexes: sharedInt32(rowCount * k) };
  const inputs = cutRanges(rowCount, threads.count * piecesPerThread).map((places) => ({ index: carried, places, out }));
  const onDone = (doneCount: number) => progress?.(doneCount / inputs.length);
  const options = { ...(signal === undefined ? {} : { signal }), onDone };
  await threads.map<TrainingNeighboursTask, null>("core/trainingNeighbours", inputs, kernels, options);
  return out;
}

function usePairs({ rowCount, columnCount }: NeighbourIndex, k: number): boolean {
  return rowCount * columnCount >= valuesPerNeighbourMin * k && rowCount * k <= pairListMax;
}

/** Whether the rows are searched by pairs. Where workers search, this asks each of them, so that all prepare the index. */
async function hasPairs(index: NeighbourIndex, carried: CarriedIndex, context: ScoringContext): Promise<boolean> {
  const { threads, kernels, signal } = context;
  if (!isPairWorthSending(index, threads)) {
    await prepareHere(index, signal);
    return index.pairSearch() !== undefined;
  }
  const inputs = Array.from({ length: threads.count }, () => ({ index: carried }));
  const options = signal === undefined ? {} : { signal };
  const answers = await threads.map<IndexTask, boolean>("core/trainingNeighbours", inputs, kernels, options);
  return answers.every((answer) => answer);
}

/** Copying a large table for the search, and choosing how to search it, may each take a while: events come in between. */
async function prepareHere(index: NeighbourIndex, signal: AbortSignal | undefined): Promise<void> {
  for (const step of [index.prepare, index.method]) {
    await yieldWhenDue();
    throwIfAborted(signal);
    step();
  }
}

async function searchHere(index: NeighbourIndex, k: number, context: ScoringContext): Promise<Neighbours> {
  const { rowCount } = index;
  await prepareHere(index, context.signal);
  const out: Neighbours = { k, distances: new Float64Array(rowCount * k), indexes: new Int32Array(rowCount * k) };
  await inTimedBlocks(rowCount, { ...context, blockRowCountMax: batchRowCount }, (start, end) =>
    index.othersInto({ start, end }, k, out),
  );
  return out;
}

/** Answers one of three requests: is the index searched by pairs, a piece of the pairs, or the neighbours of some rows. */
export function trainingNeighboursTask(input: IndexTask | TrainingNeighboursTask | PairNeighboursTask, kernels: KernelSet) {
  if ("range" in input) return searchPairsTask(input, kernels);
  const index = heldIndex(input.index, kernels);
  if (!("places" in input)) return index.pairSearch() !== undefined;
  const { places, out } = input;
  for (let start = places.start; start < places.end; start += batchRowCount) {
    index.othersInto({ start, end: Math.min(start + batchRowCount, places.end) }, out.k, out);
  }
  return null;
}
