import { describe, expect, test } from "vitest";
import { expectCode } from "../../../test-support/expect-code.ts";
import { fitForTest, scoresOf } from "../../../test-support/fit.ts";
import type { IncrementalModel } from "../../detector/detector.ts";
import { referenceKernels } from "../../kernels/reference/index.ts";
import { type Matrix, matrixFromRows, rowRange } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { halfSpaceTrees } from "./index.ts";

function normalRows(rowCount: number, columnCount: number, center = 0, seed = 5): Matrix {
  const random = createRandom(seed);
  return { rowCount, columnCount, values: Float64Array.from({ length: rowCount * columnCount }, () => center + random.normal()) };
}

const mean = (scores: Float64Array) => scores.reduce((sum, score) => sum + score, 0) / scores.length;

describe("half-space-trees", () => {
  test("scores by the share of the window on the row's side of a cut, as computed by hand", async () => {
    const train = matrixFromRows([[0], [1], [2], [3]]);
    const { model, trainingScores } = await fitForTest(halfSpaceTrees, train, { nTrees: 1, height: 1, windowSize: 4 });
    const cut = model.toState().arrays["thresholds"][1];
    const left = train.values.filter((value) => value <= cut).length;
    // One level down a mass counts twice: s = 2 r, and the window holds 4.
    const expected = train.values.map((value) => 1 / (1 + (2 * (value <= cut ? left : 4 - left)) / 4));
    expect(trainingScores).toEqual(expected);
  });

  test("puts the first cuts anywhere in the range of the rows, by the paper's work range", async () => {
    const { model } = await fitForTest(halfSpaceTrees, matrixFromRows([[-10], [30]]), { nTrees: 1000, height: 1 });
    const cuts = model.toState().arrays["thresholds"].filter((_, at) => at % 2 === 1);
    // The middle of the work range is its uniform centre: mean 10, standard error 40 / sqrt(12 * 1000).
    expect(Math.abs(mean(Float64Array.from(cuts)) - 10)).toBeLessThan(1.6);
    expect(cuts.every((cut) => cut >= -10 && cut <= 30)).toBe(true);
  });

  test("fits to the same counts as if each row had been learned one after the other", async () => {
    const train = normalRows(1130, 3);
    const { model, trainingScores } = await fitForTest(halfSpaceTrees, train);
    const state = model.toState();
    const empty = halfSpaceTrees.restore(
      {
        values: { ...state.values, latestCount: 0 },
        arrays: {
          ...state.arrays,
          referenceMasses: new Int32Array(state.arrays["referenceMasses"].length),
          latestMasses: new Int32Array(state.arrays["latestMasses"].length),
        },
      },
      referenceKernels,
    );
    for (let row = 0; row < train.rowCount; row++) empty.update(rowRange(train, row, row + 1));
    expect(scoresOf(empty, train)).toEqual(trainingScores);
    expect(empty.toState()).toEqual(state);
  });

  test("takes a place for usual once a window of rows came from there, and the old one for unusual", async () => {
    const train = normalRows(500, 2);
    const moved = normalRows(500, 2, 2.5, 6);
    const model = (await fitForTest(halfSpaceTrees, train, { nTrees: 25 })).model as IncrementalModel;
    const before = mean(scoresOf(model, moved)) - mean(scoresOf(model, train));
    model.update(moved);
    const after = mean(scoresOf(model, moved)) - mean(scoresOf(model, train));
    expect(before).toBeGreaterThan(0.1);
    expect(after).toBeLessThan(-0.1);
  });

  test("keeps its yardstick until the window is full", async () => {
    const train = normalRows(500, 2);
    const model = (await fitForTest(halfSpaceTrees, train)).model as IncrementalModel;
    const before = scoresOf(model, train);
    model.update(rowRange(train, 0, 249));
    expect(scoresOf(model, train)).toEqual(before);
    model.update(rowRange(train, 249, 250));
    expect(scoresOf(model, train)).not.toEqual(before);
  });

  test("gives a state that later updates do not reach", async () => {
    const train = normalRows(500, 2);
    const model = (await fitForTest(halfSpaceTrees, train)).model as IncrementalModel;
    const state = structuredClone(model.toState());
    const held = model.toState();
    model.update(normalRows(300, 2));
    expect(held).toEqual(state);
  });

  test("copes with constant columns and the ends of float64", async () => {
    const rows = Array.from({ length: 300 }, (_, i) => [4, i % 2 === 0 ? 1.7e308 : -1.7e308, i]);
    const { model, trainingScores } = await fitForTest(halfSpaceTrees, matrixFromRows(rows));
    expect(trainingScores.every((score) => score > 0 && score < 1)).toBe(true);
    const columns = model.toState().arrays["columns"] as Uint16Array;
    // Node 0 of a tree is none.
    expect(columns.every((column, node) => node % 256 === 0 || column !== 0)).toBe(true);
    const constant = await fitForTest(halfSpaceTrees, matrixFromRows(rows.map(() => [4, 4])));
    expect(new Set(constant.trainingScores).size).toBe(1);
  });

  test("refuses trees that would not fit into memory, and damaged states", async () => {
    const train = normalRows(500, 2);
    await expect(fitForTest(halfSpaceTrees, train, { nTrees: 1000, height: 15 })).rejects.toMatchObject({ code: "PARAM" });
    const state = (await fitForTest(halfSpaceTrees, train)).model.toState();
    const columns = (state.arrays["columns"] as Uint16Array).with(3, 2);
    const masses = (state.arrays["latestMasses"] as Int32Array).with(3, -1);
    for (const arrays of [{ columns }, { latestMasses: masses }, { columns: new Uint16Array(0) }]) {
      expectCode("MODEL_FILE", () =>
        halfSpaceTrees.restore({ ...state, arrays: { ...state.arrays, ...arrays } }, referenceKernels),
      );
    }
  });
});
