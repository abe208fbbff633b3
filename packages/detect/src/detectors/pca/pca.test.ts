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

describe("pca of a table with fewer rows than columns", () => {
  /** 12 rows of 40 columns without a pattern, from whole numbers alone. */
  const wide: Matrix = {
    rowCount: 12,
    columnCount: 40,
    values: Float64Array.from({ length: 480 }, (_, at) => {
      const [i, j] = [Math.floor(at / 40), at % 40];
      return ((i * i * 37 + j * j * 101 + i * j * 53 + 7 * i) % 257) / 257;
    }),
  };
  const fresh: Matrix = {
    rowCount: 1,
    columnCount: 40,
    values: Float64Array.from({ length: 40 }, (_, j) => ((j * 89 + 11) % 257) / 257),
  };
  const picked = (scores: Float64Array) => Float64Array.of(scores[0], scores[5], scores[11]);

  // From PyOD 3.6.7 on scikit-learn 1.2.2: PCA(**params).fit(x), decision_scores_[[0, 5, 11]], decision_function(fresh).
  test.each([
    [{ nComponents: 6 }, [280.7950185766352, 304.43234565193166, 318.8724595837989], 343.34061030965347],
    [
      { nComponents: 6, nSelectedComponents: 3, standardization: false },
      [95.3249054796783, 99.95440887355501, 113.91422109110371],
      102.9170097565621,
    ],
  ])("agrees with PyOD to 1e-9 under %j", async (params, train, ofFresh) => {
    const { model, trainingScores } = await fitForTest(pca, wide, { ...params, compat: "pyod" });
    expect(largestRelativeDifference(picked(trainingScores), train)).toBeLessThan(1e-9);
    expect(largestRelativeDifference(scoresOf(model, fresh), [ofFresh])).toBeLessThan(1e-9);
  });

  // From NumPy 1.26: u, s, vt = svd(z); sums of (z @ vt.T)**2 / (s / sqrt(11)), z being the columns less their means over
  // their standard deviations. Rows lie across the axis of variance 0, so the sum is that of the other eleven.
  test("divides squared projections by the deviations of the components that NumPy finds", async () => {
    const all = await fitForTest(pca, wide);
    const expected = [16.745111000073468, 17.795057061609064, 18.750942476437714];
    expect(largestRelativeDifference(picked(all.trainingScores), expected)).toBeLessThan(1e-9);
    const six = await fitForTest(pca, wide, { nComponents: 6 });
    const ofSix = [7.065850204932305, 8.699917506000082, 10.306381330678326];
    expect(largestRelativeDifference(picked(six.trainingScores), ofSix)).toBeLessThan(1e-9);
    expect(largestRelativeDifference(scoresOf(six.model, fresh), [0.677991226752559])).toBeLessThan(1e-9);
  });

  test.each([
    ["all rows differ", (i: number) => i],
    ["rows come three times", (i: number) => i % 4],
    ["two rows differ", (i: number) => (i === 3 ? 1 : 0)],
    ["all rows are equal", () => 0],
  ])("has as many unit components at right angles as rows where %s", async (_name, sourceOf) => {
    const values = Float64Array.from({ length: 480 }, (_, at) => wide.values[sourceOf(Math.floor(at / 40)) * 40 + (at % 40)]);
    const { model } = await fitForTest(pca, { ...wide, values }, { weighted: false, standardization: false });
    const axes = model.toState().arrays["factor"] as Float64Array;
    expect(axes.length).toBe(480);
    for (let a = 0; a < 12; a++) {
      for (let b = 0; b <= a; b++) {
        let sum = 0;
        for (let j = 0; j < 40; j++) sum += axes[a * 40 + j] * axes[b * 40 + j];
        expect(Math.abs(sum - (a === b ? 1 : 0))).toBeLessThan(1e-12);
      }
    }
  });

  test("keeps its bits over kernel sets, and scores a row off the others' plane above them", async () => {
    const plain = await fitForTest(pca, wide, {}, { kernels: kernelsByName("reference") });
    const fast = await fitForTest(pca, wide, {}, { kernels: kernelsByName("wasm-simd") });
    expect(fast.trainingScores).toEqual(plain.trainingScores);
    expect(scoresOf(fast.model, fresh)[0]).toBeGreaterThan(Math.max(...fast.trainingScores));
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
