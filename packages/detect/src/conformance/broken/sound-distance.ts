/** A toy detector that passes every check: deterministic, with parameters and contributions. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { defineDetector } from "../../detector/detector.ts";
import { stateArray, stateChoice } from "../../detector/state.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { throwIfAborted } from "../../errors.ts";
import type { Matrix } from "../../matrix.ts";

const aggregates = ["sum", "max"] as const;
/** Distance of a value that differs from a column which was constant in training. */
const constantColumnDistance = 100;

/** Distance from the column means in mean absolute deviations. */
export const soundDistance = defineDetector({
  id: "toy-distance",
  summary: "Distance from the column means in mean absolute deviations.",
  traits: {
    ...traitDefaults,
    trainingScoresAreRescores: true,
    explains: "sums-to-score",
    rowMinimum: 1,
    shiftInvariant: true,
    scaleInvariant: true,
  },
  params: {
    aggregate: { kind: "choice", default: "sum", choices: ["sum", "max"], summary: "How a row's columns combine." },
    power: { kind: "number", default: 1, min: 0, minExclusive: true, max: 4, summary: "Power of each column's distance." },
  },
  async fit(train, params, { signal, progress }) {
    const { rowCount, columnCount, values } = train;
    const centers = new Float64Array(columnCount);
    const scales = new Float64Array(columnCount);
    for (let column = 0; column < columnCount; column++) {
      throwIfAborted(signal);
      for (let row = 0; row < rowCount; row++) centers[column] += values[row * columnCount + column] / rowCount;
      for (let row = 0; row < rowCount; row++) {
        scales[column] += Math.abs(values[row * columnCount + column] - centers[column]) / rowCount;
      }
      progress?.((column + 1) / columnCount);
      await Promise.resolve();
    }
    const powers = Float64Array.of(params.power);
    const model = distanceModel({ values: { aggregate: params.aggregate }, arrays: { centers, scales, powers } });
    const trainingScores = new Float64Array(rowCount);
    model.scoreInto(train, trainingScores);
    return { model, trainingScores };
  },
  restore: distanceModel,
});

function distanceModel(state: ModelState): Model {
  const centers = stateArray(state, "centers", Float64Array);
  const scales = stateArray(state, "scales", Float64Array, centers.length);
  const [power] = stateArray(state, "powers", Float64Array, 1);
  const aggregate = stateChoice(state, "aggregate", aggregates);
  const columnCount = centers.length;

  function contributionsInto(rows: Matrix, out: Float64Array): void {
    for (let at = 0; at < rows.rowCount * columnCount; at++) {
      const deviation = Math.abs(rows.values[at] - centers[at % columnCount]);
      const scale = scales[at % columnCount];
      const constantDistance = deviation === 0 ? 0 : constantColumnDistance;
      out[at] = (scale === 0 ? constantDistance : deviation / scale) ** power;
    }
    if (aggregate === "max") for (let row = 0; row < rows.rowCount; row++) keepLargest(out, row * columnCount, columnCount);
  }

  function scoreInto(rows: Matrix, scores: Float64Array): void {
    const parts = new Float64Array(rows.rowCount * columnCount);
    contributionsInto(rows, parts);
    for (let row = 0; row < rows.rowCount; row++) {
      let sum = 0;
      for (let column = 0; column < columnCount; column++) sum += parts[row * columnCount + column];
      scores[row] = sum;
    }
  }

  return { columnCount, scoreInto, contributionsInto, toState: () => state };
}

function keepLargest(parts: Float64Array, start: number, count: number): void {
  let top = start;
  for (let at = start; at < start + count; at++) if (parts[at] > parts[top]) top = at;
  for (let at = start; at < start + count; at++) if (at !== top) parts[at] = 0;
}
