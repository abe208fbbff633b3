import { describe, expect, test } from "vitest";
import { fitForTest, largestRelativeDifference, scoresOf } from "../../../test-support/fit.ts";
import { parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import type { Matrix } from "../../matrix.ts";
import { matrix, matrixFromRows } from "../../matrix.ts";
import { chooseKernels } from "../../kernels/choose.ts";
import { createRandom } from "../../random.ts";
import { knn } from "./index.ts";

const line = matrixFromRows([[0], [1], [3], [6], [10]]);

function normalRows(rowCount: number, columnCount: number): Matrix {
  const random = createRandom(7);
  return matrix(
    Float64Array.from({ length: rowCount * columnCount }, () => random.normal()),
    columnCount,
  );
}

describe("knn", () => {
  test("training scores are distances to the k-th nearest other row", async () => {
    // By hand: distances of 0 are 1, 3, 6, 10; of 1: 1, 2, 5, 9; of 3: 2, 3, 3, 7; of 6: 3, 4, 5, 6; of 10: 4, 7, 9, 10.
    const { trainingScores } = await fitForTest(knn, line, { nNeighbors: 2 });
    expect([...trainingScores]).toEqual([3, 2, 3, 4, 7]);
  });

  test("mean and median combine the k distances", async () => {
    const mean = await fitForTest(knn, line, { nNeighbors: 3, method: "mean" });
    expect([...mean.trainingScores]).toEqual([10 / 3, 8 / 3, 8 / 3, 4, 20 / 3]);
    const median = await fitForTest(knn, line, { nNeighbors: 4, method: "median" });
    expect([...median.trainingScores]).toEqual([4.5, 3.5, 3, 4.5, 8]);
  });

  test("a new row is compared with every training row", async () => {
    const { model } = await fitForTest(knn, line, { nNeighbors: 2 });
    expect([...scoresOf(model, matrixFromRows([[3], [12]]))]).toEqual([2, 6]);
  });

  test("copies of a row count once, and as often as they occur with compat pyod", async () => {
    const rows = matrixFromRows([[0], [0], [0], [0], [5], [6]]);
    const corrected = await fitForTest(knn, rows, { nNeighbors: 2 });
    expect([...corrected.trainingScores]).toEqual([6, 6, 6, 6, 5, 6]);
    const faithful = await fitForTest(knn, rows, { nNeighbors: 2, compat: "pyod" });
    expect([...faithful.trainingScores]).toEqual([0, 0, 0, 0, 5, 6]);
  });

  test("k is cut to the number of other distinct rows", async () => {
    const { trainingScores, model } = await fitForTest(knn, matrixFromRows([[0], [2], [2]]), { nNeighbors: 50 });
    expect([...trainingScores]).toEqual([2, 2, 2]);
    expect([...scoresOf(model, matrixFromRows([[5]]))]).toEqual([3]);
  });

  test("rows that are all equal score 0, and others by their distance", async () => {
    const { trainingScores, model } = await fitForTest(knn, matrixFromRows([[1], [1], [1]]));
    expect([...trainingScores]).toEqual([0, 0, 0]);
    expect([...scoresOf(model, matrixFromRows([[1], [4]]))]).toEqual([0, 3]);
  });

  test("values whose squares overflow have finite scores", async () => {
    const { trainingScores, model } = await fitForTest(knn, matrixFromRows([[0], [1e300], [-1e308]]), { nNeighbors: 1 });
    expect([...trainingScores]).toEqual([1e300, 1e300, 1e308]);
    expect([...scoresOf(model, matrixFromRows([[1.7e308], [-1.7e308]]))]).toEqual([1.7e308 - 1e300, 1.7e308 - 1e308]);
    const usual = await fitForTest(knn, line, { nNeighbors: 1 });
    expect([...scoresOf(usual.model, matrixFromRows([[4], [1e300]]))]).toEqual([1, 1e300]);
  });

  test("a row's score does not depend on the rows beside it", async () => {
    const rows = normalRows(300, 5);
    const { model } = await fitForTest(knn, rows);
    const together = scoresOf(model, rows);
    for (const row of [0, 17, 299]) {
      const alone = scoresOf(model, matrix(rows.values.slice(row * 5, row * 5 + 5), 5));
      expect(alone[0]).toBe(together[row]);
    }
  });

  test("a restored model gives the same bits", async () => {
    const rows = normalRows(200, 4);
    const { model } = await fitForTest(knn, rows, { method: "mean", metric: "manhattan" });
    const restored = knn.restore(model.toState(), chooseKernels());
    expect(scoresOf(restored, rows)).toEqual(scoresOf(model, rows));
  });

  test("a power of minkowski other than 1 and 2 gives the distances of its definition", async () => {
    const { model } = await fitForTest(
      knn,
      matrixFromRows([
        [0, 0],
        [9, 9],
      ]),
      { p: 3, nNeighbors: 1 },
    );
    // (3^3 + 4^3 + 5^3 = 6^3, so with two columns (27 + 64)^(1/3).)
    expect(scoresOf(model, matrixFromRows([[3, 4]]))[0]).toBeCloseTo(91 ** (1 / 3), 12);
  });

  describe.skipIf(sharedFolder === undefined)("parity with PyOD 3.6.5", () => {
    for (const { name, train, fresh, detectors } of parityCases()) {
      for (const [id, reference] of Object.entries(detectors).filter(([, entry]) => entry.class === "KNN")) {
        test(`${name} ${id}: training and new scores agree to 1e-9`, async () => {
          const { model, trainingScores } = await fitForTest(knn, train, { ...reference.params, compat: "pyod" });
          expect(largestRelativeDifference(trainingScores, reference.decision_scores)).toBeLessThan(1e-9);
          const fields = [
            [fresh, reference.decision_function_new],
            [train, reference.decision_function_train],
          ] as const;
          for (const [rows, expected] of fields) {
            const scores = scoresOf(model, rows);
            // From 16 columns on scikit-learn finds a row 1e-8 to 1e-7 away from itself, where the distance is 0; the mean of 5
            // then carries a fifth of that. Everything else agrees to 1e-9.
            const absolute = train.columnCount > 15 ? 2e-7 : 0;
            for (const [row, score] of scores.entries()) {
              expect(Math.abs(score - expected[row])).toBeLessThanOrEqual(1e-9 * expected[row] + absolute);
            }
          }
        });
      }
    }
  });
});
