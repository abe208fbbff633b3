import { describe, expect, test } from "vitest";
import { fitForTest, largestRelativeDifference, scoresOf } from "../../../test-support/fit.ts";
import { peerOneRow } from "../../../test-support/peer-one-row.ts";
import { parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import { kernelsByName } from "../../kernels/choose.ts";
import { matrixFromRows } from "../../matrix.ts";
import { copod } from "./index.ts";

const peer = peerOneRow();

describe("copod", () => {
  test("gives the scores one works out by hand on five rows", async () => {
    // One column 1, 2, 2, 4, 9, skewed right. Rows not above: 1, 3, 3, 4, 5; not below: 5, 4, 4, 2, 1; of 5.
    // The right tail -ln(not below / 5), or the mean of both tails where that is larger: for 1 and for 2.
    const { trainingScores } = await fitForTest(copod, matrixFromRows([[1], [2], [2], [4], [9]]));
    const ln = Math.log;
    const expected = [ln(5) / 2, (ln(5 / 3) + ln(5 / 4)) / 2, (ln(5 / 3) + ln(5 / 4)) / 2, ln(5 / 2), ln(5)];
    expect(largestRelativeDifference(trainingScores, expected)).toBeLessThan(1e-15);
  });

  test("scores a new row as PyOD does when it scores that row alone", async () => {
    const { model } = await fitForTest(copod, peer.train);
    expect(largestRelativeDifference(scoresOf(model, peer.fresh), peer.copod)).toBeLessThan(1e-12);
  });

  test("gives a row beyond every training row a finite score, above all of them", async () => {
    const { model, trainingScores } = await fitForTest(copod, peer.train);
    const far = scoresOf(model, matrixFromRows([[1.7e308, -1.7e308, 1e300, -1e300, 5]]));
    expect(Number.isFinite(far[0])).toBe(true);
    expect(far[0]).toBeGreaterThan(Math.max(...trainingScores));
  });

  test("stays finite on values at the ends of float64", async () => {
    const rows = matrixFromRows([[1.7e308], [-1.7e308], [5e-324], [0], [1], [1.7e308]]);
    const { model, trainingScores } = await fitForTest(copod, rows);
    expect([...trainingScores, ...scoresOf(model, rows)].every(Number.isFinite)).toBe(true);
  });

  test("gives contributions that sum to the score", async () => {
    const { model } = await fitForTest(copod, peer.train);
    const contributions = new Float64Array(peer.fresh.values.length).fill(7);
    model.contributionsInto?.(peer.fresh, contributions);
    const sums = Array.from({ length: peer.fresh.rowCount }, (_, row) =>
      contributions.subarray(row * 5, row * 5 + 5).reduce((sum, value) => sum + value, 0),
    );
    expect(sums).toEqual([...scoresOf(model, peer.fresh)]);
  });

  test("scores a row to the same bits alone and in a batch large enough for buckets", async () => {
    const { model } = await fitForTest(copod, peer.train);
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
    const plain = await fitForTest(copod, peer.train, {}, { kernels: kernelsByName("reference") });
    const fast = await fitForTest(copod, peer.train);
    expect(plain.trainingScores).toStrictEqual(fast.trainingScores);
    const restored = copod.restore(fast.model.toState(), kernelsByName("reference"));
    expect(scoresOf(restored, peer.fresh)).toStrictEqual(scoresOf(plain.model, peer.fresh));
  });

  test("refuses a state whose columns are not sorted", async () => {
    const { model } = await fitForTest(copod, peer.train);
    const state = model.toState();
    const damaged = { ...state, arrays: { ...state.arrays, sorted: peer.train.values } };
    expect(() => copod.restore(damaged, kernelsByName("reference"))).toThrowError(
      expect.objectContaining({ code: "MODEL_FILE" }),
    );
  });
});

describe.skipIf(sharedFolder === undefined).each(parityCases())("copod against PyOD on $name", ({ train, fresh, detectors }) => {
  test("training scores agree to 1e-12", async () => {
    const { trainingScores } = await fitForTest(copod, train);
    expect(largestRelativeDifference(trainingScores, detectors["COPOD"].decision_scores)).toBeLessThan(1e-12);
  });

  test("scores of new rows agree to 1e-12 with the new rows among the training rows, as PyOD scores them", async () => {
    const stacked = {
      rowCount: train.rowCount + fresh.rowCount,
      columnCount: train.columnCount,
      values: Float64Array.of(...train.values, ...fresh.values),
    };
    const { trainingScores } = await fitForTest(copod, stacked);
    const scores = trainingScores.subarray(train.rowCount);
    expect(largestRelativeDifference(scores, detectors["COPOD"].decision_function_new)).toBeLessThan(1e-12);
  });
});
