import { describe, expect, test } from "vitest";
import { kernelsByName } from "../../kernels/choose.ts";
import type { Matrix } from "../../matrix.ts";
import { matrixFromRows, rowRange } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { fitForTest, largestRelativeDifference, scoresOf } from "../../../test-support/fit.ts";
import type { ParityScores } from "../../../test-support/shared-data.ts";
import { parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import { pca } from "./index.ts";

/** Rows near the line y = 2 x, and a free third column. */
function lineRows(rowCount: number): Matrix {
  const random = createRandom(3);
  const values = new Float64Array(rowCount * 3);
  for (let row = 0; row < rowCount; row++) {
    const x = random.normal();
    values.set([x, 2 * x + 0.1 * random.normal(), random.normal()], row * 3);
  }
  return { rowCount, columnCount: 3, values };
}

function sums(contributions: Float64Array, width: number): Float64Array {
  const result = new Float64Array(contributions.length / width);
  for (const [at, value] of contributions.entries()) result[Math.floor(at / width)] += value;
  return result;
}

describe("pca", () => {
  test("divides squared projections by the standard deviations of the components", async () => {
    // Two independent columns of variance 4/3 and 1/3 (n - 1): the components are the columns.
    const rows = matrixFromRows([
      [1, 0.5],
      [1, -0.5],
      [-1, 0.5],
      [-1, -0.5],
    ]);
    const { model } = await fitForTest(pca, rows, { standardization: false });
    const expected = 3 ** 2 / Math.sqrt(4 / 3) + 1 / Math.sqrt(1 / 3);
    expect(scoresOf(model, matrixFromRows([[3, 1]]))[0]).toBeCloseTo(expected, 12);
    const plain = await fitForTest(pca, rows, { standardization: false, weighted: false });
    expect(scoresOf(plain.model, matrixFromRows([[3, 1]]))[0]).toBeCloseTo(10, 12);
    const narrow = await fitForTest(pca, rows, { standardization: false, nSelectedComponents: 1 });
    expect(scoresOf(narrow.model, matrixFromRows([[3, 1]]))[0]).toBeCloseTo(1 / Math.sqrt(1 / 3), 12);
  });

  test("finds a row of usual values that breaks the relation of its columns", async () => {
    const { model, trainingScores } = await fitForTest(pca, lineRows(300));
    const broken = scoresOf(model, matrixFromRows([[1, -2, 0]]))[0];
    expect(broken).toBeGreaterThan(2 * Math.max(...trainingScores));
    const reference = await fitForTest(pca, lineRows(300), { compat: "pyod" });
    expect(scoresOf(reference.model, matrixFromRows([[1, -2, 0]]))[0]).toBeLessThan(Math.max(...reference.trainingScores));
  });

  test("scores a row off the plane that holds every training row far above them", async () => {
    const rows = lineRows(50);
    for (let at = 0; at < rows.values.length; at += 3) rows.values[at + 2] = rows.values[at] + rows.values[at + 1];
    const { model, trainingScores } = await fitForTest(pca, rows);
    const off = scoresOf(model, matrixFromRows([[0.1, 0.2, 1]]))[0];
    expect(off).toBeGreaterThan(100 * Math.max(...trainingScores));
  });

  test.each(["none", "pyod"])("explains every score by its columns with compat %s", async (compat) => {
    const rows = lineRows(60);
    const { model, trainingScores } = await fitForTest(pca, rows, { compat });
    const contributions = new Float64Array(rows.values.length);
    model.contributionsInto?.(rows, contributions);
    expect(largestRelativeDifference(sums(contributions, 3), trainingScores)).toBeLessThan(1e-9);
  });

  test.each(["none", "pyod"])("keeps its bits over kernels, batches and restoring with compat %s", async (compat) => {
    const rows = lineRows(700);
    const plain = await fitForTest(pca, rows, { compat }, { kernels: kernelsByName("reference") });
    const fast = await fitForTest(pca, rows, { compat }, { kernels: kernelsByName("wasm-simd") });
    expect(fast.trainingScores).toEqual(plain.trainingScores);
    expect(scoresOf(fast.model, rowRange(rows, 5, 6))[0]).toBe(plain.trainingScores[5]);
    expect(scoresOf(pca.restore(fast.model.toState(), kernelsByName("reference")), rows)).toEqual(plain.trainingScores);
  });

  test.each(["none", "pyod"])(
    "gives finite scores on constant columns, duplicates and two rows with compat %s",
    async (compat) => {
      for (const rows of [
        [
          [1, 1],
          [1, 1],
          [1, 1],
        ],
        [
          [1, 2],
          [3, 2],
        ],
        [
          [1e-300, 5],
          [2e-300, 5],
          [3e-300, 6],
        ],
        [
          [1e140, 1],
          [-1e140, 2],
          [0, 3],
        ],
      ]) {
        const { model, trainingScores } = await fitForTest(pca, matrixFromRows(rows), { compat });
        expect([...trainingScores].every(Number.isFinite)).toBe(true);
        expect(Number.isFinite(scoresOf(model, matrixFromRows([[1e300, -1e300]]))[0])).toBe(true);
      }
    },
  );

  test("refuses more components than there are", async () => {
    await expect(fitForTest(pca, lineRows(20), { nComponents: 4 })).rejects.toThrow(/from 1 to 3/);
    await expect(fitForTest(pca, lineRows(20), { nComponents: 1.5 })).rejects.toThrow(/whole number/);
    await expect(fitForTest(pca, lineRows(20), { nComponents: 2, nSelectedComponents: 3 })).rejects.toThrow(/from 1 to 2/);
    await expect(fitForTest(pca, lineRows(2), { nComponents: 3 })).rejects.toThrow(/from 1 to 2/);
  });

  test("keeps as many components as explain the share of variance asked for", async () => {
    // x and y are one direction (two thirds of the variance), z another.
    const { model } = await fitForTest(pca, lineRows(300), { nComponents: 0.6 });
    expect(model.toState().arrays["factor"].length).toBe(3);
    const two = await fitForTest(pca, lineRows(300), { nComponents: 0.9 });
    expect(two.model.toState().arrays["factor"].length).toBe(6);
  });

  test("refuses a damaged state", async () => {
    const state = (await fitForTest(pca, lineRows(20))).model.toState();
    const restore = (arrays: Record<string, Float64Array>) =>
      pca.restore({ values: state.values, arrays: { ...state.arrays, ...arrays } }, kernelsByName("reference"));
    expect(() => restore({ factor: Float64Array.of(1, 2) })).toThrow(/rows of 3/);
    expect(() => restore({ center: Float64Array.of(1, Number.NaN, 2) })).toThrow(/finite/);
    expect(() => restore({ factor: new Float64Array(12) })).toThrow(/at most 3 rows/);
    expect(() => restore({ center: new Float64Array(10_001), factor: new Float64Array(10_001) })).toThrow(/10000/);
    expect(() => pca.restore({ values: { kind: "x" }, arrays: {} }, kernelsByName("reference"))).toThrow(/kind/);
  });
});

describe.skipIf(sharedFolder === undefined)("pca beside PyOD", () => {
  const names = ["PCA_default", "PCA_unweighted", "PCA_no_standardization", "PCA_selected_3", "PCA_components_3"];
  const cases = parityCases().flatMap((set) => names.map((name) => ({ ...set, expected: set.detectors[name], variant: name })));

  function paramsOf({ params }: ParityScores): Record<string, unknown> {
    const { random_state: _seed, svd_solver: _solver, ...others } = params;
    return { ...others, compat: "pyod" };
  }

  test.each(cases)("agrees to 1e-9 on $name, $variant", async ({ train, fresh, expected }) => {
    const { model, trainingScores } = await fitForTest(pca, train, paramsOf(expected));
    expect(largestRelativeDifference(trainingScores, expected.decision_scores)).toBeLessThan(1e-9);
    expect(largestRelativeDifference(scoresOf(model, fresh), expected.decision_function_new)).toBeLessThan(1e-9);
  });

  test.each(cases)("finds the components and signs of $name, $variant", async ({ train, expected }) => {
    const { model } = await fitForTest(pca, train, paramsOf(expected));
    const all = expected.fit?.["components"] as number[][];
    const components = all.slice(-Number(expected.params["n_selected_components"] ?? 0));
    const points = model.toState().arrays["points"];
    const difference = components.flat().map((value, at) => Math.abs(value - points[at]));
    expect(Math.max(...difference)).toBeLessThan(1e-9);
  });
});
