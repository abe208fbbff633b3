import { describe, expect, test } from "vitest";
import { expectCode } from "../../../test-support/expect-code.ts";
import { fitForTest, scoresOf } from "../../../test-support/fit.ts";
import { parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import type { Model } from "../../detector/detector.ts";
import { chooseKernels, kernelsByName } from "../../kernels/choose.ts";
import { referenceKernels } from "../../kernels/reference/index.ts";
import { type Matrix, matrixFromRows, rowRange } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { inne } from "./index.ts";

function normalRows(rowCount: number, columnCount: number, seed = 5): Matrix {
  const random = createRandom(seed);
  return { rowCount, columnCount, values: Float64Array.from({ length: rowCount * columnCount }, () => random.normal()) };
}

describe("inne", () => {
  // Radii 1, 1 and 4: the neighbour of 5 is 1. Every member has all three.
  const line = matrixFromRows([[0], [1], [5]]);
  const beside = matrixFromRows([[0.5], [3], [100], [2], [2.001], [9], [9.001]]);

  test("gives rows on a line the values computed by hand", async () => {
    const { model } = await fitForTest(inne, line, { nEstimators: 4 });
    expect([...scoresOf(model, beside)]).toEqual([0, 0.9375, 1, 0, 0.9375, 0.9375, 1]);
  });

  test("compares the radii themselves when asked, as the paper does", async () => {
    const { model } = await fitForTest(inne, line, { nEstimators: 4, radii: "plain" });
    expect([...scoresOf(model, beside)]).toEqual([0, 0.75, 1, 0, 0.75, 0.75, 1].map((value) => expect.closeTo(value, 14)));
  });

  test("gives coinciding centres 0, and any other row 1", async () => {
    const { model, trainingScores } = await fitForTest(inne, matrixFromRows(Array.from({ length: 20 }, () => [3, 7])));
    expect([...new Set(trainingScores)]).toEqual([0]);
    expect(scoresOf(model, matrixFromRows([[3, 7.001]]))[0]).toBe(1);
  });

  test("gives finite scores and contributions where squares overflow", async () => {
    const rows = matrixFromRows(Array.from({ length: 50 }, (_, i) => [i % 3 === 0 ? 1.7e308 : -1.7e308, i]));
    const { model, trainingScores } = await fitForTest(inne, rows);
    const out = new Float64Array(rows.values.length);
    model.contributionsInto?.(rows, out);
    expect([...trainingScores, ...out].every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  test("gives the same bits on every kernel set, row by row and in bulk", async () => {
    const train = normalRows(1500, 7);
    const { model, trainingScores } = await fitForTest(inne, train, { maxSamples: 11 }, { kernels: referenceKernels });
    for (const name of ["wasm-simd", "wasm-relaxed-simd"] as const) {
      const restored = inne.restore(model.toState(), kernelsByName(name));
      expect(scoresOf(restored, train)).toEqual(trainingScores);
      expect(scoresOf(restored, rowRange(train, 3, 4))).toEqual(trainingScores.slice(3, 4));
    }
  });

  test("has contributions that sum to the score and name the column in which a row is far out", async () => {
    const train = normalRows(500, 4);
    train.values[2] = 12;
    const { model, trainingScores } = await fitForTest(inne, train);
    const out = new Float64Array(train.values.length);
    model.contributionsInto?.(train, out);
    for (let row = 0; row < train.rowCount; row++) {
      const sum = out.subarray(row * 4, row * 4 + 4).reduce((total, value) => total + value, 0);
      expect(Math.abs(sum - trainingScores[row])).toBeLessThan(1e-12);
    }
    expect(out[2]).toBeGreaterThan(0.8);
  });

  test("refuses more centres than memory takes, and damaged states", async () => {
    const train = normalRows(20_000, 2);
    const params = { nEstimators: 10_000, maxSamples: 20_000 };
    await expect(fitForTest(inne, train, params)).rejects.toMatchObject({ code: "PARAM" });
    const state = (await fitForTest(inne, rowRange(train, 0, 50))).model.toState();
    for (const name of ["centers", "squaredRadii", "values"]) {
      const damaged = (state.arrays[name] as Float64Array).with(0, Number.NaN);
      const arrays = { ...state.arrays, [name]: damaged };
      expectCode("MODEL_FILE", () => inne.restore({ ...state, arrays }, referenceKernels));
    }
  });
});

/** Rounding moves the edge of a ball by less than this. */
const radiusFactors = [1 - 1e-9, 1, 1 + 1e-9];

describe.skipIf(sharedFolder === undefined)("inne against the reference's mean over 20 seeds", () => {
  for (const { name, train, fresh, randomDetectors } of parityCases()) {
    test(`agrees within the sampling error on ${name}`, async () => {
      const reference = randomDetectors["INNE"] as Record<"train_mean" | "train_std" | "new_mean" | "new_std", number[]>;
      const means = [...reference.train_mean, ...reference.new_mean];
      const deviations = [...reference.train_std, ...reference.new_std];
      const bounds = radiusFactors.map(() => ({ sums: means.map(() => 0), squares: means.map(() => 0) }));
      for (let seed = 0; seed < 20; seed++) {
        const { model } = await fitForTest(inne, train, {}, { seed });
        for (const [place, factor] of radiusFactors.entries()) {
          const resized = withRadii(model, factor);
          for (const [at, score] of [...scoresOf(resized, train), ...scoresOf(resized, fresh)].entries()) {
            bounds[place].sums[at] += score / 20;
            bounds[place].squares[at] += (score * score) / 20;
          }
        }
      }
      const errors = means.map((mean, at) => {
        const [shrunk, own, grown] = bounds.map(({ sums }) => sums[at]);
        // The reference's rounding decides whether a row on the edge of a ball is inside: a range, not a number.
        const nearest = Math.max(Math.min(shrunk, own, grown), Math.min(Math.max(shrunk, own, grown), mean));
        // A row that hardly any ball covers scores alike with every seed: the least deviation is that of one member in one seed.
        const variance = Math.max(bounds[1].squares[at] - own ** 2 + deviations[at] ** 2, 1 / 200 ** 2);
        return (nearest - mean) / Math.sqrt(variance / 20);
      });
      expect(Math.max(...errors.map(Math.abs))).toBeLessThan(5);
      expect(errors.reduce((sum, error) => sum + error * error, 0) / errors.length).toBeLessThan(2.5);
    });
  }
});

/** The model with its balls a little smaller or larger. */
function withRadii(model: Model, factor: number): Model {
  const { values, arrays } = model.toState();
  const squaredRadii = (arrays["squaredRadii"] as Float64Array).map((radius) => (radius < 0 ? radius : radius * factor));
  return inne.restore({ values, arrays: { ...arrays, squaredRadii } }, chooseKernels());
}
