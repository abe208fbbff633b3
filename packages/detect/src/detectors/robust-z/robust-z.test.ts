import { describe, expect, test } from "vitest";
import { fitForTest, largestRelativeDifference, scoresOf } from "../../../test-support/fit.ts";
import { kernelsByName } from "../../kernels/choose.ts";
import { matrixFromRows } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { robustZ } from "./index.ts";

const column = (values: readonly number[]) => matrixFromRows(values.map((value) => [value]));
const random = createRandom(2);
const table = matrixFromRows(Array.from({ length: 101 }, () => [random.normal(), random.integer(3), 7]));

describe("robust-z", () => {
  test("gives the modified z-scores of Iglewicz and Hoaglin that one works out by hand", async () => {
    // Sorted 2.1 2.1 2.3 2.3 2.4 2.5 2.6 2.6 8.2 8.3: median 2.45; deviations .05 .05 .15 .15 .15 .15 .35 .35 5.75 5.85: MAD .15.
    const { trainingScores } = await fitForTest(robustZ, column([2.1, 2.6, 2.4, 2.5, 2.3, 2.1, 2.3, 2.6, 8.2, 8.3]));
    const deviations = [0.35, 0.15, 0.05, 0.05, 0.15, 0.35, 0.15, 0.15, 5.75, 5.85];
    const expected = deviations.map((deviation) => (0.6745 * deviation) / 0.15);
    expect(largestRelativeDifference(trainingScores, expected)).toBeLessThan(1e-13);
  });

  test("takes the middle value and the middle deviation of an odd number of rows", async () => {
    // Median 4; deviations 0 1 2 3 96: MAD 2.
    const { trainingScores } = await fitForTest(robustZ, column([100, 4, 1, 5, 2]));
    const expected = [96, 0, 3, 1, 2].map((deviation) => (0.6745 * deviation) / 2);
    expect(largestRelativeDifference(trainingScores, expected)).toBeLessThan(1e-14);
  });

  test("falls back to the mean absolute deviation where more than half the column is one value", async () => {
    // Median 0, MAD 0, mean absolute deviation 10 / 5 = 2.
    const { trainingScores } = await fitForTest(robustZ, column([0, 0, 0, 0, 10]));
    expect(largestRelativeDifference(trainingScores, [0, 0, 0, 0, 10 / (1.2533 * 2)])).toBeLessThan(1e-14);
  });

  test("scores any other value of a constant column 100", async () => {
    const { model, trainingScores } = await fitForTest(robustZ, column([3, 3, 3]));
    expect([...trainingScores, ...scoresOf(model, column([3, 3.01]))]).toEqual([0, 0, 0, 0, 100]);
  });

  test.each(["max", "mean"])("gives contributions that sum to the score with %s", async (aggregate) => {
    const { model, trainingScores } = await fitForTest(robustZ, table, { aggregate });
    const contributions = new Float64Array(table.values.length);
    model.contributionsInto?.(table, contributions);
    const sums = Array.from(trainingScores, (_, row) => contributions.subarray(3 * row, 3 * row + 3).reduce((a, b) => a + b, 0));
    expect(largestRelativeDifference(sums, trainingScores)).toBeLessThan(1e-14);
  });

  test.each(["max", "mean"])("stays finite at the ends of float64 with %s", async (aggregate) => {
    const rows = matrixFromRows(
      [1.7e308, -1.7e308, 5e-324, 0, 1.7e308, -1.7e308].map((value, i) => [value, i * 5e-324, 1.79e308]),
    );
    const { model, trainingScores } = await fitForTest(robustZ, rows, { aggregate });
    const fresh = scoresOf(model, matrixFromRows([[-1.79e308, 1.79e308, -1.79e308]]));
    expect([...trainingScores, ...fresh].every(Number.isFinite)).toBe(true);
  });

  test("gives the same bits with every kernel set, rescored and restored", async () => {
    const { model, trainingScores } = await fitForTest(robustZ, table);
    const plain = await fitForTest(robustZ, table, {}, { kernels: kernelsByName("reference") });
    expect(plain.trainingScores).toStrictEqual(trainingScores);
    expect(scoresOf(robustZ.restore(model.toState(), kernelsByName("reference")), table)).toStrictEqual(trainingScores);
  });

  test("refuses a state with a negative scale", async () => {
    const { model } = await fitForTest(robustZ, table);
    const state = model.toState();
    const damaged = { ...state, arrays: { ...state.arrays, scales: Float64Array.of(1, -1, 1) } };
    expect(() => robustZ.restore(damaged, kernelsByName("reference"))).toThrowError(
      expect.objectContaining({ code: "MODEL_FILE" }),
    );
  });
});
