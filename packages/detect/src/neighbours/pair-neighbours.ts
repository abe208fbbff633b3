/** The nearest other training rows of every training row, looking at each pair of rows once for both. */

import { assert, throwIfAborted } from "../errors.ts";
import type { KernelSet } from "../kernels/kernel-set.ts";
import type { PairCandidates, PairRange, PairSearch } from "../kernels/neighbour-kernels.ts";
import { blockRowCount } from "../kernels/neighbour-kernels.ts";
import { sharedFloat64 } from "../shared-memory.ts";
import type { ScoringContext } from "../threads/score-rows.ts";
import { cutRanges, isWorthSending } from "../threads/threads.ts";
import { yieldWhenDue } from "../threads/yield-when-due.ts";
import type { CarriedIndex } from "./held-index.ts";
import { carry, heldIndex } from "./held-index.ts";
import type { NeighbourIndex, Neighbours } from "./neighbour-index.ts";

/** Input of the task `core/trainingNeighbours`; state and limits lie on shared memory. */
export interface PairNeighboursTask {
  readonly index: CarriedIndex;
  readonly range: PairRange;
  readonly k: number;
  readonly limits: Float64Array;
}

/** Steps of the first wave; each wave doubles, as near blocks come first and soon make the limits small. */
const firstWaveStepCount = 4;
/** Waves of equal size after that, at least. */
const waveCountMin = 24;
/** Multiply-adds of a piece: about a tenth of a second between two looks at the signal. */
const pieceWorkMax = 2e9;
/** Fewer multiply-adds than this are done faster than they are handed to a worker. */
const threadedWorkMin = 2e8;

/**
 * Waves of pieces: what a wave found becomes the limits of the next, so that later pieces hardly find anything.
 *
 *     blocks in a circle   wave 1: each with the 4 nearest after it   wave 2: with the 8 after those   ...   half way round
 */
export async function pairNeighbours(
  index: NeighbourIndex,
  pairs: PairSearch,
  k: number,
  context: ScoringContext,
): Promise<Neighbours> {
  const { rowCount, columnCount } = index;
  const lists = emptyLists(rowCount, k);
  const runPieces = pieceRunner(index, pairs, { k, limits: lists.limits }, context);
  const stepCount = Math.floor(pairs.blockCount / 2) + 1;
  const stepCountMax = Math.max(16, Math.ceil(stepCount / waveCountMin));
  for (let step = 0, size = firstWaveStepCount; step < stepCount; step += size, size = Math.min(size * 2, stepCountMax)) {
    const endStep = Math.min(step + size, stepCount);
    const work = (endStep - step) * blockRowCount * rowCount * columnCount;
    const pieceCount = Math.max(context.threads.count, Math.ceil(work / pieceWorkMax));
    const ranges = cutRanges(pairs.blockCount, pieceCount).map(({ start, end }) => ({
      firstBlock: start,
      endBlock: end,
      firstStep: step,
      endStep,
    }));
    for (const found of await runPieces(ranges)) mergeInto(lists, found);
    context.progress?.(endStep / stepCount);
  }
  return { k, distances: lists.sums.map(Math.sqrt), indexes: lists.others };
}

type RunPieces = (ranges: readonly PairRange[]) => Promise<PairCandidates[]>;

function pieceRunner(
  index: NeighbourIndex,
  pairs: PairSearch,
  request: { k: number; limits: Float64Array },
  context: ScoringContext,
): RunPieces {
  const { threads, kernels, signal } = context;
  const { k, limits } = request;
  const work = (index.rowCount * index.rowCount * index.columnCount) / 2;
  if (!isWorthSending(threads, work, threadedWorkMin)) {
    return async (ranges) => {
      const results: PairCandidates[] = [];
      for (const range of ranges) {
        throwIfAborted(signal);
        results.push(pairs.search(range, k, limits));
        await yieldWhenDue();
      }
      return results;
    };
  }
  const carried = { index: carry(index), k, limits };
  return (ranges) => {
    const inputs = ranges.map((range) => ({ ...carried, range }));
    return threads.map<PairNeighboursTask, PairCandidates>(
      "core/trainingNeighbours",
      inputs,
      kernels,
      signal === undefined ? {} : { signal },
    );
  };
}

interface Lists {
  readonly k: number;
  /** Squared distances of the k best of each row so far, ascending; infinity where none is known. */
  readonly sums: Float64Array;
  readonly others: Int32Array;
  /** The last sum of each row, for workers to see. */
  readonly limits: Float64Array;
}

function emptyLists(rowCount: number, k: number): Lists {
  return {
    k,
    sums: new Float64Array(rowCount * k).fill(Number.POSITIVE_INFINITY),
    others: new Int32Array(rowCount * k).fill(-1),
    limits: sharedFloat64(rowCount).fill(Number.POSITIVE_INFINITY),
  };
}

/** By sum, then by index, so that the order of merging does not matter. */
function mergeInto(lists: Lists, found: PairCandidates): void {
  const { k, sums, others, limits } = lists;
  for (let i = 0; i < found.rows.length; i++) {
    const start = found.rows[i] * k;
    const sum = found.sums[i];
    const other = found.others[i];
    let at = start + k - 1;
    if (sum > sums[at] || (sum === sums[at] && other > others[at])) continue;
    for (; at > start && (sum < sums[at - 1] || (sum === sums[at - 1] && other < others[at - 1])); at--) {
      sums[at] = sums[at - 1];
      others[at] = others[at - 1];
    }
    sums[at] = sum;
    others[at] = other;
    limits[found.rows[i]] = sums[start + k - 1];
  }
}

/** One piece of a wave. */
export function searchPairsTask(input: PairNeighboursTask, kernels: KernelSet): PairCandidates {
  const pairs = heldIndex(input.index, kernels).pairSearch();
  assert(pairs !== undefined, "a worker's kernels search by pairs where the caller's do");
  return pairs.search(input.range, input.k, input.limits);
}
