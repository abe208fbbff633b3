import { describe, expect, test } from "vitest";
import { expectCode } from "../../../test-support/expect-code.ts";
import { fitForTest, scoresOf } from "../../../test-support/fit.ts";
import { parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import { kernelsByName } from "../../kernels/choose.ts";
import { referenceKernels } from "../../kernels/reference/index.ts";
import { type Matrix, matrixFromRows, rowRange } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { extendedIsolationForest } from "./index.ts";

function normalRows(rowCount: number, columnCount: number, seed = 5): Matrix {
  const random = createRandom(seed);
  return { rowCount, columnCount, values: Float64Array.from({ length: rowCount * columnCount }, () => random.normal()) };
}

/** Two round clusters on the falling diagonal: a forest cut along columns sees ghosts of them on the rising one. */
function twoClusters(): Matrix {
  const random = createRandom(8);
  return matrixFromRows(
    Array.from({ length: 600 }, (_, i) => [(i % 2) * 10 + random.normal(), (1 - (i % 2)) * 10 + random.normal()]),
  );
}

describe("extended-isolation-forest", () => {
  test("gives three rows on a line the path lengths computed by hand", async () => {
    // A plane through a uniform point of 0..10: h(10) = 0.9 * 1 + 0.1 * 2, h(0) = 0.1 * 1 + 0.9 * 2, h(1) = 2, but a second
    // cut through a point of the rows' range always parts two rows, so that nothing is lost to empty sides.
    const { trainingScores } = await fitForTest(extendedIsolationForest, matrixFromRows([[0], [1], [10]]), {
      nEstimators: 10_000,
    });
    const usual = 2 * (Math.log(2) + 0.5772156649015329) - 4 / 3;
    const depths = Array.from(trainingScores, (score) => -Math.log2(score) * usual);
    for (const [row, depth] of [1.9, 2, 1.1].entries()) expect(Math.abs(depths[row] - depth)).toBeLessThan(0.012);
  });

  test("sees no ghosts where the ranges of two clusters cross", async () => {
    const train = twoClusters();
    const ghosts = matrixFromRows([
      [0, 0],
      [10, 10],
    ]);
    const contrast = async (extensionLevel: number) => {
      const { model, trainingScores } = await fitForTest(extendedIsolationForest, train, { extensionLevel, nEstimators: 300 });
      const usual = trainingScores.reduce((sum, score) => sum + score, 0) / trainingScores.length;
      return Math.min(...scoresOf(model, ghosts)) - usual;
    };
    expect(await contrast(1)).toBeGreaterThan(1.5 * (await contrast(0)));
  });

  test("scores rows that are all alike, and any row beside them, 0.5", async () => {
    const { model, trainingScores } = await fitForTest(
      extendedIsolationForest,
      matrixFromRows(Array.from({ length: 40 }, () => [3, 7])),
    );
    expect(new Set(trainingScores).size).toBe(1);
    expect(trainingScores[0]).toBeCloseTo(0.5, 12);
    expect(scoresOf(model, matrixFromRows([[9, 9]]))[0]).toBe(trainingScores[0]);
  });

  test("gives finite scores where sums overflow", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => [i % 2 === 0 ? 1.7e308 : -1.7e308, i * 1e307, i]);
    const { trainingScores } = await fitForTest(extendedIsolationForest, matrixFromRows(rows));
    expect(trainingScores.every((score) => score > 0 && score <= 1)).toBe(true);
  });

  test("gives the same bits on every kernel set, row by row and in bulk, for planes of all columns and of some", async () => {
    const train = normalRows(1500, 7);
    for (const extensionLevel of ["auto", 0, 3]) {
      const params = { extensionLevel, nEstimators: 30 };
      const { model, trainingScores } = await fitForTest(extendedIsolationForest, train, params, { kernels: referenceKernels });
      for (const name of ["wasm-simd", "wasm-relaxed-simd"] as const) {
        const restored = extendedIsolationForest.restore(model.toState(), kernelsByName(name));
        expect(scoresOf(restored, train)).toEqual(trainingScores);
        expect(scoresOf(restored, rowRange(train, 3, 4))).toEqual(trainingScores.slice(3, 4));
      }
    }
  });

  test("refuses a level that the columns do not have, weights beyond memory, and damaged states", async () => {
    const train = normalRows(200, 3);
    await expect(fitForTest(extendedIsolationForest, train, { extensionLevel: 3 })).rejects.toMatchObject({ code: "PARAM" });
    const wide = normalRows(300, 1000);
    await expect(fitForTest(extendedIsolationForest, wide, { nEstimators: 10_000 })).rejects.toMatchObject({ code: "PARAM" });
    const state = (await fitForTest(extendedIsolationForest, train, { nEstimators: 3 })).model.toState();
    const { lefts, columns, weights, offsets, roots } = state.arrays as Record<string, Int32Array>;
    const damages = [
      { lefts: lefts.with(1, 1) },
      { lefts: lefts.with(0, 1e6) },
      { roots: roots.with(1, 0) },
      { columns: columns.with(0, 3) },
      { columns: columns.with(1, 0) },
      { weights: weights.with(0, Number.NaN) },
      { offsets: offsets.with(0, Number.NaN) },
      { offsets: offsets.slice(1) },
    ];
    for (const damage of damages) {
      expectCode("MODEL_FILE", () =>
        extendedIsolationForest.restore({ ...state, arrays: { ...state.arrays, ...damage } }, referenceKernels),
      );
    }
  });
});

/** numpy.percentile with linear interpolation: what the reference subtracts from its scores at contamination 0.1. */
function percentile90(scores: Float64Array): number {
  const sorted = scores.toSorted();
  const place = 0.9 * (sorted.length - 1);
  const low = Math.floor(place);
  return sorted[low] + (place - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
}

describe.skipIf(sharedFolder === undefined)("extended-isolation-forest at extension level 0", () => {
  for (const { name, train, fresh, randomDetectors } of parityCases()) {
    test(`is an isolation forest: agrees with the reference's mean over 20 seeds on ${name}`, async () => {
      const reference = randomDetectors["IForest"] as Record<"train_mean" | "train_std" | "new_mean" | "new_std", number[]>;
      const means = [...reference.train_mean, ...reference.new_mean];
      const deviations = [...reference.train_std, ...reference.new_std];
      const sums = new Float64Array(means.length);
      for (let seed = 0; seed < 20; seed++) {
        const { model, trainingScores } = await fitForTest(extendedIsolationForest, train, { extensionLevel: 0 }, { seed });
        const offset = percentile90(trainingScores);
        const scores = [...trainingScores, ...scoresOf(model, fresh)];
        for (const [at, score] of scores.entries()) sums[at] += (score - offset) / 20;
      }
      const errors = means.map((mean, at) => (sums[at] - mean) / (deviations[at] * Math.sqrt(2 / 20)));
      expect(Math.max(...errors.map(Math.abs))).toBeLessThan(5);
      expect(errors.reduce((sum, error) => sum + error * error, 0) / errors.length).toBeLessThan(2.5);
    });
  }
});
