import { describe, expect, test } from "vitest";
import { kernelsByName } from "../../kernels/choose.ts";
import type { Matrix } from "../../matrix.ts";
import { matrixFromRows, rowRange } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { fitForTest, largestRelativeDifference, scoresOf } from "../../../test-support/fit.ts";
import { parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import { gmm } from "./index.ts";

/** Three clusters of different shapes, in a fixed order. */
function clusters(rowCount: number): Matrix {
  const random = createRandom(17);
  const values = new Float64Array(rowCount * 2);
  for (let row = 0; row < rowCount; row++) {
    const [x, y] = [random.normal(), random.normal()];
    const cluster = row % 3;
    if (cluster === 0) values.set([x, x + 0.2 * y], row * 2);
    else if (cluster === 1) values.set([10 + 0.5 * x, 0.5 * y], row * 2);
    else values.set([2 * x, 15 + 0.3 * y], row * 2);
  }
  return { rowCount, columnCount: 2, values };
}

const twoClusters = matrixFromRows([
  [0, 0],
  [1, 0.2],
  [0.3, 1.1],
  [-0.8, 0.4],
  [0.2, -0.9],
  [10, 10],
  [11, 10.5],
  [9.2, 10.8],
  [10.4, 9.1],
  [9.9, 11.2],
  [10.7, 9.6],
]);

describe("gmm", () => {
  test("with one component is the Gaussian of the rows", async () => {
    // Variance 1 and mean 0 in one column: -log density at 2 is log(2 pi) / 2 + 2.
    const { model } = await fitForTest(gmm, matrixFromRows([[1], [-1]]), { regCovar: 0 });
    expect(scoresOf(model, matrixFromRows([[2]]))[0]).toBeCloseTo(0.5 * Math.log(2 * Math.PI) + 2, 14);
  });

  // sklearn.mixture.GaussianMixture(2, covariance_type=..., tol=1e-9, max_iter=1000, random_state=0).fit(twoClusters),
  // scikit-learn 1.9: minus score_samples of [0, 0] and [5, 5].
  test.each([
    ["full", 1.704652481892953, 67.8369153472247],
    ["tied", 1.7441097029884465, 84.34934978695456],
    ["diag", 1.70286852857758, 64.87513684641335],
    ["spherical", 1.70927656070016, 63.77909931786304],
  ])("with two %s components finds scikit-learn's likelihoods", async (covarianceType, at0, at5) => {
    const { model } = await fitForTest(gmm, twoClusters, { nComponents: 2, covarianceType, tol: 1e-9, maxIter: 1000 });
    const scores = scoresOf(
      model,
      matrixFromRows([
        [0, 0],
        [5, 5],
      ]),
    );
    expect(largestRelativeDifference(scores, [at0, at5])).toBeLessThan(1e-7);
  });

  test("finds rows between clusters, where one Gaussian sees nothing", async () => {
    const between = matrixFromRows([[5, 7]]);
    const three = await fitForTest(gmm, clusters(300), { nComponents: 3 });
    expect(scoresOf(three.model, between)[0]).toBeGreaterThan(Math.max(...three.trainingScores));
    const one = await fitForTest(gmm, clusters(300));
    expect(scoresOf(one.model, between)[0]).toBeLessThan(Math.max(...one.trainingScores));
  });

  test("keeps the likeliest of several starts", async () => {
    const mean = (scores: Float64Array) => scores.reduce((sum, score) => sum + score, 0) / scores.length;
    const single = await fitForTest(gmm, clusters(300), { nComponents: 4, initParams: "random" }, { seed: 3 });
    const several = await fitForTest(gmm, clusters(300), { nComponents: 4, initParams: "random", nInit: 8 }, { seed: 3 });
    expect(mean(several.trainingScores)).toBeLessThanOrEqual(mean(single.trainingScores));
  });

  test.each(["full", "tied", "diag", "spherical"])(
    "keeps its bits over kernels, batches and restoring with %s covariances",
    async (covarianceType) => {
      const rows = clusters(900);
      const params = { nComponents: 3, covarianceType };
      const plain = await fitForTest(gmm, rows, params, { kernels: kernelsByName("reference") });
      const fast = await fitForTest(gmm, rows, params, { kernels: kernelsByName("wasm-simd") });
      expect(fast.trainingScores).toEqual(plain.trainingScores);
      expect(scoresOf(fast.model, rowRange(rows, 5, 6))[0]).toBe(plain.trainingScores[5]);
      expect(scoresOf(gmm.restore(fast.model.toState(), kernelsByName("reference")), rows)).toEqual(plain.trainingScores);
    },
  );

  test("gives finite scores on constant columns, duplicates, few rows and far rows", async () => {
    for (const nComponents of [1, 2]) {
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
          [1, 2, 3],
          [3, 2, 1],
        ],
        [[0], [0], [0], [7]],
      ]) {
        const { model, trainingScores } = await fitForTest(gmm, matrixFromRows(rows), { nComponents });
        expect([...trainingScores].every(Number.isFinite)).toBe(true);
        expect(Number.isFinite(scoresOf(model, matrixFromRows([rows[0].map(() => 1e300)]))[0])).toBe(true);
      }
    }
  });

  test("says so where a covariance is singular, or components outnumber the rows", async () => {
    const line = matrixFromRows([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
    await expect(fitForTest(gmm, line, { regCovar: 0 })).rejects.toThrow(/reg_covar/);
    await expect(fitForTest(gmm, line, { nComponents: 4 })).rejects.toThrow(/at most the number of rows, 3/);
  });

  test("refuses a damaged state", async () => {
    const { values, arrays } = (await fitForTest(gmm, twoClusters)).model.toState();
    const restore = (changed: Record<string, Float64Array>) =>
      gmm.restore({ values, arrays: { ...arrays, ...changed } }, kernelsByName("reference"));
    expect(() => restore({ factors: Float64Array.of(1) })).toThrow(/factors/);
    expect(() => restore({ means: Float64Array.of(1, Number.NaN) })).toThrow(/finite/);
    expect(() => restore({ logWeights: new Float64Array(0) })).toThrow(/component/);
  });
});

describe.skipIf(sharedFolder === undefined)("gmm beside PyOD", () => {
  test.each(parityCases())("agrees to 1e-9 with one component on $name", async ({ train, fresh, detectors }) => {
    const expected = detectors["GMM_1"];
    const { model, trainingScores } = await fitForTest(gmm, train);
    expect(largestRelativeDifference(trainingScores, expected.decision_scores)).toBeLessThan(1e-9);
    expect(largestRelativeDifference(scoresOf(model, fresh), expected.decision_function_new)).toBeLessThan(1e-9);
  });
});
