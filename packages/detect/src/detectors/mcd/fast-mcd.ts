/** FastMCD: the half of the rows whose covariance has the smallest determinant. */

import { throwIfAborted } from "../../errors.ts";
import type { FitContext } from "../../detector/detector.ts";
import type { Matrix } from "../../matrix.ts";
import { pickRows } from "../../matrix.ts";
import { shuffle } from "../../random.ts";
import { yieldWhenDue } from "../../threads/yield-when-due.ts";
import { bestOf } from "./concentration.ts";
import type { CandidatesTask, Concentrated, ConcentrateTask, Estimate } from "./concentration.ts";

/** Up to this many rows, random starts are made on all of them; above, on parts. */
const wholeRowCountMax = 500;
const wholeStartCount = 30;
const partRowCount = 300;
/** Starts over all parts together; each part has at least `partStartCountMin`. */
const partStartCount = 500;
const partStartCountMin = 10;
/** More parts than this find nothing new: their candidates meet on the same 1500 rows. */
const partCountMax = 40;
const keptCountMax = 10;
/**
 * Numbers in all covariances that are kept at a time, a candidate's d x d each: 128 MB. From 205 columns on, parts keep fewer
 * candidates for it; from 648 on there are fewer parts.
 */
const keptNumberCountMax = 16_777_216;
const mergedRowCountMax = 1500;
const stepCountMax = 30;
/** Estimates of the merged rows that go into one task. */
const estimatesPerTask = 8;

/** Streams of the seed: parts take those from `partStream` on. */
const splitStream = 0;
const mergedStream = 1;
const partStream = 2;

/**
 * Rousseeuw and Van Driessen's search, with the sizes that scikit-learn gives it: starts on parts of 300 rows, their
 * best on 1500 merged rows, the best of those on all rows.
 *
 * @param rows shared, where there are several threads.
 * @param supportCount rows in the half, h in the paper.
 */
export async function fastMcd(rows: Matrix, supportCount: number, context: FitContext): Promise<Estimate> {
  const share = supportCount / rows.rowCount;
  if (rows.rowCount <= wholeRowCountMax) {
    const starts = await candidates([{ rows, supportCount, startCount: wholeStartCount }], context);
    return (await concentrateStepwise(rows, supportCount, starts, context))[0];
  }
  const starts = await candidates(partsOf(rows, share, context), context);
  const mergedCount = Math.min(mergedRowCountMax, rows.rowCount);
  const selection = permutation(rows.rowCount, context, mergedStream).subarray(0, mergedCount);
  const merged = pickRows(rows, selection);
  context.progress?.(0.4);
  const onMerged = await concentrateAll(merged, Math.ceil(mergedCount * share), starts, context);
  context.progress?.(0.7);
  if (rows.rowCount < mergedRowCountMax) return onMerged[0];
  const kept = rows.rowCount > mergedRowCountMax ? keptCountOf(rows.columnCount, 1) : 1;
  return (await concentrateStepwise(rows, supportCount, onMerged.slice(0, kept), context))[0];
}

type Part = Pick<CandidatesTask, "rows" | "supportCount" | "startCount">;

function partsOf(rows: Matrix, share: number, context: FitContext): Part[] {
  const partCount = partCountOf(rows);
  const rowCount = Math.min(Math.floor(rows.rowCount / partCount), 2 * partRowCount);
  const order = permutation(rows.rowCount, context, splitStream);
  const startCount = Math.max(partStartCountMin, Math.floor(partStartCount / partCount));
  return Array.from({ length: partCount }, (_, part) => ({
    rows: pickRows(rows, order.subarray(part * rowCount, (part + 1) * rowCount)),
    supportCount: Math.ceil(rowCount * share),
    startCount,
  }));
}

function partCountOf({ rowCount, columnCount }: Matrix): number {
  const keptTogether = Math.floor(keptNumberCountMax / columnCount ** 2);
  return Math.max(1, Math.min(partCountMax, Math.floor(rowCount / partRowCount), keptTogether));
}

/** How many candidates each part keeps. */
function keptCountOf(columnCount: number, partCount: number): number {
  return Math.max(1, Math.min(keptCountMax, Math.floor(keptNumberCountMax / (partCount * columnCount ** 2))));
}

function permutation(count: number, context: FitContext, stream: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  shuffle(order, context.random.stream(stream));
  return order;
}

async function candidates(parts: readonly Part[], context: FitContext): Promise<Estimate[]> {
  const keptCount = keptCountOf(parts[0].rows.columnCount, parts.length);
  const inputs = parts.map((part, index) => ({
    ...part,
    keptCount,
    seed: context.random.seed,
    stream: partStream + index,
  }));
  return (await mapInTurns<CandidatesTask, Estimate[]>("mcd/candidates", inputs, context)).flat();
}

/** Concentrates all estimates until they converge, many in one task; best first. */
async function concentrateAll(
  rows: Matrix,
  supportCount: number,
  estimates: readonly Estimate[],
  context: FitContext,
): Promise<Estimate[]> {
  const inputs: ConcentrateTask[] = [];
  for (let start = 0; start < estimates.length; start += estimatesPerTask) {
    const some = estimates.slice(start, start + estimatesPerTask);
    inputs.push({ rows, supportCount, stepCountMax, estimates: some, foreign: true });
  }
  const ended = (await mapInTurns<ConcentrateTask, Concentrated[]>("mcd/concentrate", inputs, context)).flat();
  return bestOf(
    ended.map(({ estimate }) => estimate),
    keptCountOf(rows.columnCount, 1),
  );
}

/** Concentrates all estimates until they converge, one step in one task, since a step over all rows may be long; best first. */
async function concentrateStepwise(
  rows: Matrix,
  supportCount: number,
  estimates: readonly Estimate[],
  context: FitContext,
): Promise<Estimate[]> {
  const results: Concentrated[] = estimates.map((estimate) => ({ estimate, converged: false }));
  for (let step = 0; step < stepCountMax; step++) {
    const active = [...results.keys()].filter((i) => !results[i].converged);
    if (active.length === 0) break;
    const inputs = active.map((i) => ({
      rows,
      supportCount,
      stepCountMax: 1,
      estimates: [results[i].estimate],
      foreign: step === 0,
    }));
    const outputs = await mapInTurns<ConcentrateTask, Concentrated[]>("mcd/concentrate", inputs, context);
    for (const [at, i] of active.entries()) results[i] = outputs[at][0];
  }
  return bestOf(
    results.map(({ estimate }) => estimate),
    results.length,
  );
}

/** Maps a few inputs at a time, so that the event loop turns in between. */
async function mapInTurns<Input, Output>(
  task: `mcd/${string}`,
  inputs: readonly Input[],
  context: FitContext,
): Promise<Output[]> {
  const { threads, kernels, signal } = context;
  const turn = threads.count === 1 ? 1 : inputs.length;
  const outputs: Output[] = [];
  for (let start = 0; start < inputs.length; start += turn) {
    throwIfAborted(signal);
    const some = inputs.slice(start, start + turn);
    outputs.push(...(await threads.map<Input, Output>(task, some, kernels, signal === undefined ? {} : { signal })));
    await yieldWhenDue();
  }
  return outputs;
}
