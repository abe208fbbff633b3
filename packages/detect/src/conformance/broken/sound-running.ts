/** A toy detector that passes every check: incremental, skips missing values, depends on the order of rows and columns. */

import type { IncrementalModel, ModelState } from "../../detector/detector.ts";
import { defineDetector } from "../../detector/detector.ts";
import { stateArray } from "../../detector/state.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { throwIfAborted } from "../../errors.ts";
import type { Matrix } from "../../matrix.ts";

/** Share of the old mean that remains after each new row. */
const memory = 0.98;

/** Distance from an exponentially weighted mean, earlier columns weighing more; learns row by row and skips missing values. */
export const soundRunning = defineDetector({
  id: "toy-running",
  summary: "Distance from a mean that follows the rows.",
  traits: {
    ...traitDefaults,
    learnsIncrementally: true,
    rowOrderMatters: true,
    acceptsMissing: true,
    explains: "sums-to-one",
    rowMinimum: 1,
    shiftInvariant: true,
    scaleInvariant: true,
    columnOrderMatters: true,
  },
  params: {},
  async fit(train, _params, { signal }) {
    throwIfAborted(signal);
    const width = train.columnCount;
    const model = runningModel({
      values: {},
      arrays: { means: new Float64Array(width).fill(Number.NaN), spreads: new Float64Array(width) },
    });
    const trainingScores = new Float64Array(train.rowCount);
    for (let row = 0; row < train.rowCount; row++) {
      const one = { rowCount: 1, columnCount: width, values: train.values.subarray(row * width, (row + 1) * width) };
      model.scoreInto(one, trainingScores.subarray(row, row + 1));
      model.update(one);
      if (row % 16 === 15) throwIfAborted(signal);
    }
    return Promise.resolve({ model, trainingScores });
  },
  restore: runningModel,
});

function runningModel(state: ModelState): IncrementalModel {
  // Copies: this model changes.
  const means = stateArray(state, "means", Float64Array).slice();
  const spreads = stateArray(state, "spreads", Float64Array, means.length).slice();
  const columnCount = means.length;

  function distance(value: number, column: number): number {
    const deviation = Math.abs(value - means[column]);
    const ratio = deviation > 0 ? Math.min(deviation / (spreads[column] || 1e-300), 1e100) : 0;
    return ratio / (1 + column / columnCount);
  }

  function scoreInto(rows: Matrix, scores: Float64Array): void {
    for (let row = 0; row < rows.rowCount; row++) {
      let sum = 0;
      for (let column = 0; column < columnCount; column++) sum += distance(rows.values[row * columnCount + column], column);
      scores[row] = sum;
    }
  }

  function contributionsInto(rows: Matrix, out: Float64Array): void {
    const sums = new Float64Array(rows.rowCount);
    scoreInto(rows, sums);
    for (let at = 0; at < out.length; at++) {
      const sum = sums[Math.floor(at / columnCount)];
      out[at] = sum > 0 ? distance(rows.values[at], at % columnCount) / sum : 1 / columnCount;
    }
  }

  function update(rows: Matrix): void {
    for (let at = 0; at < rows.rowCount * columnCount; at++) {
      const column = at % columnCount;
      const value = rows.values[at];
      if (Number.isNaN(value)) continue;
      if (Number.isNaN(means[column])) means[column] = value;
      spreads[column] = memory * spreads[column] + (1 - memory) * Math.abs(value - means[column]);
      means[column] = memory * means[column] + (1 - memory) * value;
    }
  }

  return {
    columnCount,
    scoreInto,
    contributionsInto,
    update,
    toState: () => ({ values: {}, arrays: { means: means.slice(), spreads: spreads.slice() } }),
  };
}
