/** The fitted ensemble: its members, and the weighted mean of their mid-ranks to the sixth power. */

import type { Ensemble, EnsembleMember, Model, ModelState, StateArray, StateValue } from "../../detector/detector.ts";
import { damaged, requireIndexes, stateArray, stateFiniteArray, stateInteger } from "../../detector/state.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import type { Matrix } from "../../matrix.ts";
import { columnCountMax, rowRange, zeros } from "../../matrix.ts";
import type { LeftOut, MemberName } from "./members.ts";
import { memberNames, memberPlans, referenceRowCountMax } from "./members.ts";
import { sharesOf } from "./shares.ts";
import { createReferenceFinder } from "./references.ts";
import type { Scales, Space } from "./spaces.ts";
import { writeSpace } from "./spaces.ts";
import type { SortedScores } from "./mid-rank.ts";
import { placesName, scoresName, restoreScores, midRankOf } from "./mid-rank.ts";

/** A member that took part. */
export interface Member {
  readonly name: MemberName;
  readonly model: Model;
  /** Its scores of all training rows. */
  readonly sortedScores: SortedScores;
  /** Of a member that seeks neighbours: the score of each reference row, which is not its own neighbour. */
  readonly referenceScores?: Float64Array;
}

export interface AutoParts {
  readonly columnCount: number;
  readonly trainingRowCount: number;
  readonly scales: Scales;
  /** At least one, in the order of {@link memberNames}. */
  readonly members: readonly Member[];
  readonly leftOut: readonly LeftOut[];
  /** The rows among which neighbours are sought, the columns that vary, as they are; where a member seeks them. */
  readonly references?: Matrix | undefined;
}

const leastWeight = 1e-300;
/** Values of a block of rows, so that its spaces stay in a near cache. */
const blockValueCount = 65_536;

export function createAutoModel(parts: AutoParts): Model {
  const { columnCount, members, scales, references } = parts;
  const width = scales.columns.length;
  const weight = weightOf(members);
  const findReferences = references === undefined ? undefined : createReferenceFinder(references);
  const blockRowCount = Math.max(1, Math.floor(blockValueCount / width));

  // Used for one block after another, so that scoring many rows leaves no garbage of their size behind.
  const memory = new Map<Space, Matrix>();
  function memoryOf(space: Space): Matrix {
    const known = memory.get(space) ?? zeros(blockRowCount, width);
    memory.set(space, known);
    return known;
  }

  /** Calls `use` for each member with its scores of a block of rows. */
  function scoreBlock(block: Matrix, use: (member: Member, at: number, scores: Float64Array, rows: Matrix) => void): void {
    const spaces = new Map<Space, Matrix>();
    const scores = new Float64Array(block.rowCount);
    const inSpace = (space: Space) => {
      let rows = spaces.get(space);
      if (rows === undefined) {
        rows = rowRange(memoryOf(space), 0, block.rowCount);
        writeSpace(space, block, scales, rows.values);
        spaces.set(space, rows);
      }
      return rows;
    };
    const places = findReferences?.(inSpace("raw"));
    for (const [at, member] of members.entries()) {
      const rows = inSpace(memberPlans[member.name].space);
      member.model.scoreInto(rows, scores);
      if (member.referenceScores !== undefined) takeReferenceScores(member.referenceScores, places, scores);
      use(member, at, scores, rows);
    }
  }

  function scoreInto(rows: Matrix, scores: Float64Array): void {
    for (let start = 0; start < rows.rowCount; start += blockRowCount) {
      const end = Math.min(start + blockRowCount, rows.rowCount);
      const sums = scores.subarray(start, end).fill(0);
      scoreBlock(rowRange(rows, start, end), (member, _at, own) => addMidRanks(member, own, sums));
      for (let row = 0; row < sums.length; row++) sums[row] /= weight;
    }
  }

  function midRanksInto(rows: Matrix, out: Float64Array): void {
    for (let start = 0; start < rows.rowCount; start += blockRowCount) {
      const end = Math.min(start + blockRowCount, rows.rowCount);
      scoreBlock(rowRange(rows, start, end), ({ sortedScores }, at, own) => {
        for (let row = 0; row < own.length; row++) out[(start + row) * members.length + at] = midRankOf(sortedScores, own[row]);
      });
    }
  }

  /** The shares of the columns in each member's score, weighted by how anomalous the member finds the row. */
  function contributionsInto(rows: Matrix, out: Float64Array): void {
    out.fill(0);
    for (let start = 0; start < rows.rowCount; start += blockRowCount) {
      const end = Math.min(start + blockRowCount, rows.rowCount);
      const block = rowRange(rows, start, end);
      const weightSums = new Float64Array(block.rowCount);
      scoreBlock(block, ({ name, model, sortedScores }, _at, own, spaceRows) => {
        const shares = sharesOf(model, spaceRows, own, usualOf(memberPlans[name].space, scales));
        for (let row = 0; row < own.length; row++) {
          // Above 0, so that the shares of a row that every member finds most usual can be divided by the sum.
          const weight = votePower(memberPlans[name].weight, midRankOf(sortedScores, own[row])) + leastWeight;
          weightSums[row] += weight;
          for (let i = 0; i < width; i++) {
            out[(start + row) * columnCount + scales.columns[i]] += weight * shares[row * width + i];
          }
        }
      });
      for (let row = 0; row < block.rowCount; row++) {
        const line = out.subarray((start + row) * columnCount, (start + row + 1) * columnCount);
        for (let column = 0; column < columnCount; column++) line[column] /= weightSums[row];
      }
    }
  }

  const ensemble: Ensemble = {
    members: members.map(({ name }) => memberOf(name)),
    leftOut: parts.leftOut.map(({ name, reason }) => ({ ...memberOf(name), reason })),
    midRanksInto,
  };
  return { columnCount, scoreInto, contributionsInto, ensemble, toState: () => stateOf(parts) };
}

