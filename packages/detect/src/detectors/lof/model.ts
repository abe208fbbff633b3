/** The fitted lof model: the training rows made searchable, each with its reach and density. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { damaged, stateArray, stateInteger, stateNumber } from "../../detector/state.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import type { Matrix } from "../../matrix.ts";
import { rowRange } from "../../matrix.ts";
import { restoreNeighbourIndex } from "../../structures/neighbours/build-index.ts";
import type { NeighbourIndex, Neighbours } from "../../structures/neighbours/neighbour-index.ts";

/** Rows searched at once, so that lists of neighbours stay small. */
const blockRowCount = 1024;
/** Smallest mean reachability: it bounds the density of equal rows, so that ratios of densities stay finite. */
const meanReachMin = 1e-150;

export interface LofParts {
  readonly index: NeighbourIndex;
  readonly neighbourCount: number;
  /** Added to a mean reachability before it is inverted; 0 unless scikit-learn's figures are asked for. */
  readonly smoothing: number;
  /** How many training rows each row of the index stands for. */
  readonly counts: Int32Array;
  /** Distance of each row of the index to its k-th neighbour. */
  readonly reaches: Float64Array;
  /** Local reachability density of each row of the index. */
  readonly densities: Float64Array;
}

export function createLofModel(parts: LofParts): Model {
  const { index, neighbourCount, smoothing, counts, reaches, densities } = parts;

  function scoreInto(rows: Matrix, scores: Float64Array): void {
    for (let start = 0; start < rows.rowCount; start += blockRowCount) {
      const end = Math.min(start + blockRowCount, rows.rowCount);
      const neighbours = index.query(rowRange(rows, start, end), neighbourCount);
      for (let row = start; row < end; row++) scores[row] = scoreOfNew(neighbours, row - start);
    }
  }

  function scoreOfNew(neighbours: Neighbours, row: number): number {
    const density = densityOf(meanReach(neighbours, row, { counts, reaches }), smoothing);
    return factor(meanDensity(neighbours, row, { counts, densities }), density);
  }

  function toState(): ModelState {
    const { values, arrays } = index.toState();
    return { values: { ...values, neighbourCount, smoothing }, arrays: { ...arrays, counts, reaches, densities } };
  }

  return { columnCount: index.columnCount, scoreInto, toState };
}

export function restoreLof(state: ModelState, kernels: KernelSet): Model {
  const index = restoreNeighbourIndex(state, kernels);
  const neighbourCount = stateInteger(state, "neighbourCount", 1, index.rowCount);
  const smoothing = stateNumber(state, "smoothing", 0, 1);
  const counts = stateArray(state, "counts", Int32Array, index.rowCount);
  const reaches = stateArray(state, "reaches", Float64Array, index.rowCount);
  const densities = stateArray(state, "densities", Float64Array, index.rowCount);
  requireAll("counts", counts, (value) => value >= 1);
  requireAll("reaches", reaches, (value) => value >= 0 && value < Number.POSITIVE_INFINITY);
  requireAll("densities", densities, (value) => value > 0 && value < Number.POSITIVE_INFINITY);
  return createLofModel({ index, neighbourCount, smoothing, counts, reaches, densities });
}

function requireAll(name: string, values: Int32Array | Float64Array, allowed: (value: number) => boolean): void {
  for (const value of values) {
    if (!allowed(value)) throw damaged(name, `numbers that a fit writes, got ${value}`);
  }
}

/** Reaches, densities and scores of the rows of the index, from their neighbours among each other. */
export function factorsOf(neighbours: Neighbours, counts: Int32Array, smoothing: number) {
  const { k, distances } = neighbours;
  const rowCount = counts.length;
  const reaches = Float64Array.from({ length: rowCount }, (_, row) => distances[row * k + k - 1]);
  const densities = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    densities[row] = densityOf(meanReach(neighbours, row, { counts, reaches, own: row }), smoothing);
  }
  const scores = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    scores[row] = factor(meanDensity(neighbours, row, { counts, densities, own: row }), densities[row]);
  }
  return { reaches, densities, scores };
}

/**
 * Mean reachability distance to the neighbours, each counted as often as it occurs (definition 6 of the paper).
 * A training row's further copies are neighbours too, reached at its own k-distance.
 */
function meanReach(
  neighbours: Neighbours,
  row: number,
  model: { counts: Int32Array; reaches: Float64Array; own?: number },
): number {
  const { k, distances, indexes } = neighbours;
  const { counts, reaches, own } = model;
  let weight = own === undefined ? 0 : counts[own] - 1;
  let sum = own === undefined ? 0 : weight * reaches[own];
  for (let at = row * k; at < (row + 1) * k; at++) {
    const neighbour = indexes[at];
    sum += counts[neighbour] * Math.max(distances[at], reaches[neighbour]);
    weight += counts[neighbour];
  }
  return Math.min(sum / weight, Number.MAX_VALUE);
}

function densityOf(reach: number, smoothing: number): number {
  return 1 / Math.max(reach + smoothing, meanReachMin);
}

function meanDensity(
  neighbours: Neighbours,
  row: number,
  model: { counts: Int32Array; densities: Float64Array; own?: number },
): number {
  const { k, indexes } = neighbours;
  const { counts, densities, own } = model;
  let weight = own === undefined ? 0 : counts[own] - 1;
  let sum = own === undefined ? 0 : weight * densities[own];
  for (let at = row * k; at < (row + 1) * k; at++) {
    const neighbour = indexes[at];
    sum += counts[neighbour] * densities[neighbour];
    weight += counts[neighbour];
  }
  return sum / weight;
}

function factor(neighbourDensity: number, density: number): number {
  return Math.min(neighbourDensity / density, Number.MAX_VALUE);
}
