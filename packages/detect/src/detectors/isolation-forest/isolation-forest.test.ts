import { describe, expect, test } from "vitest";
import { expectCode } from "../../../test-support/expect-code.ts";
import { fitForTest, scoresOf } from "../../../test-support/fit.ts";
import { parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import { kernelsByName } from "../../kernels/choose.ts";
import { referenceKernels } from "../../kernels/reference/index.ts";
import { type Matrix, matrixFromRows, rowRange } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { isolationForest } from "./index.ts";

function normalRows(rowCount: number, columnCount: number, seed = 5): Matrix {
  const random = createRandom(seed);
  return { rowCount, columnCount, values: Float64Array.from({ length: rowCount * columnCount }, () => random.normal()) };
}

/** numpy.percentile with linear interpolation: what the reference subtracts from its scores at contamination 0.1. */
function percentile90(scores: Float64Array): number {
  const sorted = scores.toSorted();
  const place = 0.9 * (sorted.length - 1);
  const low = Math.floor(place);
  return sorted[low] + (place - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
}

describe("isolation-forest", () => {
  test("gives three rows the path lengths computed by hand", async () => {
    // On 0, 1, 10 the first cut falls below 1 once in ten: h(10) = 0.9 * 1 + 0.1 * 2, h(0) = 0.1 * 1 + 0.9 * 2, h(1) = 2.
    const train = matrixFromRows([[0], [1], [10]]);
    const { trainingScores } = await fitForTest(isolationForest, train, { nEstimators: 10_000 });
    const usual = 2 * (Math.log(2) + 0.5772156649015329) - 4 / 3;
    const depths = Array.from(trainingScores, (score) => -Math.log2(score) * usual);
    // Four standard errors: the split is a coin of 0.1, tossed 10,000 times.
    for (const [row, depth] of [1.9, 2, 1.1].entries()) expect(Math.abs(depths[row] - depth)).toBeLessThan(0.012);
  });

  test("scores rows that are all alike, and any row beside them, 0.5", async () => {
    const { model, trainingScores } = await fitForTest(isolationForest, matrixFromRows(Array.from({ length: 40 }, () => [3, 7])));
    expect(new Set(trainingScores).size).toBe(1);
    // A sum of 100 equal path lengths is rounded.
    expect(trainingScores[0]).toBeCloseTo(0.5, 12);
    expect(scoresOf(model, matrixFromRows([[9, 9]]))[0]).toBe(trainingScores[0]);
  });

  test("copes with the ends of float64", async () => {
    const rows = Array.from({ length: 50 }, (_, i) => [i % 2 === 0 ? 1.7e308 : -1.7e308, i * 5e-324, i]);
    const { trainingScores } = await fitForTest(isolationForest, matrixFromRows(rows));
    expect(trainingScores.every((score) => score > 0 && score < 1)).toBe(true);
  });

  test("gives the same bits on every kernel set, row by row and in bulk", async () => {
    const train = normalRows(3000, 6);
    const { model, trainingScores } = await fitForTest(isolationForest, train, {}, { kernels: referenceKernels });
    for (const name of ["wasm-simd", "wasm-relaxed-simd"] as const) {
      const restored = isolationForest.restore(model.toState(), kernelsByName(name));
      const single = Float64Array.from({ length: 50 }, (_, row) => scoresOf(restored, rowRange(train, row, row + 1))[0]);
      expect(single).toEqual(trainingScores.slice(0, 50));
      expect(scoresOf(restored, train)).toEqual(trainingScores);
      for (const count of [5, 10, 23, 50]) {
        expect(scoresOf(restored, rowRange(train, 100, 100 + count))).toEqual(trainingScores.slice(100, 100 + count));
      }
    }
  });

  test("grows trees too deep for the kernels' layout, and still ranks the far row first", async () => {
    const train = normalRows(5000, 3);
    train.values.set([9, -9, 9]);
    const { trainingScores } = await fitForTest(isolationForest, train, { maxSamples: 5000, nEstimators: 20 });
    expect(trainingScores.indexOf(Math.max(...trainingScores))).toBe(0);
  });

  test("takes maxSamples and maxFeatures as a share up to 1 or as a count, and refuses numbers between counts", async () => {
    const train = normalRows(400, 4);
    const sampleSizeOf = async (maxSamples: number | string) => {
      const { model } = await fitForTest(isolationForest, train, { maxSamples });
      return model.toState().values["sampleSize"];
    };
    expect(await sampleSizeOf("auto")).toBe(256);
    expect(await sampleSizeOf(0.5)).toBe(200);
    expect(await sampleSizeOf(1)).toBe(400);
    expect(await sampleSizeOf(33)).toBe(33);
    expect(await sampleSizeOf(4000)).toBe(400);
    await expect(fitForTest(isolationForest, train, { maxSamples: 2.5 })).rejects.toMatchObject({ code: "PARAM" });
    await expect(fitForTest(isolationForest, train, { maxFeatures: 1.5 })).rejects.toMatchObject({ code: "PARAM" });
  });

  test("splits a tree only on its share of the columns", async () => {
    const { model } = await fitForTest(isolationForest, normalRows(400, 10), {
      maxFeatures: 0.2,
      nEstimators: 30,
      bootstrap: true,
    });
    const { roots, lefts, columns } = model.toState().arrays;
    for (let tree = 0; tree < 30; tree++) {
      const used = new Set<number>();
      for (let node = roots[tree]; node < (roots[tree + 1] ?? lefts.length); node++)
        if (lefts[node] !== 0) used.add(columns[node]);
      expect(used.size).toBe(2);
    }
  });

  test("refuses a state whose tree would be walked in a circle or out of bounds", async () => {
    const { model } = await fitForTest(isolationForest, normalRows(50, 2), { nEstimators: 3 });
    const state = model.toState();
    const lefts = state.arrays["lefts"] as Int32Array;
    const damage = (name: string, at: number, value: number) => {
      const array = state.arrays[name].slice();
      array[at] = value;
      expectCode("MODEL_FILE", () =>
        isolationForest.restore({ values: state.values, arrays: { ...state.arrays, [name]: array } }, referenceKernels),
      );
    };
    damage("lefts", 1, 1);
    damage("lefts", 0, 1e6);
    damage("roots", 1, 0);
    damage("columns", 0, 2);
    damage("sizes", lefts.indexOf(0), -1);
    damage("thresholds", 0, Number.NaN);
  });
});

describe("isolation-forest's contributions", () => {
  test("sum to the score less the baseline", async () => {
    const train = normalRows(1000, 5);
    const { model, trainingScores } = await fitForTest(isolationForest, train);
    const baseline = model.toState().values["baseline"] as number;
    const out = new Float64Array(train.values.length);
    model.contributionsInto?.(train, out);
    for (let row = 0; row < train.rowCount; row++) {
      const sum = out.subarray(row * 5, row * 5 + 5).reduce((total, value) => total + value, 0);
      expect(Math.abs(sum - (trainingScores[row] - baseline))).toBeLessThan(1e-12);
    }
  });

  test("name the column in which a row is far out", async () => {
    const train = normalRows(1000, 5);
    const { model } = await fitForTest(isolationForest, train);
    const out = new Float64Array(5);
    for (let column = 0; column < 5; column++) {
      model.contributionsInto?.(matrixFromRows([[0, 0, 0, 0, 0].with(column, 8)]), out);
      expect(out.indexOf(Math.max(...out))).toBe(column);
      expect(out[column]).toBeGreaterThan(2 * out.toSorted()[3]);
    }
  });
});

describe.skipIf(sharedFolder === undefined)("isolation-forest against the reference's mean over 20 seeds", () => {
  for (const { name, train, fresh, randomDetectors } of parityCases()) {
    test(`agrees within the sampling error on ${name}`, async () => {
      const reference = randomDetectors["IForest"] as Record<"train_mean" | "train_std" | "new_mean" | "new_std", number[]>;
      const means = [...reference.train_mean, ...reference.new_mean];
      const deviations = [...reference.train_std, ...reference.new_std];
      const sums = new Float64Array(means.length);
      const squares = new Float64Array(means.length);
      for (let seed = 0; seed < 20; seed++) {
        const { model, trainingScores } = await fitForTest(isolationForest, train, {}, { seed });
        const offset = percentile90(trainingScores);
        for (const [at, score] of [...trainingScores, ...scoresOf(model, fresh)].entries()) {
          sums[at] += (score - offset) / 20;
          squares[at] += (score - offset) ** 2 / 20;
        }
      }
      const errors = means.map((mean, at) => {
        const variance = squares[at] - sums[at] ** 2 + deviations[at] ** 2;
        return (sums[at] - mean) / Math.sqrt(variance / 20);
      });
      expect(Math.max(...errors.map(Math.abs))).toBeLessThan(5);
      // Rows share trees, so their errors are correlated: the mean square stays near 1 but not at it.
      expect(errors.reduce((sum, error) => sum + error * error, 0) / errors.length).toBeLessThan(2.5);
    });
  }
});
