/** The fit of auto: two stages, the second on the rows that the first finds usual. */

import type { FitContext, Fitted } from "../../detector/detector.ts";
import { parseParams } from "../../detector/params.ts";
import { NomalyError } from "../../errors.ts";
import type { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { sharedFloat64 } from "../../shared-memory.ts";
import { distinctRows } from "../../structures/neighbours/distinct-rows.ts";
import { pickedRows } from "../../threads/picked-rows.ts";
import { inTurns, type Pieces } from "../../threads/pieces.ts";
import { scoreRows } from "../../threads/score-rows.ts";
import type { LeftOut, MemberName, AutoParams } from "./members.ts";
import {
  clusterCount,
  clusterRowCountMax,
  covarianceRowCountMax,
  covarianceSupport,
  memberNames,
  memberPlans,
  plannedAbsences,
} from "./members.ts";
import type { Member } from "./model.ts";
import { addMidRanks, createAutoModel, weightOf } from "./model.ts";
import { findReferences } from "./references.ts";
import type { Scales } from "./spaces.ts";
import { inSpace, learnScales } from "./spaces.ts";
import { keptScores } from "./mid-rank.ts";

/** How far into the fit each step reaches, for progress. */
const stepEnds = { scales: 0.05, forest: 0.2, neighbors: 0.4, asinhNeighbors: 0.6, clusters: 0.75, covariance: 1 } as const;

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
  const covariance = isAbsent("covariance") ? undefined : await startCovariance(fitting, all);
  let references: References | undefined;
  try {
    const forest = { rows: all, params: { nEstimators: params.nEstimators } };
    const forestScores = await addMember(fitting, "forest", forest, all);
    const kept = await inTurns(keptRows(forestScores, params.trim, kernels), signal);
    const needsReferences = !isAbsent("neighbors") || !isAbsent("asinhNeighbors");
    references = needsReferences ? await referencesOf(all, kept, params.referenceRows, context) : undefined;
    for (const [name, space] of [
      ["neighbors", "robust"],
      ["asinhNeighbors", "asinh"],
    ] as const) {
      if (references === undefined || isAbsent(name)) continue;
      all = await view(space);
      const rows = await inTurns(pickedRows(all, references.rowIndexes), signal);
      const neighborParams = { nNeighbors: params.nNeighbors, method: "mean" };
      await addIfPossible(fitting, name, { rows, params: neighborParams }, all, references.placeOf);
    }
    if (!isAbsent("clusters")) {
      all = await view("asinh");
      const rows = await inTurns(drawnRows(all, kept, clusterRowCountMax, random.stream(streams.clusterRows)), signal);
      await addIfPossible(fitting, "clusters", { rows, params: { nClusters: Math.min(clusterCount, rows.rowCount) } }, all);
    }
    if (covariance !== undefined) await covariance.add(() => view("raw"));
  } finally {
    await covariance?.ended;
  }
  const { sums, members, leftOut } = fitting;
  const weight = weightOf(members);
  for (let row = 0; row < rowCount; row++) sums[row] /= weight;
  context.progress?.(1);
  const known = members.some(({ referenceScores }) => referenceScores !== undefined) ? { references: references?.rows } : {};
  const inOrder = memberNames.flatMap((name) => members.filter((member) => member.name === name));
  const parts = { columnCount: train.columnCount, trainingRowCount: rowCount, scales, members: inOrder, leftOut, ...known };
  return { model: createAutoModel(parts), trainingScores: sums };
}

interface CovarianceFit {
  /** Scores all rows with the fitted member and adds it, or says why there is none. @param raw the rows as they are, once more. */
  add(raw: () => Promise<Matrix>): Promise<void>;
  /** Resolves when the fit has ended, well or not. */
  readonly ended: Promise<unknown>;
}

/** Fits the covariance on worker threads while the other members are fitted; on one thread, when it is to be added. */
async function startCovariance(fitting: Fitting, all: Matrix): Promise<CovarianceFit> {
  const { context } = fitting;
  const drawing = drawnRows(
    all,
    all.rowCount,
    covarianceRowCountMax(all.columnCount),
    context.random.stream(streams.covarianceRows),
  );
  const drawn = await inTurns(drawing, context.signal);
  const isOfAll = drawn === all;
  // The memory of all rows is written again before this fit has ended.
  const rows = isOfAll ? { ...all, values: all.values.slice() } : drawn;
  const start = () =>
    settled(fitMember(fitting, "covariance", { rows, params: { supportFraction: covarianceSupport.fraction } }));
  let fit = context.threads.count > 1 ? start() : undefined;
  return {
    async add(raw) {
      fit ??= start();
      await addUnlessRefused(fitting, "covariance", async () => {
        const outcome = await fit;
        if (outcome === undefined || "error" in outcome) throw outcome?.error;
        await takeMember(fitting, "covariance", outcome.fitted, { all: isOfAll ? rows : await raw(), isOfAll });
      });
    },
    get ended() {
      return fit ?? Promise.resolve();
    },
  };
}

