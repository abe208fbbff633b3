/** The nearest other training rows of every training row, on as many threads as there are. */

import { throwIfAborted } from "../errors.ts";
import type { KernelSet } from "../kernels/kernel-set.ts";
import { pickRows } from "../matrix.ts";
import { hasSharedMemory, sharedFloat64, sharedInt32 } from "../shared-memory.ts";
import type { ScoringContext } from "../threads/score-rows.ts";
import { cutRanges, isWorthSending } from "../threads/threads.ts";
import { yieldWhenDue } from "../threads/yield-when-due.ts";
import type { CarriedIndex } from "./held-index.ts";
import { carry, heldIndex } from "./held-index.ts";
import type { NeighbourIndex, Neighbours } from "./neighbour-index.ts";
import type { PairNeighboursTask } from "./pair-neighbours.ts";
import { pairNeighbours, searchPairsTask } from "./pair-neighbours.ts";

/** Input of the task `core/trainingNeighbours`; all arrays lie on shared memory. */
export interface TrainingNeighboursTask {
  readonly index: CarriedIndex;
  /** Places in the index's order. */
  readonly start: number;
  readonly end: number;
  readonly out: Neighbours;
}

/** Rows searched at once: enough to look at each block of the index for many of them. */
const batchRowCount = 512;
/** Fewer rows than this are searched faster than the index is handed to a worker. */
const threadedRowCountMin = 2000;
/** Pieces for each thread, so that a slow one does not hold up the rest. */
const piecesPerThread = 8;

/** Looking at pairs halves the multiply-adds, n d a row, and makes lists dearer, by k a row: measured where that pays. */
const valuesPerNeighbourMin = 20_000;
/** Entries in the lists of all rows that each worker holds. */
const pairListMax = 20_000_000;

/** For each training row its k nearest other rows: itself is left out by index, rows equal to it are not. k from 1 to n - 1. */
export async function trainingNeighbours(index: NeighbourIndex, k: number, context: ScoringContext): Promise<Neighbours> {
  const { rowCount } = index;
  const { threads, kernels, signal, progress } = context;
  const pairs = usePairs(index, k) ? index.pairSearch() : undefined;
  if (pairs !== undefined) return pairNeighbours(index, pairs, k, context);
  // Without shared memory a worker would write its part of the answer into a copy.
  if (!hasSharedMemory || !isWorthSending(threads, rowCount, threadedRowCountMin)) return searchHere(index, k, context);
  const out: Neighbours = { k, distances: sharedFloat64(rowCount * k), indexes: sharedInt32(rowCount * k) };
  const carried = carry(index);
  const inputs = cutRanges(rowCount, threads.count * piecesPerThread).map(({ start, end }) => ({
    index: carried,
    start,
    end,
    out,
  }));
  const onDone = (doneCount: number) => progress?.(doneCount / inputs.length);
  const options = { ...(signal === undefined ? {} : { signal }), onDone };
  await threads.map<TrainingNeighboursTask, null>("core/trainingNeighbours", inputs, kernels, options);
  return out;
}

function usePairs({ rowCount, columnCount }: NeighbourIndex, k: number): boolean {
  return rowCount * columnCount >= valuesPerNeighbourMin * k && rowCount * k <= pairListMax;
}

async function searchHere(index: NeighbourIndex, k: number, context: ScoringContext): Promise<Neighbours> {
  const { rowCount } = index;
  const out: Neighbours = { k, distances: new Float64Array(rowCount * k), indexes: new Int32Array(rowCount * k) };
  for (let start = 0; start < rowCount; start += batchRowCount) {
    throwIfAborted(context.signal);
    const end = Math.min(start + batchRowCount, rowCount);
    searchPlaces(index, start, end, out);
    context.progress?.(end / rowCount);
    await yieldWhenDue();
  }
  return out;
}

/** Searches for the rows at places `start` to `end` of the order, which are near each other, and writes to their own rows. */
function searchPlaces(index: NeighbourIndex, start: number, end: number, out: Neighbours): void {
  const own = index.order.subarray(start, end);
  const { k } = out;
  const part = index.query(pickRows(index.rows, own), k, own);
  for (let i = 0; i < own.length; i++) {
    const to = own[i] * k;
    for (let j = 0; j < k; j++) {
      out.distances[to + j] = part.distances[i * k + j];
      out.indexes[to + j] = part.indexes[i * k + j];
    }
  }
}

/** Both ways to search: of given rows, or of pairs. */
export function trainingNeighboursTask(input: TrainingNeighboursTask | PairNeighboursTask, kernels: KernelSet) {
  if ("range" in input) return searchPairsTask(input, kernels);
  const { start, end, out } = input;
  const index = heldIndex(input.index, kernels);
  for (let from = start; from < end; from += batchRowCount) searchPlaces(index, from, Math.min(from + batchRowCount, end), out);
  return null;
}
