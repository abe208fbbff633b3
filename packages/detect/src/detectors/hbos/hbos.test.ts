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
const corners = [
  {},
  { nBins: 2 },
  { nBins: "auto" },
  { binning: "dynamic" },
  { binning: "dynamic", nBins: "auto" },
  { compat: "pyod" },
  { compat: "pyod", nBins: "auto" },
];
const log2 = Math.log2;

describe("hbos", () => {
  test("gives the scores one works out by hand", async () => {
    // 0, 1, 2, 2 and 4 in two bins of width 2: two rows below 2, three from 2 on.
    const rows = matrixFromRows([[0], [1], [2], [2], [4]]);
    const { model, trainingScores } = await fitForTest(hbos, rows, { nBins: 2 });
    const low = -log2(2 / 5 / 2 + 0.1);
    const high = -log2(3 / 5 / 2 + 0.1);
    expect(largestRelativeDifference(trainingScores, [low, low, high, high, high])).toBeLessThan(1e-14);
    // PyOD counts the 2s, on the edge, in the bin above and looks them up in the bin below.
    const compatible = await fitForTest(hbos, rows, { nBins: 2, compat: "pyod" });
    expect(largestRelativeDifference(compatible.trainingScores, [low, low, low, low, high])).toBeLessThan(1e-14);
    // Half a bin beyond counts to the bin; farther out the rarest bin counts, on either side.
    const fresh = scoresOf(model, matrixFromRows([[-1], [-1.01], [5], [5.01], [1e308]]));
    expect(largestRelativeDifference(fresh, [low, low, high, low, low])).toBeLessThan(1e-14);
  });

  test("gives the rating that nearly all give the lowest score, and the ratings beside it that of rare ones", async () => {
    // 90 fives of 100 ratings from 0 to 10, scaled to 0 to 1: ten bins of a tenth, in the last 9 and 10 together.
    const ratings = [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, ...Array.from({ length: 90 }, () => 5)];
    const { trainingScores } = await fitForTest(hbos, matrixFromRows(ratings.map((rating) => [rating / 10])), {});
    const alone = -log2(0.01 / 0.1 + 0.1);
    const pair = -log2(0.02 / 0.1 + 0.1);
    const usual = -log2(0.9 / 0.1 + 0.1);
    const expected = ratings.map((rating) => (rating === 5 ? usual : rating < 9 ? alone : pair));
    expect(largestRelativeDifference(trainingScores, expected)).toBeLessThan(1e-14);
  });

  test("counts bins by the penalty of the paper, and by PyOD's with compat", async () => {
    // Five values 40 times each: 14 bins have the largest penalised likelihood (numpy.histogram); PyOD 3.6.5 takes 2.
    const rows = matrixFromRows(Array.from({ length: 200 }, (_, i) => [i % 5]));
    const binCounts = ["none", "pyod"].map(async (compat) => {
      const { model } = await fitForTest(hbos, rows, { nBins: "auto", compat });
      return model.toState().arrays["cells"].length;
    });
    expect(await Promise.all(binCounts)).toEqual([14, 2]);
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
    const { model, trainingScores } = await fitForTest(hbos, train, { ...reference.params, compat: "pyod" });
    expect(largestRelativeDifference(trainingScores, reference.decision_scores)).toBeLessThan(1e-12);
    expect(largestRelativeDifference(scoresOf(model, fresh), reference.decision_function_new)).toBeLessThan(1e-12);
  });
});
