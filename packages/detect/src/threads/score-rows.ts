/** Scores many rows with one model, in blocks, on as many threads as there are. */

import type { Model } from "../detector/detector.ts";
import type { KernelSet } from "../kernels/kernel-set.ts";
import type { Matrix, RowScaling } from "../matrix.ts";
import { requireFinite, rowRange, scaleRowsInto } from "../matrix.ts";
import { borrowFloat64, giveBack, toShared, toSharedMatrix } from "../shared-memory.ts";
import type { ModelState } from "../detector/detector.ts";
import type { Pieces } from "./pieces.ts";
import { inTurns } from "./pieces.ts";
import { firstBlockRowCount, inTimedBlocks, nextBlockRowCount } from "./timed-blocks.ts";
import type { Threads } from "./threads.ts";
import { cutRanges, isWorthSending } from "./threads.ts";

/** The part of a fit's context that scoring needs. */
export interface ScoringContext {
  /** The numeric operations to use. */
  readonly kernels: KernelSet;
  /** Where tasks run. */
  readonly threads: Threads;
  /** Stops the scoring. */
  readonly signal?: AbortSignal;
  /** Called with the share done, 0 to 1. */
  readonly progress?: (done: number) => void;
}

/** Preparation that rows still need before a model may read them; none by default. */
export interface RowPreparation {
  /** Rows are checked to be finite, and scaled where this is given. */
  readonly scaling: RowScaling | undefined;
}

interface PreparedContext extends ScoringContext {
  readonly preparation?: RowPreparation;
}

/** Input of the task `core/score`; `rows` and `scores` lie on shared memory. */
export interface ScoreTask {
  readonly detectorId: string;
  /** Tells a worker that it has restored this model already. */
  readonly modelKey: string;
  readonly state: ModelState;
  readonly rows: Matrix;
  readonly scores: Float64Array;
  readonly preparation?: RowPreparation;
}

/** Values that are scaled at once, so that they stay in the cache until the model reads them. */
const scaledValueCount = 65_536;
/** With fewer values, handing work to workers takes longer than scoring. */
const threadedValueCountMin = 400_000;
/** Pieces for each thread, so that a slow one does not hold up the rest. */
const piecesPerThread = 4;

/** States sent to workers, so that scoring many batches sends a model once. Incremental models change and are never kept here. */
const sentModels = new WeakMap<Model, SentModel>();
let modelCount = 0;

interface SentModel {
  readonly modelKey: string;
  readonly state: ModelState;
}

/**
 * One score a row, in order: the same bits whatever the number of threads, since a score depends on model and row alone.
 * @param detectorId the detector whose `restore` makes the model in a worker.
 * @throws NomalyError NOT_FINITE, with a place that counts from some block's start, when prepared rows are not finite.
 */
export async function scoreRows(detectorId: string, model: Model, rows: Matrix, context: PreparedContext): Promise<Float64Array> {
  const { threads, kernels, signal, progress, preparation } = context;
  if (!isWorthSending(threads, rows.values.length, threadedValueCountMin)) return scoreHere(model, rows, context);
  const shared = toSharedMatrix(rows);
  const scores = borrowFloat64(rows.rowCount);
  const { modelKey, state } = sentModel(detectorId, model);
  const inputs = cutRanges(rows.rowCount, threads.count * piecesPerThread).map(({ start, end }) => ({
    detectorId,
    modelKey,
    state,
    rows: rowRange(shared, start, end),
    scores: scores.subarray(start, end),
    ...(preparation === undefined ? {} : { preparation }),
  }));
  const onDone = (doneCount: number) => progress?.(doneCount / inputs.length);
  await threads.map<ScoreTask, null>("core/score", inputs, kernels, { ...(signal === undefined ? {} : { signal }), onDone });
  // Not after an error: a worker that is being ended may still write.
  const own = scores.slice();
  giveBack(scores);
  return own;
}

function sentModel(detectorId: string, model: Model): SentModel {
  const held = sentModels.get(model);
  if (held !== undefined) return held;
  const sent = { modelKey: `${detectorId}#${++modelCount}`, state: sharedState(model.toState()) };
  if (!("update" in model)) sentModels.set(model, sent);
  return sent;
}

async function scoreHere(model: Model, rows: Matrix, context: PreparedContext): Promise<Float64Array> {
  const scores = new Float64Array(rows.rowCount);
  if (model.scorePieces !== undefined) {
    await inTurns(preparedPieces(model, rows, scores, context), context.signal);
    return scores;
  }
  // A row's score is the same in every block, so the clock may decide how many rows a block has.
  await inTimedBlocks(rows.rowCount, context, (start, end) => {
    scorePrepared(model, rowRange(rows, start, end), scores.subarray(start, end), context.preparation);
  });
  return scores;
}

/** Blocks of a model that scores in pieces. */
function* preparedPieces(model: Model, rows: Matrix, scores: Float64Array, context: PreparedContext): Pieces<void> {
  const scaling = context.preparation?.scaling;
  const blockRowCountMax = Math.max(1, Math.floor(scaledValueCount / rows.columnCount));
  let blockRowCount = firstBlockRowCount;
  for (let start = 0, end = 0; start < rows.rowCount; start = end) {
    const began = performance.now();
    end = Math.min(start + blockRowCount, rows.rowCount);
    let block = rowRange(rows, start, end);
    if (scaling !== undefined) {
      const scaled = { ...block, values: new Float64Array(block.values.length) };
      scaleRowsInto(block, scaling, scaled.values);
      block = scaled;
    }
    if (context.preparation !== undefined) requireFinite(block);
    const own = scores.subarray(start, end);
    if (model.scorePieces === undefined) model.scoreInto(block, own);
    else yield* model.scorePieces(block, own);
    context.progress?.(end / rows.rowCount);
    blockRowCount = Math.min(nextBlockRowCount(blockRowCount, performance.now() - began), blockRowCountMax);
    yield;
  }
}

/** `scoreInto` of rows that may have to be checked and scaled first. @throws NomalyError NOT_FINITE. */
export function scorePrepared(model: Model, rows: Matrix, scores: Float64Array, preparation: RowPreparation | undefined): void {
  const scaling = preparation?.scaling;
  if (preparation !== undefined && scaling === undefined) requireFinite(rows);
  if (scaling === undefined) {
    model.scoreInto(rows, scores);
    return;
  }
  const { rowCount, columnCount } = rows;
  const scaledRowCount = Math.max(1, Math.floor(scaledValueCount / columnCount));
  const buffer = new Float64Array(Math.min(rowCount, scaledRowCount) * columnCount);
  for (let start = 0; start < rowCount; start += scaledRowCount) {
    const end = Math.min(start + scaledRowCount, rowCount);
    const scaled = { rowCount: end - start, columnCount, values: buffer.subarray(0, (end - start) * columnCount) };
    if (!scaleRowsInto(rowRange(rows, start, end), scaling, scaled.values)) requireFinite(scaled);
    model.scoreInto(scaled, scores.subarray(start, end));
  }
}

/** The state with its arrays on shared memory, so that each worker sees the one copy. */
function sharedState(state: ModelState): ModelState {
  const arrays = Object.fromEntries(Object.entries(state.arrays).map(([name, array]) => [name, toShared(array)]));
  return { values: state.values, arrays };
}
