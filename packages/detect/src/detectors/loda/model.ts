/** The fitted loda model: random cuts, each a step function of a sparse projection. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { damaged, requireIndexes, stateArray, stateFiniteArray, stateInteger } from "../../detector/state.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import type { Matrix } from "../../matrix.ts";
import { columnCountMax } from "../../matrix.ts";
import type { StepCells } from "./cells.ts";
import { projectRow } from "./cuts.ts";

/** Most cuts a fit may ask for, and a file may hold. */
export const cutCountMax = 10_000;
/** Most places of one cut, and how far they may lie from 0. */
const placeMax = 1_000_000;
/** Smallest standard error in the test of a column, as a share of the mean cell. */
const standardErrorMin = 1e-9;

export function createLodaModel({ steps, cells, divisor }: StepCells, columnCount: number, kernels: KernelSet): Model {
  function scoreInto(rows: Matrix, scores: Float64Array): void {
    kernels.projectedSumsInto(rows, steps, cells, scores);
    for (let row = 0; row < rows.rowCount; row++) scores[row] /= divisor;
  }

  function contributionsInto(rows: Matrix, out: Float64Array): void {
    const values = new Float64Array(steps.count);
    for (let row = 0; row < rows.rowCount; row++) {
      for (let cut = 0; cut < steps.count; cut++) values[cut] = cells[cellOf(rows, row, cut)];
      sharesInto(values, steps, out.subarray(row * columnCount, (row + 1) * columnCount));
    }
  }

  function cellOf(rows: Matrix, row: number, cut: number): number {
    const place = Math.floor((projectRow(rows, row, steps, cut) - steps.lows[cut]) * steps.scales[cut]);
    const least = steps.leasts[cut];
    return steps.starts[cut] + (place > least ? Math.min(place, steps.mosts[cut]) : least) - least;
  }

  return { columnCount, scoreInto, contributionsInto, toState: () => stateOf(steps, cells, divisor, columnCount) };
}

/**
 * How much more anomalous the row looks in the cuts that use a column than in those that do not: the one-tailed
 * two-sample t of Pevný, section 3.3, its positive parts as shares of 1. Equal shares where no column stands out.
 */
function sharesInto(values: Float64Array, steps: StepCells["steps"], shares: Float64Array): void {
  const with_ = columnSums(values, steps, shares.length);
  let all = 0;
  let allSquares = 0;
  for (const value of values) {
    all += value;
    allSquares += value * value;
  }
  const floor = standardErrorMin * (Math.abs(all) / values.length) + Number.MIN_VALUE;
  let total = 0;
  for (let column = 0; column < shares.length; column++) {
    const { counts, sums, squares } = with_;
    const inside = meanAndError(counts[column], sums[column], squares[column]);
    const outside = meanAndError(values.length - counts[column], all - sums[column], allSquares - squares[column]);
    const error = Math.max(floor, Math.sqrt(inside.squaredError + outside.squaredError));
    shares[column] = Math.max(0, (inside.mean - outside.mean) / error);
    if (counts[column] === 0 || counts[column] === values.length) shares[column] = 0;
    total += shares[column];
  }
  for (let column = 0; column < shares.length; column++) {
    shares[column] = total > 0 ? shares[column] / total : 1 / shares.length;
  }
}

interface ColumnSums {
  readonly counts: Int32Array;
  readonly sums: Float64Array;
  readonly squares: Float64Array;
}

/** For each column the number, sum and sum of squares of the cells of the cuts that use it. */
function columnSums(values: Float64Array, steps: StepCells["steps"], columnCount: number): ColumnSums {
  const counts = new Int32Array(columnCount);
  const sums = new Float64Array(columnCount);
  const squares = new Float64Array(columnCount);
  for (const [at, column] of steps.columns.entries()) {
    const value = values[Math.floor(at / steps.width)];
    counts[column]++;
    sums[column] += value;
    squares[column] += value * value;
  }
  return { counts, sums, squares };
}

function meanAndError(count: number, sum: number, squares: number): { mean: number; squaredError: number } {
  if (count === 0) return { mean: 0, squaredError: 0 };
  const mean = sum / count;
  const variance = count === 1 ? 0 : Math.max(0, squares - sum * mean) / (count - 1);
  return { mean, squaredError: variance / count };
}

function stateOf(steps: StepCells["steps"], cells: Float64Array, divisor: number, columnCount: number): ModelState {
  const { columns, weights, lows, scales, leasts, mosts, starts, count, width } = steps;
  return {
    values: { columnCount, cutCount: count, width, divisor },
    arrays: { columns, weights, lows, scales, leasts, mosts, starts, cells },
  };
}

export function restoreLoda(state: ModelState, kernels: KernelSet): Model {
  const columnCount = stateInteger(state, "columnCount", 1, columnCountMax);
  const count = stateInteger(state, "cutCount", 1, cutCountMax);
  const width = stateInteger(state, "width", 1, columnCount);
  const steps = {
    count,
    width,
    columns: stateArray(state, "columns", Int32Array, count * width),
    weights: stateFiniteArray(state, "weights", count * width),
    lows: stateFiniteArray(state, "lows", count),
    scales: stateFiniteArray(state, "scales", count),
    leasts: stateArray(state, "leasts", Int32Array, count),
    mosts: stateArray(state, "mosts", Int32Array, count),
    starts: stateArray(state, "starts", Int32Array, count),
  };
  requireIndexes("columns", steps.columns, columnCount);
  const cells = stateFiniteArray(state, "cells");
  for (let cut = 0; cut < count; cut++) {
    const span = steps.mosts[cut] - steps.leasts[cut];
    const inside = Math.abs(steps.leasts[cut]) <= placeMax && span >= 0 && span <= placeMax;
    const start = steps.starts[cut];
    if (!inside || start < 0 || start + span >= cells.length) throw damaged("starts", "places inside the cells");
  }
  return createLodaModel({ steps, cells, divisor: stateInteger(state, "divisor", 1, cutCountMax) }, columnCount, kernels);
}