/** A row that equals a reference row has the score that this had without itself. */
function takeReferenceScores(referenceScores: Float64Array, places: Int32Array | undefined, scores: Float64Array): void {
  if (places === undefined) return;
  for (let row = 0; row < scores.length; row++) if (places[row] >= 0) scores[row] = referenceScores[places[row]];
}

function memberOf(name: MemberName): EnsembleMember {
  const { detector, looksAt, sees } = memberPlans[name];
  return { name, detectorId: detector.id, looksAt, sees };
}

/** What a member adds to a row's sum: high mid-ranks count, low ones hardly. */
function votePower(weight: number, midRank: number): number {
  const cube = midRank * midRank * midRank;
  return weight * cube * cube;
}

/** The sum of the members' weights, by which the sums are divided. */
export function weightOf(members: readonly Pick<Member, "name">[]): number {
  return members.reduce((sum, { name }) => sum + memberPlans[name].weight, 0);
}

/** Adds a member's part of the score to the sums of the rows. */
export function addMidRanks(
  { name, sortedScores }: Pick<Member, "name" | "sortedScores">,
  scores: Float64Array,
  sums: Float64Array,
): void {
  const { weight } = memberPlans[name];
  for (let row = 0; row < scores.length; row++) {
    sums[row] += votePower(weight, midRankOf(sortedScores, scores[row]));
  }
}

/** The row that has the median in every column, in a space. */
function usualOf(space: Space, { medians, asinhMeans, asinhDeviations }: Scales): Float64Array {
  if (space === "raw") return medians;
  if (space === "robust") return new Float64Array(medians.length);
  return asinhMeans.map((mean, i) => -mean / asinhDeviations[i]);
}

const scaleArrays = ["medians", "spreads", "asinhMeans", "asinhDeviations"] as const;

function stateOf({ columnCount, trainingRowCount, scales, members, leftOut, references }: AutoParts): ModelState {
  const arrays: Record<string, StateArray> = { ...scales };
  if (references !== undefined) arrays["references"] = references.values;
  const states: Record<string, StateValue> = {};
  for (const { name, model, sortedScores, referenceScores } of members) {
    const state = model.toState();
    states[name] = state.values;
    for (const [own, array] of Object.entries(state.arrays)) arrays[`${name}.${own}`] = array;
    arrays[`${name}.${scoresName}`] = sortedScores.scores;
    arrays[`${name}.${placesName}`] = sortedScores.places;
    if (referenceScores !== undefined) arrays[`${name}.${referenceScoresName}`] = referenceScores;
  }
  const absent = leftOut.map(({ name, reason }) => ({ name, reason }));
  return { values: { columnCount, trainingRowCount, members: states, leftOut: absent }, arrays };
}

