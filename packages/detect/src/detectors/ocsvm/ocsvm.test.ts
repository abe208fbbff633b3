import { describe, expect, it } from "vitest";
import { fitForTest, scoresOf } from "../../../test-support/fit.ts";
import { parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import { chooseKernels } from "../../kernels/choose.ts";
import { matrixFromRows, type Matrix } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { ocsvm } from "./index.ts";

function normalRows(rowCount: number, seed: number): Matrix {
  const random = createRandom(seed);
  return matrixFromRows(Array.from({ length: rowCount }, () => [random.normal(), random.normal(), random.normal()]));
}

function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return Math.max(...Array.from({ length: expected.length }, (_, i) => Math.abs(actual[i] - expected[i])));
}

describe("ocsvm", () => {
  it("solves two rows as one does by hand", async () => {
    // Rows 0 and 1, gamma 1, nu 0.5: sum(alpha) = 1, by symmetry both 1/2; K = exp(-1) = 0.367879...; rho = (1 + K) / 2.
    const { model } = await fitForTest(ocsvm, matrixFromRows([[0], [1]]), { tol: 1e-12 });
    const rho = (1 + Math.exp(-1)) / 2;
    const scores = scoresOf(model, matrixFromRows([[0], [1], [0.5], [50]]));
    expect(largestDifference(scores, [0, 0, rho - Math.exp(-0.25), rho])).toBeLessThan(1e-12);
  });

  it.each([0.05, 0.3, 0.8, 1])("leaves at most the share nu of the rows outside, nu = %d", async (nu) => {
    const { trainingScores } = await fitForTest(ocsvm, normalRows(400, 2), { nu, tol: 1e-9 });
    const outside = trainingScores.filter((score) => score > 1e-7).length;
    expect(outside).toBeLessThanOrEqual(nu * 400);
    // Schölkopf et al. 2001, proposition 3: the share of support vectors is at least nu.
    expect(trainingScores.filter((score) => score > -1e-7).length).toBeGreaterThanOrEqual(nu * 400 - 1e-9);
  });

  it.each(["rbf", "linear", "poly", "sigmoid"])(
    "knows from the solver the scores that scoring anew gives, with the %s kernel",
    async (kernel) => {
      const rows = normalRows(200, 3);
      const { trainingScores, model } = await fitForTest(ocsvm, rows, {
        kernel,
        nu: 0.2,
        coef0: kernel === "sigmoid" ? 0 : 1,
        tol: 1e-8,
      });
      expect(trainingScores.every(Number.isFinite)).toBe(true);
      expect(largestDifference(scoresOf(model, rows), trainingScores)).toBeLessThan(
        1e-7 * Math.max(1, ...trainingScores.map(Math.abs)),
      );
    },
  );

  it("finds the same answer with and without shrinking, and with a cache of two rows", async () => {
    const rows = normalRows(300, 4);
    const plain = await fitForTest(ocsvm, rows, { tol: 1e-9, shrinking: false });
    for (const params of [{ shrinking: true }, { cacheSize: 0 }]) {
      const other = await fitForTest(ocsvm, rows, { tol: 1e-9, ...params });
      expect(largestDifference(other.trainingScores, plain.trainingScores)).toBeLessThan(1e-7);
    }
  });

  it("stops after maxIter steps with a finite model, whose state says so", async () => {
    const { model, trainingScores } = await fitForTest(ocsvm, normalRows(100, 5), { maxIter: 3 });
    expect(trainingScores.every(Number.isFinite)).toBe(true);
    expect(model.toState().values["converged"]).toBe(false);
    expect((await fitForTest(ocsvm, normalRows(100, 5))).model.toState().values["converged"]).toBe(true);
  });

  it("scores equal, constant and huge rows with finite numbers", async () => {
    const constant = matrixFromRows([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    for (const kernel of ["rbf", "linear", "poly", "sigmoid"]) {
      const { model, trainingScores } = await fitForTest(ocsvm, constant, { kernel, gamma: "scale" });
      expect(trainingScores.every(Number.isFinite)).toBe(true);
      expect(scoresOf(model, matrixFromRows([[1e300, -1e300]])).every(Number.isFinite)).toBe(true);
    }
    const huge = matrixFromRows([[1e300], [-1e300], [0]]);
    expect((await fitForTest(ocsvm, huge)).trainingScores.every(Number.isFinite)).toBe(true);
    await expect(fitForTest(ocsvm, huge, { kernel: "linear" })).rejects.toMatchObject({ code: "PARAM", field: "kernel" });
    await expect(fitForTest(ocsvm, huge, { gamma: "scale" })).rejects.toMatchObject({ code: "PARAM", field: "gamma" });
  });

  it("restores a model of equal bits, and refuses a damaged one", async () => {
    const rows = normalRows(50, 6);
    const { model } = await fitForTest(ocsvm, rows, { kernel: "poly", coef0: 1 });
    const state = model.toState();
    expect(scoresOf(ocsvm.restore(state, chooseKernels()), rows)).toEqual(scoresOf(model, rows));
    for (const damage of [
      { arrays: { ...state.arrays, boundedRows: new Float64Array(4) } },
      { arrays: { ...state.arrays, boundedRows: new Float64Array(3).fill(Number.NaN) } },
      { arrays: { ...state.arrays, freeCoefficients: new Float64Array(0) } },
      { values: { ...state.values, kind: "cubic" } },
      { values: { ...state.values, columnCount: 0 } },
      { values: { ...state.values, gamma: 0 } },
      { values: { ...state.values, converged: 1 } },
    ]) {
      expect(() => ocsvm.restore({ ...state, ...damage }, chooseKernels())).toThrow(
        expect.objectContaining({ code: "MODEL_FILE" }),
      );
    }
  });

  describe.skipIf(sharedFolder === undefined)("against PyOD", () => {
    const cases = parityCases().flatMap(({ name, train, fresh, detectors }) =>
      [
        { key: "OCSVM_default", params: {} },
        { key: "OCSVM_nu01_scale", params: { nu: 0.1, gamma: "scale" } },
        { key: "OCSVM_default_tol1e-8", params: { tol: 1e-8 } },
      ].map(({ key, params }) => ({ name, key, params, train, fresh, reference: detectors[key] })),
    );

    it.each(cases)("agrees on $name, $key, to 1e-12 of the scores' size when kernels are rounded as libsvm's", async (one) => {
      const { model, trainingScores } = await fitForTest(ocsvm, one.train, { ...one.params, compat: "pyod" });
      const size = Math.max(...one.reference.decision_scores.map(Math.abs));
      expect(largestDifference(trainingScores, one.reference.decision_scores)).toBeLessThan(1e-12 * size);
      expect(largestDifference(scoresOf(model, one.fresh), one.reference.decision_function_new)).toBeLessThan(1e-12 * size);
    });

    // float32 carries a kernel value to 6e-8; what libsvm solves is that much another problem, and no more.
    it.each(cases)("agrees on $name, $key, to float32's precision with exact kernels", async (one) => {
      const { model, trainingScores } = await fitForTest(ocsvm, one.train, one.params);
      const size = Math.max(...one.reference.decision_scores.map(Math.abs));
      expect(largestDifference(trainingScores, one.reference.decision_scores)).toBeLessThan(6e-8 * size);
      expect(largestDifference(scoresOf(model, one.fresh), one.reference.decision_function_new)).toBeLessThan(6e-8 * size);
    });
  });
});
