/** The fitted robust-z model: a centre and a scale for each column. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { damaged, stateArray, stateChoice, stateFiniteArray } from "../../detector/state.ts";
import type { Matrix } from "../../matrix.ts";
import { columnCountMax } from "../../matrix.ts";

/** z given to a value that differs from a column that was constant in training. */
export const constantColumnZ = 100;

/** Largest z of a value, so that a mean of many stays finite. */
const zMax = 1e300;

const aggregates = ["max", "mean"] as const;

interface RobustZState {
  readonly centers: Float64Array;
  readonly scales: Float64Array;
  readonly aggregate: (typeof aggregates)[number];
}

export function createRobustZModel(state: RobustZState): Model {
  const { centers, scales, aggregate } = state;
  const columnCount = centers.length;

  function absoluteZ(value: number, column: number): number {
    const deviation = Math.abs(value - centers[column]);
    if (deviation === 0) return 0;
    return scales[column] === 0 ? constantColumnZ : Math.min(deviation / scales[column], zMax);
  }

  function scoreInto(rows: Matrix, scores: Float64Array): void {
    for (let row = 0, at = 0; row < rows.rowCount; row++, at += columnCount) {
      let sum = 0;
      let max = 0;
      for (let column = 0; column < columnCount; column++) {
        const z = absoluteZ(rows.values[at + column], column);
        sum += z;
        if (z > max) max = z;
      }
      scores[row] = aggregate === "max" ? max : sum / columnCount;
    }
  }

  /** mean: each column's share of the mean; max: the whole score goes to the first column that reaches it. */
  function contributionsInto(rows: Matrix, out: Float64Array): void {
    for (let row = 0, at = 0; row < rows.rowCount; row++, at += columnCount) {
      let top = 0;
      for (let column = 0; column < columnCount; column++) {
        const z = absoluteZ(rows.values[at + column], column);
        out[at + column] = aggregate === "max" ? 0 : z / columnCount;
        if (z > absoluteZ(rows.values[at + top], top)) top = column;
      }
      if (aggregate === "max") out[at + top] = absoluteZ(rows.values[at + top], top);
    }
  }

  return { columnCount, scoreInto, contributionsInto, toState: () => ({ values: { aggregate }, arrays: { centers, scales } }) };
}

export function restoreRobustZ(state: ModelState): Model {
  const centers = stateFiniteArray(state, "centers");
  const scales = stateArray(state, "scales", Float64Array, centers.length);
  if (centers.length < 1 || centers.length > columnCountMax) throw damaged("centers", `1 to ${columnCountMax} entries`);
  if (!scales.every((scale) => scale >= 0 && Number.isFinite(scale))) throw damaged("scales", "finite numbers from 0");
  return createRobustZModel({ centers, scales, aggregate: stateChoice(state, "aggregate", aggregates) });
}
