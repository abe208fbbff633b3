import { describe, expect, test } from "vitest";
import { fitForTest, largestRelativeDifference, scoresOf } from "../../../test-support/fit.ts";
import { parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import { kernelsByName } from "../../kernels/choose.ts";
import { matrixFromRows } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { hbos } from "./index.ts";

const random = createRandom(11);
const table = matrixFromRows(
  Array.from({ length: 400 }, () => [random.normal(), Math.exp(2 * random.normal()), random.integer(3), 5]),
);
const corners = [{}, { nBins: 2 }, { nBins: "auto" }, { binning: "dynamic" }, { binning: "dynamic", nBins: "auto" }];
const log2 = Math.log2;

describe("hbos", () => {
  test("gives the scores one works out by hand", async () => {
    // 0, 1, 2, 2 and 4 in two bins of width 2: two rows below 2, three from 2 on; the 2s, on the edge, are looked up below.
    const { model, trainingScores } = await fitForTest(hbos, matrixFromRows([[0], [1], [2], [2], [4]]), { nBins: 2 });
    const low = -log2(2 / 5 / 2 + 0.1);
    const high = -log2(3 / 5 / 2 + 0.1);
    expect(largestRelativeDifference(trainingScores, [low, low, low, low, high])).toBeLessThan(1e-14);
    // Half a bin beyond counts to the bin; farther out the rarest bin counts, on either side.
    const fresh = scoresOf(model, matrixFromRows([[-1], [-1.01], [5], [5.01], [1e308]]));
    expect(largestRelativeDifference(fresh, [low, low, high, low, low])).toBeLessThan(1e-14);
  });

  test("gives dynamic bins the density that one works out by hand", async () => {
    // Five to a bin: the eight 0s go together, up to halfway to 1; the rest from there to 2.
    const rows = matrixFromRows([0, 0, 0, 0, 0, 0, 0, 0, 1, 2].map((value) => [value]));
    const { trainingScores } = await fitForTest(hbos, rows, { nBins: 2, binning: "dynamic" });
    const usual = -log2(0.8 / 0.5 + 0.1);
    const rare = -log2(0.2 / 1.5 + 0.1);
    const expected = [...Array.from({ length: 8 }, () => usual), rare, rare];
    expect(largestRelativeDifference(trainingScores, expected)).toBeLessThan(1e-14);
  });

  test.each(corners)("gives contributions that sum to the score with %j", async (params) => {
    const { model, trainingScores } = await fitForTest(hbos, table, params);
    const contributions = new Float64Array(table.values.length);
    model.contributionsInto?.(table, contributions);
    const sums = Array.from(trainingScores, (_, row) => contributions.subarray(4 * row, 4 * row + 4).reduce((a, b) => a + b, 0));
    expect(sums).toEqual([...trainingScores]);
  });

  test.each(corners)("gives the same bits with every kernel set, rescored and restored, with %j", async (params) => {
    const { model, trainingScores } = await fitForTest(hbos, table, params);
    const plain = await fitForTest(hbos, table, params, { kernels: kernelsByName("reference") });
    expect(plain.trainingScores).toStrictEqual(trainingScores);
    expect(scoresOf(model, table)).toStrictEqual(trainingScores);
    expect(scoresOf(hbos.restore(model.toState(), kernelsByName("reference")), table)).toStrictEqual(trainingScores);
  });

  test.each(corners)("stays finite at the ends of float64 with %j", async (params) => {
    const rows = matrixFromRows(
      [1.7e308, -1.7e308, 5e-324, 0, 1, 1, 1, 1, 1, 1.7e308].map((value, i) => [value, 1e300, i * 5e-324]),
    );
    const { model, trainingScores } = await fitForTest(hbos, rows, params);
    const fresh = scoresOf(model, matrixFromRows([[-1.79e308, 1.79e308, 1.79e308]]));
    expect([...trainingScores, ...fresh].every(Number.isFinite)).toBe(true);
  });

  test.each([
    ["edges that fall", { edges: Float64Array.of(0, 2, 1) }],
    ["bins that do not fit the edges", { firstBins: Int32Array.of(0, 3) }],
    ["cells that are not finite", { cells: Float64Array.of(1, Number.NaN) }],
  ])("refuses a state with %s", async (_name, arrays) => {
    const { model } = await fitForTest(hbos, matrixFromRows([[0], [1], [2]]), { nBins: 2 });
    const state = model.toState();
    const damaged = { ...state, arrays: { ...state.arrays, ...arrays } };
    expect(() => hbos.restore(damaged, kernelsByName("reference"))).toThrowError(expect.objectContaining({ code: "MODEL_FILE" }));
  });
});

const settings = ["HBOS_10", "HBOS_5", "HBOS_20_alpha05_tol01", "HBOS_auto"];

describe.skipIf(sharedFolder === undefined).each(parityCases())("hbos against PyOD on $name", ({ train, fresh, detectors }) => {
  test.each(settings)("%s: scores of training and of new rows agree to 1e-12", async (id) => {
    const reference = detectors[id];
    const { model, trainingScores } = await fitForTest(hbos, train, reference.params);
    expect(largestRelativeDifference(trainingScores, reference.decision_scores)).toBeLessThan(1e-12);
    expect(largestRelativeDifference(scoresOf(model, fresh), reference.decision_function_new)).toBeLessThan(1e-12);
  });
});
