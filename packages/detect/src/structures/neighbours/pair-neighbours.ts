/** The nearest other training rows of every training row, looking at each pair of rows once for both. */

import { assert, throwIfAborted } from "../../errors.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import type { PairCandidates, PairRange } from "../../kernels/neighbour-kernels.ts";
import { blockRowCount } from "../../kernels/neighbour-kernels.ts";
import { sharedFloat64 } from "../../shared-memory.ts";
import type { ScoringContext } from "../../threads/score-rows.ts";
import { cutRanges, isWorthSending, type Threads } from "../../threads/threads.ts";
import { yieldWhenDue } from "../../threads/yield-when-due.ts";
import type { CarriedIndex } from "./held-index.ts";
import { heldIndex } from "./held-index.ts";
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
/** Multiply-adds of a piece, most of them in single precision: a few tenths of a second at most between two looks at the signal. */
const pieceWorkMax = 1e9;
/** The same for a piece of the first wave, where no limit is known yet and most pairs are summed in double precision too. */
const firstPieceWorkMax = 2.5e8;
/** With fewer multiply-adds, handing work to workers takes longer than doing it. */
const threadedWorkMin = 2e8;

/**
 * Waves of pieces: what a wave found becomes the limits of the next, so that later pieces hardly find anything.
 *
 *     blocks in a circle   wave 1: each with the 4 nearest after it   wave 2: with the 8 after those   ...   half way round
 */
export async function pairNeighbours(
  index: NeighbourIndex,
  carried: CarriedIndex,
  k: number,
  context: ScoringContext,
): Promise<Neighbours> {
  const { rowCount, columnCount } = index;
  const lists = emptyLists(rowCount, k);
  const runPieces = pieceRunner(index, { index: carried, k, limits: lists.limits }, context);
  const blockCount = Math.ceil(rowCount / blockRowCount);
  const stepCount = Math.floor(blockCount / 2) + 1;
  const stepCountMax = Math.max(16, Math.ceil(stepCount / waveCountMin));
  for (let step = 0, size = firstWaveStepCount; step < stepCount; step += size, size = Math.min(size * 2, stepCountMax)) {
    const endStep = Math.min(step + size, stepCount);
    const work = (endStep - step) * blockRowCount * rowCount * columnCount;
    const workMax = step === 0 ? firstPieceWorkMax : pieceWorkMax;
    const pieceCount = Math.max(context.threads.count, Math.ceil(work / workMax));
    const ranges = cutRanges(blockCount, pieceCount).map(({ start, end }) => ({
      firstBlock: start,
      endBlock: end,
      firstStep: step,
      endStep,
    }));
    for (const found of await runPieces(ranges)) mergeInto(lists, found);
    context.progress?.(endStep / stepCount);
  }
  return inRowOrder(lists, index.order);
}

/** Whether all the pairs of an index are more work than handing them to workers. */
export function isPairWorthSending({ rowCount, columnCount }: NeighbourIndex, threads: Threads): boolean {
  return isWorthSending(threads, (rowCount * rowCount * columnCount) / 2, threadedWorkMin);
}

type RunPieces = (ranges: readonly PairRange[]) => Promise<PairCandidates[]>;

function pieceRunner(index: NeighbourIndex, request: Omit<PairNeighboursTask, "range">, context: ScoringContext): RunPieces {
  const { threads, kernels, signal } = context;
  const { k, limits } = request;
  if (!isPairWorthSending(index, threads)) {
    const pairs = index.pairSearch();
    assert(pairs !== undefined, "an index is searched by pairs where it can be");
    return async (ranges) => {
      const results: PairCandidates[] = [];
      for (const range of ranges) {
        await yieldWhenDue();
        throwIfAborted(signal);
        results.push(pairs.search(range, k, limits));
      }
      return results;
    };
  }
  return (ranges) => {
    const inputs = ranges.map((range) => ({ ...request, range }));
    return threads.map<PairNeighboursTask, PairCandidates>(
      "core/trainingNeighbours",
      inputs,
      kernels,
      signal === undefined ? {} : { signal },
    );
  };
}

/** The lists of all rows so far, in the order of places, as in `PairCandidates`. */
interface Lists {
  readonly k: number;
  /** Squared distances of the k best of each place's row so far, ascending; infinity where none is known. */
  readonly sums: Float64Array;
  readonly others: Int32Array;
  /** The last sum of each place, for workers to see. */
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

/** Merges candidates by sum, then by index, so that the order of merging does not matter. */
function mergeInto(lists: Lists, found: PairCandidates): void {
  const { k, sums, others, limits } = lists;
  for (let place = 0, from = 0; place < found.counts.length; place++) {
    const start = place * k;
    const last = start + k - 1;
    const stop = from + found.counts[place];
    for (let i = from; i < stop; i++) {
      const sum = found.sums[i];
      const other = found.others[i];
      // Those after it are no nearer.
      if (sum > sums[last] || (sum === sums[last] && other > others[last])) break;
      let at = last;
      for (; at > start && (sum < sums[at - 1] || (sum === sums[at - 1] && other < others[at - 1])); at--) {
        sums[at] = sums[at - 1];
        others[at] = others[at - 1];
      }
      sums[at] = sum;
      others[at] = other;
    }
    limits[place] = sums[last];
    from = stop;
  }
}

function inRowOrder({ k, sums, others }: Lists, order: Int32Array): Neighbours {
  const distances = new Float64Array(sums.length);
  const indexes = new Int32Array(sums.length);
  for (let place = 0, from = 0; place < order.length; place++) {
    for (let to = order[place] * k, stop = from + k; from < stop; from++, to++) {
      distances[to] = Math.sqrt(sums[from]);
      indexes[to] = others[from];
    }
  }
  return { k, distances, indexes };
}

/** One piece of a wave. */
export function searchPairsTask(input: PairNeighboursTask, kernels: KernelSet): PairCandidates {
  const pairs = heldIndex(input.index, kernels).pairSearch();
  assert(pairs !== undefined, "a worker's kernels search by pairs where the caller's do");
  return pairs.search(input.range, input.k, input.limits);
}
