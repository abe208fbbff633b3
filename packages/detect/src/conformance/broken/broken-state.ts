/** Broken detectors whose state is not plain data, incomplete, unchecked or too large; and models that learn wrongly. */

import type { IncrementalModel, Model, ModelState, StateValue } from "../../detector/detector.ts";
import type { Matrix } from "../../matrix.ts";
import type { BrokenDetector } from "./broken-detector.ts";
import { fitOf, variantOf, withModel, withTraits } from "./broken-detector.ts";
import { soundDistance } from "./sound-distance.ts";
import { soundRunning } from "./sound-running.ts";

export const brokenState: readonly BrokenDetector[] = [
  {
    check: "state-plain",
    fault: "keeps NaN among its values",
    detector: withState(soundDistance, ({ values, arrays }) => ({ values: { ...values, spread: Number.NaN }, arrays })),
  },
  {
    check: "state-plain",
    fault: "keeps a Map among its values",
    detector: withState(soundDistance, ({ values, arrays }) => ({
      values: { ...values, table: new Map() as unknown as StateValue },
      arrays,
    })),
  },
  {
    check: "restore",
    fault: "keeps its centres in float32",
    detector: variantOf(
      withState(soundDistance, ({ values, arrays }) => ({
        values,
        arrays: { ...arrays, centers: arrays["centers"].map(Math.fround) },
      })),
      {
        restore: (state, kernels) => soundDistance.restore(state, kernels),
      },
    ),
  },
  {
    check: "restore-refuses-damage",
    fault: "believes whatever state it is given",
    detector: variantOf(soundDistance, {
      restore(state, kernels) {
        const scales = state.arrays["scales"] as Float64Array;
        const aggregate = state.values["aggregate"] === "max" ? "max" : "sum";
        return soundDistance.restore({ values: { aggregate }, arrays: { ...state.arrays, scales: scales.slice() } }, kernels);
      },
    }),
  },
  {
    check: "state-size",
    fault: "keeps a number for every pair of rows",
    detector: withModel(soundDistance, (model, { train }) => {
      const pairs = new Uint8Array((train?.rowCount ?? 0) ** 2);
      const { values, arrays } = model.toState();
      return { ...model, toState: () => ({ values, arrays: { ...arrays, pairs } }) };
    }),
  },
  {
    check: "update-method",
    fault: "claims to learn incrementally, but cannot",
    detector: withTraits(soundDistance, { learnsIncrementally: true }),
  },
  {
    check: "update-method",
    fault: "can learn incrementally, but does not say so",
    detector: withTraits(soundRunning, { learnsIncrementally: false }),
  },
  {
    check: "update-in-chunks",
    fault: "learns from the mean of a batch",
    detector: withUpdate((model, rows) => {
      const mean: Matrix = { rowCount: 1, columnCount: rows.columnCount, values: new Float64Array(rows.columnCount) };
      for (let at = 0; at < rows.values.length; at++) mean.values[at % rows.columnCount] += rows.values[at] / rows.rowCount;
      model.update(mean);
    }),
  },
  {
    check: "update-in-chunks",
    fault: "learns nothing",
    detector: withUpdate(() => undefined),
  },
  {
    check: "update-in-chunks",
    fault: "skips the first row of every update, which it counts outside its state",
    detector: withUpdate((model, rows) => {
      const width = rows.columnCount;
      model.update({ rowCount: rows.rowCount - 1, columnCount: width, values: rows.values.subarray(width) });
    }),
  },
];

function withState(base: unknown, change: (state: ModelState) => ModelState) {
  return withModel(base, (model): Model => ({ ...model, toState: () => change(model.toState()) }));
}

function withUpdate(update: (model: IncrementalModel, rows: Matrix) => void) {
  const changed = (model: IncrementalModel): IncrementalModel => ({ ...model, update: (rows) => update(model, rows) });
  return variantOf(soundRunning, {
    async fit(train, params, context) {
      const { model, trainingScores } = await fitOf(soundRunning)(train, params, context);
      return { model: changed(model as IncrementalModel), trainingScores };
    },
    restore: (state, kernels) => changed(soundRunning.restore(state, kernels)),
  });
}