/** @throws NomalyError MODEL_FILE when the state is not one of ours. */
export function restoreAuto(state: ModelState, kernels: KernelSet): Model {
  const columnCount = stateInteger(state, "columnCount", 1, columnCountMax);
  const trainingRowCount = stateInteger(state, "trainingRowCount", 1, 2 ** 32);
  const scales = restoreScales(state, columnCount);
  const references = restoreReferences(state, scales.columns.length);
  const states = state.values["members"];
  if (!isRecord(states)) throw damaged("members", "the states of the members");
  const members = memberNames.flatMap((name) => {
    const values = states[name];
    if (values === undefined) return [];
    if (!isRecord(values)) throw damaged(`members.${name}`, "the state of a member");
    const own: ModelState = { values, arrays: arraysOf(state, `${name}.`) };
    const model = memberPlans[name].detector.restore(own, kernels);
    if (model.columnCount !== scales.columns.length) {
      throw damaged(`members.${name}`, `a model of ${scales.columns.length} columns, got ${model.columnCount}`);
    }
    const { seeksReferences } = memberPlans[name];
    const referenceScores = seeksReferences ? { referenceScores: restoreReferenceScores(own, references) } : {};
    return [{ name, model, sortedScores: restoreScores(own, trainingRowCount), ...referenceScores }];
  });
  if (members.length === 0) throw damaged("members", "at least one member");
  return createAutoModel({ columnCount, trainingRowCount, scales, members, leftOut: restoreLeftOut(state), references });
}

function restoreScales(state: ModelState, columnCount: number): Scales {
  const columns = stateArray(state, "columns", Int32Array);
  if (columns.length === 0) throw damaged("columns", "at least one column");
  requireIndexes("columns", columns, columnCount);
  for (let i = 1; i < columns.length; i++) if (columns[i] <= columns[i - 1]) throw damaged("columns", "ascending columns");
  const [medians, spreads, asinhMeans, asinhDeviations] = scaleArrays.map((name) =>
    stateFiniteArray(state, name, columns.length),
  );
  for (const [name, values] of [
    ["spreads", spreads],
    ["asinhDeviations", asinhDeviations],
  ] as const) {
    for (const value of values) if (!(value > 0)) throw damaged(name, `numbers above 0, got ${value}`);
  }
  return { columns, medians, spreads, asinhMeans, asinhDeviations };
}

const referenceScoresName = "referenceScores";

function restoreReferences(state: ModelState, width: number): Matrix | undefined {
  if (state.arrays["references"] === undefined) return undefined;
  const values = stateFiniteArray(state, "references");
  const rowCount = values.length / width;
  if (!Number.isInteger(rowCount) || rowCount < 1 || rowCount > referenceRowCountMax) {
    throw damaged("references", `1 to ${referenceRowCountMax} rows of ${width} columns, got ${values.length} values`);
  }
  return { rowCount, columnCount: width, values };
}

function restoreReferenceScores(own: ModelState, references: Matrix | undefined): Float64Array {
  if (references === undefined) throw damaged("references", "the rows that the scores of a member belong to");
  return stateFiniteArray(own, referenceScoresName, references.rowCount);
}

function restoreLeftOut(state: ModelState): LeftOut[] {
  const given = state.values["leftOut"];
  if (!Array.isArray(given) || given.length > memberNames.length) throw damaged("leftOut", "the members that were left out");
  return given.map((entry: StateValue) => {
    if (!isRecord(entry)) throw damaged("leftOut", "members with reasons");
    const name = memberNames.find((candidate) => candidate === entry["name"]);
    const { reason } = entry;
    if (name === undefined || typeof reason !== "string") throw damaged("leftOut", "members with reasons");
    return { name, reason };
  });
}

function arraysOf(state: ModelState, prefix: string): ModelState["arrays"] {
  const own = Object.entries(state.arrays).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, array]) => [name.slice(prefix.length), array]));
}

function isRecord(value: StateValue | undefined): value is Readonly<Record<string, StateValue>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