/** Never rejects, so that an error waits until somebody asks. */
function settled(fit: Promise<Fitted>): Promise<{ readonly fitted: Fitted } | { readonly error: unknown }> {
  return fit.then(
    (fitted) => ({ fitted }),
    (error: unknown) => ({ error }),
  );
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

/** What a member learns from, and its parameters. */
interface Lesson {
  readonly rows: Matrix;
  readonly params: Readonly<Record<string, unknown>>;
}

function fitMember({ context }: Fitting, name: MemberName, { rows, params }: Lesson): Promise<Fitted> {
  const { detector } = memberPlans[name];
  return detector.fit(rows, parseParams(detector.id, detector.params, params) as never, memberContext(context, name));
}

function memberContext({ kernels, threads, signal, random }: FitContext, name: MemberName): FitContext {
  return {
    random: random.stream(memberNames.indexOf(name)),
    kernels,
    threads,
    ...(signal === undefined ? {} : { signal }),
  };
}

interface Scored {
  readonly all: Matrix;
  /** Whether the member was fitted on all rows, in their order. */
  readonly isOfAll: boolean;
  /** For each row the fitted row that it equals, -1 for none: its training score holds, as a row is not its own neighbour. */
  readonly referenceOf?: Int32Array | undefined;
}

/** Scores all rows with a fitted member and adds their mid-ranks to the sums. @returns its scores of all rows. */
async function takeMember(
  { context, sums, members }: Fitting,
  name: MemberName,
  { model, trainingScores }: Fitted,
  { all, isOfAll, referenceOf }: Scored,
): Promise<Float64Array> {
  const { id } = memberPlans[name].detector;
  const scores = isOfAll ? trainingScores : await scoreRows(id, model, all, memberContext(context, name));
  if (referenceOf !== undefined) {
    for (let row = 0; row < scores.length; row++) if (referenceOf[row] >= 0) scores[row] = trainingScores[referenceOf[row]];
  }
  for (let row = 0; row < scores.length; row++) if (scores[row] === Number.POSITIVE_INFINITY) scores[row] = Number.MAX_VALUE;
  const sorted = scores.slice();
  context.kernels.sortColumn(sorted, new Uint32Array(sorted.length));
  // What the model keeps, so that it scores these rows again to the same bits.
  const sortedScores = keptScores(sorted);
  await inTurns(midRanksAdded({ name, sortedScores }, scores, sums), context.signal);
  const referenceScores = referenceOf === undefined ? {} : { referenceScores: trainingScores };
  members.push({ name, model, sortedScores, ...referenceScores });
  context.progress?.(stepEnds[name]);
  return scores;
}

/** Rows looked up between two pieces: some ten milliseconds. */
const pieceRowCountMax = 50_000;

function* midRanksAdded(member: Pick<Member, "name" | "sortedScores">, scores: Float64Array, sums: Float64Array): Pieces<void> {
  for (let start = 0; start < scores.length; start += pieceRowCountMax) {
    if (start > 0) yield;
    const end = start + pieceRowCountMax;
    addMidRanks(member, scores.subarray(start, end), sums.subarray(start, end));
  }
}

/** Fits a member and scores all rows with it. @returns its scores of all rows. */
async function addMember(
  fitting: Fitting,
  name: MemberName,
  lesson: Lesson,
  all: Matrix,
  referenceOf?: Int32Array,
): Promise<Float64Array> {
  const fitted = await fitMember(fitting, name, lesson);
  return takeMember(fitting, name, fitted, { all, isOfAll: lesson.rows === all, referenceOf });
}

/** Like {@link addMember}; a member that cannot learn from the rows is left out, with the reason. */
async function addIfPossible(
  fitting: Fitting,
  name: MemberName,
  lesson: Lesson,
  all: Matrix,
  referenceOf?: Int32Array,
): Promise<void> {
  const { id, traits } = memberPlans[name].detector;
  const { rowCount } = lesson.rows;
  if (rowCount >= traits.rowMinimum) {
    return addUnlessRefused(fitting, name, () => addMember(fitting, name, lesson, all, referenceOf));
  }
  const reason = `${id} needs ${traits.rowMinimum} different rows to learn from, there are ${rowCount}`;
  fitting.leftOut.push({ name, reason });
}

async function addUnlessRefused({ leftOut }: Fitting, name: MemberName, add: () => Promise<unknown>): Promise<void> {
  try {
    await add();
  } catch (error) {
    if (!(error instanceof NomalyError) || error.code === "ABORTED") throw error;
    leftOut.push({ name, reason: error.message });
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
  const numbers = new Int32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = i;
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
  readonly rowIndexes: Int32Array;
  /** The reference rows as they are. */
  readonly rows: Matrix;
  /** For each row of the table the reference row that it equals, -1 for none. */
  readonly placeOf: Int32Array;
}

async function referencesOf(all: Matrix, kept: Int32Array, most: number, { random, signal }: FitContext): Promise<References> {
  const places = drawn(kept.length, most * candidatesPerReference, random.stream(streams.references));
  const candidates = places.map((place) => kept[place]);
  const distinct = await inTurns(distinctRows(await inTurns(pickedRows(all, candidates), signal)), signal);
  const firstOf = new Int32Array(distinct.counts.length).fill(-1);
  for (const [i, place] of distinct.placeOf.entries()) if (firstOf[place] < 0) firstOf[place] = candidates[i];
  const rowIndexes = drawn(firstOf.length, most, random.stream(streams.references).stream(1)).map((place) => firstOf[place]);
  const rows = await inTurns(pickedRows(all, rowIndexes), signal);
  return { rowIndexes, rows, placeOf: await inTurns(findReferences(rows, all), signal) };
}
