import { describe, expect, test } from "vitest";
import { fitForTest, largestRelativeDifference, scoresOf } from "../../../test-support/fit.ts";
import { peerOneRow } from "../../../test-support/peer-one-row.ts";
import { adbenchSet, minMaxScaled, parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import { rocAuc } from "../../evaluation/ranking.ts";
import { kernelsByName } from "../../kernels/choose.ts";
import { matrixFromRows } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { pyodSteps } from "./cells.ts";
import { drawProjections } from "./cuts.ts";
import { loda } from "./index.ts";
import { createLodaModel } from "./model.ts";

const reference = kernelsByName("reference");
const random = createRandom(17);
const table = matrixFromRows(
  Array.from({ length: 300 }, () => [random.normal(), random.normal(), random.uniform(), random.integer(3), 5]),
);
const corners = [
  {},
  { nBins: 2, nRandomCuts: 1 },
  { nBins: "auto", nRandomCuts: 7 },
  { compat: "pyod" },
  { compat: "pyod", nBins: "auto" },
];
const peer = peerOneRow();

describe("loda", () => {
  test("gives the scores one works out by hand in one column", async () => {
    // One cut is the column times a weight, whatever the weight: 0, 1, 2.5, 3 and 10 in five bins of width 2, counts 2 2 0 0 1.
    const rows = matrixFromRows([[0], [1], [2.5], [3], [10]]);
    const { model, trainingScores } = await fitForTest(loda, rows, { nBins: 5, nRandomCuts: 1 });
    const ln = (count: number) => -Math.log((count + 0.5) / 7.5);
    expect(largestRelativeDifference(trainingScores, [ln(2), ln(2), ln(2), ln(2), ln(1)])).toBeLessThan(1e-14);
    const fresh = scoresOf(model, matrixFromRows([[5], [-0.1], [10.1], [1e308]]));
    expect(largestRelativeDifference(fresh, [ln(0), ln(0), ln(0), ln(0)])).toBeLessThan(1e-14);
  });

  test("uses floor(sqrt(d)) columns in each cut, all different, and draws cut i from stream i", () => {
    const { width, columns, weights } = drawProjections(50, 17, createRandom(3));
    expect(width).toBe(4);
    for (let cut = 0; cut < 50; cut++) expect(new Set(columns.subarray(4 * cut, 4 * cut + 4)).size).toBe(4);
    const fewer = drawProjections(10, 17, createRandom(3));
    expect([...fewer.weights]).toEqual([...weights.subarray(0, 40)]);
  });

  test.each(corners)("gives the same bits with every kernel set, rescored, restored and alone, with %j", async (params) => {
    const { model, trainingScores } = await fitForTest(loda, table, params, { seed: 5 });
    const plain = await fitForTest(loda, table, params, { seed: 5, kernels: reference });
    expect(plain.trainingScores).toStrictEqual(trainingScores);
    expect(scoresOf(model, table)).toStrictEqual(trainingScores);
    expect(scoresOf(loda.restore(model.toState(), reference), table)).toStrictEqual(trainingScores);
    const alone = Array.from(
      trainingScores,
      (_, row) => scoresOf(model, matrixFromRows([[...table.values.subarray(5 * row, 5 * row + 5)]]))[0],
    );
    expect(alone).toEqual([...trainingScores]);
  });

  test.each(corners)("gives contributions that are shares of one, with %j", async (params) => {
    const { model } = await fitForTest(loda, table, params);
    const shares = new Float64Array(table.values.length);
    model.contributionsInto?.(table, shares);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
    for (let at = 0; at < shares.length; at += 5) {
      expect(shares.subarray(at, at + 5).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    }
  });

  test("gives the largest share to the one column that is out of the usual", async () => {
    const normal = matrixFromRows(Array.from({ length: 500 }, () => Array.from({ length: 9 }, () => random.normal())));
    const { model } = await fitForTest(loda, normal);
    const row = matrixFromRows([[0, 0, 0, 0, 0, 0, 30, 0, 0]]);
    const shares = new Float64Array(9);
    model.contributionsInto?.(row, shares);
    expect(shares.indexOf(Math.max(...shares))).toBe(6);
  });

  test.each(corners)("stays finite at the ends of float64 with %j", async (params) => {
    const rows = matrixFromRows(
      Array.from({ length: 20 }, (_, i) => [i % 2 === 0 ? 1.7e308 : -1.7e308, 1.7e308 - i, 5e-324 * i, i, 7]),
    );
    const { model, trainingScores } = await fitForTest(loda, rows, params);
    const fresh = scoresOf(model, matrixFromRows([[1.79e308, -1.79e308, 1e300, -1e300, 1.79e308]]));
    expect([...trainingScores, ...fresh].every(Number.isFinite)).toBe(true);
  });

  test("flags a new value in a column that was constant", async () => {
    const { model, trainingScores } = await fitForTest(loda, matrixFromRows([[1], [1], [1], [1]]));
    expect(scoresOf(model, matrixFromRows([[1.001]]))[0]).toBeGreaterThan(trainingScores[0]);
  });

  test("refuses a state whose cells would be read outside", async () => {
    const { model } = await fitForTest(loda, table);
    const state = model.toState();
    const damaged = { ...state, arrays: { ...state.arrays, mosts: new Int32Array(100).fill(11_000) } };
    expect(() => loda.restore(damaged, reference)).toThrowError(expect.objectContaining({ code: "MODEL_FILE" }));
  });

  // Projections and histograms are PyOD's own; ranges are of the training rows, so that a cut's smallest row is its range's end.
  test.each(["loda_10", "loda_auto"] as const)("compat reads PyOD's fitted histograms as PyOD does: %s", (key) => {
    const { projections, histograms, decision_scores, decision_function_new } = peer[key];
    const cuts = {
      count: projections.length,
      width: peer.train.columnCount,
      columns: Int32Array.from(projections.flatMap((weights) => weights.map((_, column) => column))),
      weights: Float64Array.from(projections.flat()),
    };
    const ranges = Float64Array.from({ length: 2 * cuts.count }, (_, i) => (i % 2 === 0 ? Infinity : -Infinity));
    reference.projectedRangesInto(peer.train, cuts, ranges);
    const steps = pyodSteps(
      cuts,
      ranges,
      histograms.map((histogram) => Float64Array.from(histogram)),
    );
    const model = createLodaModel(steps, peer.train.columnCount, reference);
    expect(largestRelativeDifference(scoresOf(model, peer.train), decision_scores)).toBeLessThan(1e-9);
    expect(largestRelativeDifference(scoresOf(model, peer.fresh), decision_function_new)).toBeLessThan(1e-9);
  });
});

describe.skipIf(sharedFolder === undefined).each(parityCases())(
  "loda against PyOD on $name",
  ({ train, fresh, randomDetectors }) => {
    test("compat: the mean over 20 seeds agrees within the sampling error", async () => {
      const peerScores = randomDetectors["LODA"] as Readonly<Record<string, readonly number[]>>;
      const trainMean = new Float64Array(train.rowCount);
      const freshMean = new Float64Array(fresh.rowCount);
      for (let seed = 0; seed < 20; seed++) {
        const { model, trainingScores } = await fitForTest(loda, train, { compat: "pyod" }, { seed });
        for (const [row, score] of trainingScores.entries()) trainMean[row] += score / 20;
        for (const [row, score] of scoresOf(model, fresh).entries()) freshMean[row] += score / 20;
      }
      // Two means of 20: each row's difference has the standard error std sqrt(2 / 20). The rows share their cuts and the
      // scores have heavy tails, so the root mean square of the standardised differences may well be 1.5, but not 2.
      expect(standardisedDifference(trainMean, peerScores["train_mean"], peerScores["train_std"])).toBeLessThan(2);
      expect(standardisedDifference(freshMean, peerScores["new_mean"], peerScores["new_std"])).toBeLessThan(2);
    });
  },
);

describe.skipIf(sharedFolder === undefined)("loda on labelled sets", () => {
  // PyOD's mean ROC-AUC over seeds 0 to 4, from the reference table.
  test.each([
    ["14_glass", 0.718],
    ["21_Lymphography", 0.8063],
    ["38_thyroid", 0.7287],
  ])("finds more than PyOD on %s, whose ROC-AUC is %d", async (name, peerRocAuc) => {
    const { rows, labels } = adbenchSet(name);
    const { trainingScores } = await fitForTest(loda, minMaxScaled(rows));
    expect(rocAuc(labels, trainingScores)).toBeGreaterThan(peerRocAuc + 0.05);
  });
});

function standardisedDifference(means: Float64Array, peerMeans: readonly number[], deviations: readonly number[]): number {
  const sum = means.reduce((total, mean, row) => total + ((mean - peerMeans[row]) / deviations[row]) ** 2, 0);
  return Math.sqrt(sum / means.length / (2 / 20));
}
