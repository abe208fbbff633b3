/** The fit of auto: two stages, the second on the rows that the first finds usual. */

import type { FitContext, Fitted } from "../../detector/detector.ts";
import { parseParams } from "../../detector/params.ts";
import { NomalyError } from "../../errors.ts";
import type { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { sharedFloat64 } from "../../shared-memory.ts";
import { distinctRows, rowHashes } from "../../structures/neighbours/distinct-rows.ts";
import { pickedRows } from "../../threads/picked-rows.ts";
import { inTurns, type Pieces } from "../../threads/pieces.ts";
import { scoreRows } from "../../threads/score-rows.ts";
import type { LeftOut, MemberName, AutoParams } from "./members.ts";
import { clusterCount, fittedRowCountMax, memberNames, memberPlans, plannedAbsences } from "./members.ts";
import type { Member } from "./model.ts";
import { addMidRanks, createAutoModel, weightOf } from "./model.ts";
import type { Scales } from "./spaces.ts";
import { inSpace, learnScales } from "./spaces.ts";
import { keptScores, allScores } from "./mid-rank.ts";

/** How far into the fit each step reaches, for progress. */
const stepEnds = { scales: 0.05, forest: 0.2, covariance: 0.5, neighbors: 0.7, asinhNeighbors: 0.9, clusters: 1 } as const;

/** Kept rows among which the distinct reference rows are sought, for each that is wanted. */
const candidatesPerReference = 20;

/** Streams of the seed, so that a member's numbers do not depend on which others take part. */
const streams = { references: 100, clusterRows: 101, covarianceRows: 102 } as const;

export async function fitAuto(train: Matrix, params: AutoParams, context: FitContext): Promise<Fitted> {
  const { kernels, signal, random } = context;
  const { rowCount } = train;
  const scales = await inTurns(learnScales(train, kernels), signal);
  context.progress?.(stepEnds.scales);
  const fitting: Fitting = {
    train,
    scales,
    params,
    context,
    sums: new Float64Array(rowCount),
    members: [],
    leftOut: [],
  };
  fitting.leftOut.push(...plannedAbsences(rowCount, scales.columns.length, params));
  const isAbsent = (name: MemberName) => fitting.leftOut.some((absent) => absent.name === name);

  // All members' views of all rows stand in one memory, one view after the other.
  const values = sharedFloat64(rowCount * scales.columns.length);
  const view = (space: "raw" | "robust" | "asinh") => inTurns(inSpace(space, train, scales, values), signal);

  let all = await view("raw");
  const forestScores = await addMember(fitting, "forest", all, { nEstimators: params.nEstimators }, all);
  const kept = await inTurns(keptRows(forestScores, params.trim, kernels), signal);
  if (!isAbsent("covariance")) {
    const rows = await inTurns(drawnRows(all, rowCount, fittedRowCountMax, random.stream(streams.covarianceRows)), signal);
    await addIfPossible(fitting, "covariance", rows, { supportFraction: 0.75 }, all);
  }
  const needsReferences = !isAbsent("neighbors") || !isAbsent("asinhNeighbors");
  const references = needsReferences ? await referencesOf(all, kept, params.referenceRows, context) : undefined;
  for (const [name, space] of [
    ["neighbors", "robust"],
    ["asinhNeighbors", "asinh"],
  ] as const) {
    if (references === undefined || isAbsent(name)) continue;
    all = await view(space);
    const rows = await inTurns(pickedRows(all, references.rows), signal);
    const neighborParams = { nNeighbors: params.nNeighbors, method: "mean" };
    await addIfPossible(fitting, name, rows, neighborParams, all, references.placeOf);
  }
  if (!isAbsent("clusters")) {
    all = await view("asinh");
    const rows = await inTurns(drawnRows(all, kept, fittedRowCountMax, random.stream(streams.clusterRows)), signal);
    await addIfPossible(fitting, "clusters", rows, { nClusters: Math.min(clusterCount, rows.rowCount) }, all);
  }
  const { sums, members, leftOut } = fitting;
  const weight = weightOf(members);
  for (let row = 0; row < rowCount; row++) sums[row] /= weight;
  context.progress?.(1);
  const inOrder = memberNames.flatMap((name) => members.filter((member) => member.name === name));
  const parts = { columnCount: train.columnCount, trainingRowCount: rowCount, scales, members: inOrder, leftOut };
  return { model: createAutoModel(parts), trainingScores: sums };
}

/** A fit under way. */
interface Fitting {
  readonly train: Matrix;
  readonly scales: Scales;
  readonly params: AutoParams;
  readonly context: FitContext;
  /** Weighted sums of the sixth powers of the mid-ranks so far. */
  readonly sums: Float64Array;
  readonly members: Member[];
  readonly leftOut: LeftOut[];
}

/** Fits a member on `rows`, scores `all` rows with it and adds their mid-ranks to the sums. @returns its scores of all rows. */
async function addMember(
  fitting: Fitting,
  name: MemberName,
  rows: Matrix,
  given: Readonly<Record<string, unknown>>,
  all: Matrix,
  referenceOf?: Int32Array,
): Promise<Float64Array> {
  const { context, sums } = fitting;
  const { kernels, threads, signal } = context;
  const detector = memberPlans[name].detector;
  const own = {
    random: context.random.stream(memberNames.indexOf(name)),
    kernels,
    threads,
    ...(signal === undefined ? {} : { signal }),
  };
  const { model, trainingScores } = await detector.fit(rows, parseParams(detector.id, detector.params, given) as never, own);
  const scores = rows === all ? trainingScores : await scoreRows(detector.id, model, all, own);
  // A reference row is not its own neighbour, nor is a row that equals it.
  if (referenceOf !== undefined) {
    for (let row = 0; row < scores.length; row++) if (referenceOf[row] >= 0) scores[row] = trainingScores[referenceOf[row]];
  }
  for (let row = 0; row < scores.length; row++) if (scores[row] === Number.POSITIVE_INFINITY) scores[row] = Number.MAX_VALUE;
  const sorted = scores.slice();
  kernels.sortColumn(sorted, new Uint32Array(sorted.length));
  addMidRanks({ name, sortedScores: allScores(sorted) }, scores, sums);
  fitting.members.push({ name, model, sortedScores: keptScores(sorted) });
  context.progress?.(stepEnds[name]);
  return scores;
}

/** Like {@link addMember}; a member whose fit refuses the rows is left out, with the reason. */
async function addIfPossible(
  fitting: Fitting,
  name: MemberName,
  rows: Matrix,
  params: Readonly<Record<string, unknown>>,
  all: Matrix,
  referenceOf?: Int32Array,
): Promise<void> {
  const { id, traits } = memberPlans[name].detector;
  if (rows.rowCount < traits.rowMinimum) {
    fitting.leftOut.push({
      name,
      reason: `${id} needs ${traits.rowMinimum} different rows to learn from, there are ${rows.rowCount}`,
    });
    return;
  }
  try {
    await addMember(fitting, name, rows, params, all, referenceOf);
  } catch (error) {
    if (!(error instanceof NomalyError) || error.code === "ABORTED") throw error;
    fitting.leftOut.push({ name, reason: error.message });
  }
}

/** The rows of lowest score: the share that is not trimmed, with all rows that score as its last one. */
function* keptRows(scores: Float64Array, trim: number, kernels: FitContext["kernels"]): Pieces<Int32Array> {
  const sorted = scores.slice();
  kernels.sortColumn(sorted, new Uint32Array(sorted.length));
  yield;
  const limit = sorted[Math.max(1, Math.ceil((1 - trim) * sorted.length)) - 1];
  const kept = new Int32Array(scores.length);
  let count = 0;
  for (let row = 0; row < scores.length; row++) if (scores[row] <= limit) kept[count++] = row;
  return kept.subarray(0, count);
}

/** Up to `most` of the rows, drawn without replacement; all of them, in order, where there are no more. */
function* drawnRows(all: Matrix, from: number | Int32Array, most: number, random: Random): Pieces<Matrix> {
  const count = typeof from === "number" ? from : from.length;
  if (typeof from === "number" && count <= most) return all;
  const places = drawn(count, most, random);
  return yield* pickedRows(all, typeof from === "number" ? places : places.map((place) => from[place]));
}

/** `most` of the numbers below `count` in random order (Fisher and Yates, cut short); all in order where there are no more. */
function drawn(count: number, most: number, random: Random): Int32Array {
  const numbers = Int32Array.from({ length: count }, (_, i) => i);
  if (count <= most) return numbers;
  for (let i = 0; i < most; i++) {
    const other = i + random.integer(count - i);
    const number = numbers[i];
    numbers[i] = numbers[other];
    numbers[other] = number;
  }
  return numbers.subarray(0, most);
}

interface References {
  /** Row indexes of the reference rows, which all differ. */
  readonly rows: Int32Array;
  /** For each row of the table the reference row that it equals, -1 for none. */
  readonly placeOf: Int32Array;
}

async function referencesOf(all: Matrix, kept: Int32Array, most: number, { random, signal }: FitContext): Promise<References> {
  const places = drawn(kept.length, most * candidatesPerReference, random.stream(streams.references));
  const candidates = places.map((place) => kept[place]);
  const distinct = await inTurns(distinctRows(await inTurns(pickedRows(all, candidates), signal)), signal);
  const firstOf = new Int32Array(distinct.counts.length).fill(-1);
  for (const [i, place] of distinct.placeOf.entries()) if (firstOf[place] < 0) firstOf[place] = candidates[i];
  const rows = drawn(firstOf.length, most, random.stream(streams.references).stream(1)).map((place) => firstOf[place]);
  return { rows, placeOf: await inTurns(equalRowOf(all, rows), signal) };
}

/** Values compared between two pieces. */
const pieceValueCount = 2_000_000;

/** For each row the place in `rows` of a row with the same values, -1 for none. */
function* equalRowOf(all: Matrix, rows: Int32Array): Pieces<Int32Array> {
  const { rowCount, columnCount, values } = all;
  const pieceRowCount = Math.ceil(pieceValueCount / columnCount);
  const hashes = yield* rowHashes(all, pieceRowCount);
  const placesOf = new Map<number, number[]>();
  for (const [place, row] of rows.entries()) placesOf.set(hashes[row], [...(placesOf.get(hashes[row]) ?? []), place]);
  const result = new Int32Array(rowCount).fill(-1);
  for (let row = 0; row < rowCount; row++) {
    if (row % pieceRowCount === pieceRowCount - 1) yield;
    const found = placesOf
      .get(hashes[row])
      ?.find((place) => isEqual(values, rows[place] * columnCount, row * columnCount, columnCount));
    if (found !== undefined) result[row] = found;
  }
  return result;
}

function isEqual(values: Float64Array, first: number, second: number, width: number): boolean {
  for (let i = 0; i < width; i++) if (values[first + i] !== values[second + i]) return false;
  return true;
}
