import { describe, expect, test } from "vitest";
import { kernelsByName } from "../../kernels/choose.ts";
import type { Matrix } from "../../matrix.ts";
import { matrixFromRows, rowRange } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { fitForTest, largestRelativeDifference, scoresOf } from "../../../test-support/fit.ts";
import { parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import { kde } from "./index.ts";

function randomRows(rowCount: number, columnCount: number): Matrix {
  const random = createRandom(3);
  return { rowCount, columnCount, values: Float64Array.from({ length: rowCount * columnCount }, () => random.normal()) };
}

describe("kde", () => {
  test("scores a row at its own single training row by minus the log of the normal density's top", async () => {
    const { trainingScores } = await fitForTest(kde, matrixFromRows([[4, 2]]), { bandwidth: 0.5 });
    // -ln(1 / (2 pi 0.5^2))
    expect(trainingScores[0]).toBeCloseTo(Math.log(2 * Math.PI * 0.25), 14);
  });

  test("scores a row that no hill reaches by its distance to the nearest", async () => {
    const { model } = await fitForTest(kde, matrixFromRows([[0], [1]]));
    const score = scoresOf(model, matrixFromRows([[1001]]))[0];
    // The hill at 1 gives 1000^2 / 2, the one at 0 nothing beside it.
    expect(score).toBeCloseTo(500_000 + Math.log(2) + 0.5 * Math.log(2 * Math.PI), 6);
  });

  test("gives the largest number where squares overflow", async () => {
    const { model } = await fitForTest(kde, matrixFromRows([[0], [1]]));
    expect(scoresOf(model, matrixFromRows([[1e300]]))[0]).toBe(Number.MAX_VALUE);
  });

  test("gives the same bits on every kernel set and for every batch", async () => {
    const rows = randomRows(500, 7);
    const { trainingScores } = await fitForTest(kde, rows, {}, { kernels: kernelsByName("reference") });
    const fast = await fitForTest(kde, rows, {}, { kernels: kernelsByName("wasm-simd") });
    expect(fast.trainingScores).toEqual(trainingScores);
    expect(scoresOf(fast.model, rowRange(rows, 77, 78))[0]).toBe(trainingScores[77]);
    const restored = kde.restore(fast.model.toState(), kernelsByName("reference"));
    expect(scoresOf(restored, rows)).toEqual(trainingScores);
  });

  test("refuses a damaged state", () => {
    const points = Float64Array.of(1, 2, 3);
    const restore = (values: object, array = points) =>
      kde.restore({ values: values as never, arrays: { points: array } }, kernelsByName("reference"));
    expect(() => restore({ columnCount: 2, bandwidth: 1 })).toThrow(/rows of 2/);
    expect(() => restore({ columnCount: 1, bandwidth: 0 })).toThrow(/bandwidth/);
    expect(() => restore({ columnCount: 1, bandwidth: 1 }, Float64Array.of(Number.NaN))).toThrow(/finite/);
  });
});

/** The definition with Math.exp, relative to the nearest row. */
function directScore(train: Matrix, query: ArrayLike<number>, bandwidth: number): number {
  const { rowCount, columnCount: width, values } = train;
  const exponents = Array.from({ length: rowCount }, (_, row) => {
    let square = 0;
    for (let j = 0; j < width; j++) square += (query[j] - values[row * width + j]) ** 2;
    return -square / 2 / bandwidth ** 2;
  });
  const top = Math.max(...exponents);
  const sum = exponents.reduce((total, exponent) => total + Math.exp(exponent - top), 0);
  return Math.log(rowCount) + width * Math.log(bandwidth * Math.sqrt(2 * Math.PI)) - top - Math.log(sum);
}

describe.skipIf(sharedFolder === undefined)("kde beside PyOD", () => {
  const cases = parityCases().flatMap((set) => [1, 0.2].map((bandwidth) => ({ ...set, bandwidth })));

  test.each(cases)("agrees to 1e-9 on $name with bandwidth $bandwidth", async ({ train, fresh, detectors, bandwidth }) => {
    const expected = detectors[bandwidth === 1 ? "KDE_1" : "KDE_02"];
    const { model, trainingScores } = await fitForTest(kde, train, { bandwidth });
    const scores = scoresOf(model, fresh);
    expect(largestRelativeDifference(trainingScores, expected.decision_scores)).toBeLessThan(1e-9);
    // The last two rows lie far outside. There scikit-learn's tree loses digits (up to 10 % of the score) when it takes
    // bounds of whole nodes off a sum that is far smaller than they are, so the definition itself is the measure.
    expect(largestRelativeDifference(scores.subarray(0, 25), expected.decision_function_new.slice(0, 25))).toBeLessThan(1e-9);
    const direct = [25, 26].map((row) => directScore(train, rowRange(fresh, row, row + 1).values, bandwidth));
    expect(largestRelativeDifference(scores.subarray(25), direct)).toBeLessThan(1e-12);
  });
});
