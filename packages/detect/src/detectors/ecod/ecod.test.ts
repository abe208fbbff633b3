import { describe, expect, test } from "vitest";
import { fitForTest, largestRelativeDifference, scoresOf } from "../../../test-support/fit.ts";
import { peerOneRow } from "../../../test-support/peer-one-row.ts";
import { parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import { kernelsByName } from "../../kernels/choose.ts";
import { matrixFromRows } from "../../matrix.ts";
import { ecod } from "./index.ts";

const peer = peerOneRow();

describe("ecod", () => {
  test("gives the scores one works out by hand on five rows", async () => {
    // One column 1, 2, 2, 4, 9, skewed right. Rows not above: 1, 3, 3, 4, 5; not below: 5, 4, 4, 2, 1; of 5.
    // The smaller share of each: 1/5, 3/5, 3/5, 2/5, 1/5.
    const { model, trainingScores } = await fitForTest(ecod, matrixFromRows([[1], [2], [2], [4], [9]]));
    const expected = [5, 5 / 3, 5 / 3, 5 / 2, 5].map(Math.log);
    expect(largestRelativeDifference(trainingScores, expected)).toBeLessThan(1e-15);
    // A new row is the sixth of six: 100 has nobody but itself not below it, 3 has two others.
    const fresh = scoresOf(model, matrixFromRows([[100], [3]]));
    expect(largestRelativeDifference(fresh, [Math.log(6), Math.log(2)])).toBeLessThan(1e-15);
  });

  test("scores a new row as PyOD does when it scores that row alone", async () => {
    const { model } = await fitForTest(ecod, peer.train);
    expect(largestRelativeDifference(scoresOf(model, peer.fresh), peer.ecod)).toBeLessThan(1e-12);
  });

  test("gives a row beyond every training row a finite score, above all of them", async () => {
    const { model, trainingScores } = await fitForTest(ecod, peer.train);
    const far = scoresOf(model, matrixFromRows([[1.7e308, -1.7e308, 1e300, -1e300, 5]]));
    expect(Number.isFinite(far[0])).toBe(true);
    expect(far[0]).toBeGreaterThan(Math.max(...trainingScores));
  });

  test("stays finite on values at the ends of float64", async () => {
    const rows = matrixFromRows([[1.7e308], [-1.7e308], [5e-324], [0], [1], [1.7e308]]);
    const { model, trainingScores } = await fitForTest(ecod, rows);
    expect([...trainingScores, ...scoresOf(model, rows)].every(Number.isFinite)).toBe(true);
  });

  test("gives contributions that sum to the score", async () => {
    const { model } = await fitForTest(ecod, peer.train);
    const contributions = new Float64Array(peer.fresh.values.length).fill(7);
    model.contributionsInto?.(peer.fresh, contributions);
    const sums = Array.from({ length: peer.fresh.rowCount }, (_, row) =>
      contributions.subarray(row * 5, row * 5 + 5).reduce((sum, value) => sum + value, 0),
    );
    expect(sums).toEqual([...scoresOf(model, peer.fresh)]);
  });

  test("scores a row to the same bits alone and in a batch large enough for buckets", async () => {
    const { model } = await fitForTest(ecod, peer.train);
    const together = scoresOf(model, {
      rowCount: 400,
      columnCount: 5,
      values: Float64Array.from({ length: 2000 }, (_, i) => peer.fresh.values[i % 40] + Math.floor(i / 40)),
    });
    const alone = Array.from(together, (_, row) => {
      const values = Array.from({ length: 5 }, (__, column) => {
        const i = row * 5 + column;
        return peer.fresh.values[i % 40] + Math.floor(i / 40);
      });
      return scoresOf(model, matrixFromRows([values]))[0];
    });
    expect([...together]).toEqual(alone);
  });

  test("gives the same bits with the reference kernels and when restored", async () => {
    const plain = await fitForTest(ecod, peer.train, {}, { kernels: kernelsByName("reference") });
    const fast = await fitForTest(ecod, peer.train);
    expect(plain.trainingScores).toStrictEqual(fast.trainingScores);
    const restored = ecod.restore(fast.model.toState(), kernelsByName("reference"));
    expect(scoresOf(restored, peer.fresh)).toStrictEqual(scoresOf(plain.model, peer.fresh));
  });

  test("refuses a state whose columns are not sorted", async () => {
    const { model } = await fitForTest(ecod, peer.train);
    const state = model.toState();
    const damaged = { ...state, arrays: { ...state.arrays, sorted: peer.train.values } };
    expect(() => ecod.restore(damaged, kernelsByName("reference"))).toThrowError(expect.objectContaining({ code: "MODEL_FILE" }));
  });
});

describe.skipIf(sharedFolder === undefined).each(parityCases())("ecod against PyOD on $name", ({ train, fresh, detectors }) => {
  test("training scores agree to 1e-12", async () => {
    const { trainingScores } = await fitForTest(ecod, train);
    expect(largestRelativeDifference(trainingScores, detectors["ECOD"].decision_scores)).toBeLessThan(1e-12);
  });

  test("scores of new rows agree to 1e-12 with the new rows among the training rows, as PyOD scores them", async () => {
    const stacked = {
      rowCount: train.rowCount + fresh.rowCount,
      columnCount: train.columnCount,
      values: Float64Array.of(...train.values, ...fresh.values),
    };
    const { trainingScores } = await fitForTest(ecod, stacked);
    const scores = trainingScores.subarray(train.rowCount);
    expect(largestRelativeDifference(scores, detectors["ECOD"].decision_function_new)).toBeLessThan(1e-12);
  });
});
