import { describe, expect, it } from "vitest";
import { fitForTest, scoresOf } from "../../../test-support/fit.ts";
import { parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import { chooseKernels } from "../../kernels/choose.ts";
import { matrixFromRows } from "../../matrix.ts";
import { cblof, largeClusters } from "./index.ts";

const twoCrowdsAndAPair = matrixFromRows([
  ...Array.from({ length: 20 }, (_, i) => [i % 2, 0]),
  ...Array.from({ length: 10 }, (_, i) => [100 + (i % 2), 0]),
  [50, 40],
  [50, 40],
]);

describe("cblof", () => {
  it("measures rows from their own cluster also where squares overflow", async () => {
    // Two heaps at -1e300 and 1e300, each 2e298 wide: no row is farther than 1e298 from its heap's middle.
    const rows = matrixFromRows(
      Array.from({ length: 40 }, (_, i) => [(i % 2 === 0 ? -1e300 : 1e300) + (1e298 * ((i >> 1) - 9.5)) / 9.5]),
    );
    const { model, trainingScores } = await fitForTest(cblof, rows, { nClusters: 2, alpha: 0.6, beta: 2 });
    expect(Math.max(...trainingScores)).toBeLessThan(1.01e298);
    const contributions = new Float64Array(40);
    model.contributionsInto?.(rows, contributions);
    for (let row = 0; row < 40; row++) expect(contributions[row] / trainingScores[row]).toBeCloseTo(1, 12);
  });

  it("measures a row of a small cluster from the nearest large centre, others from their own", async () => {
    const { model, trainingScores } = await fitForTest(cblof, twoCrowdsAndAPair, { nClusters: 3 });
    // Centres by hand: (0.5, 0) and (100.5, 0) hold 30 of 32 rows (>= 0.9) and are 5 times the size of (50, 40).
    expect(trainingScores.slice(0, 30)).toEqual(new Float64Array(30).fill(0.5));
    expect(trainingScores[30]).toBeCloseTo(Math.hypot(49.5, 40), 12);
    expect([...scoresOf(model, matrixFromRows([[0.5, 7]]))]).toEqual([7]);
  });

  it("multiplies by the size of the row's cluster with useWeights", async () => {
    const { trainingScores } = await fitForTest(cblof, twoCrowdsAndAPair, { nClusters: 3, useWeights: true });
    expect([trainingScores[0], trainingScores[20]]).toEqual([10, 5]);
    expect(trainingScores[31]).toBeCloseTo(2 * Math.hypot(49.5, 40), 12);
  });

  it("sets the boundary where both alpha and beta hold, else where alpha, else where beta does", () => {
    const boundary = (sizes: number[], alpha: number, beta: number) =>
      [
        ...largeClusters(
          Int32Array.from(sizes),
          sizes.reduce((a, b) => a + b),
          alpha,
          beta,
        ),
      ].join("");
    expect(boundary([50, 42, 5, 3], 0.9, 5)).toBe("1100");
    expect(boundary([3, 42, 5, 50], 0.9, 5)).toBe("0101");
    expect(boundary([40, 30, 20, 10], 0.9, 5)).toBe("1110");
    expect(boundary([80, 8, 7, 5], 0.99, 5)).toBe("1000");
  });

  it("takes all clusters for large where no boundary meets alpha or beta, which PyOD refuses", () => {
    expect([...largeClusters(Int32Array.from([30, 25, 25, 20]), 100, 0.9, 5)]).toEqual([1, 1, 1, 1]);
    expect([...largeClusters(Int32Array.from([9]), 9, 0.9, 5)]).toEqual([1]);
  });

  it("scores constant and huge rows with finite numbers", async () => {
    const constant = matrixFromRows(Array.from({ length: 10 }, () => [1, 2]));
    expect([...(await fitForTest(cblof, constant)).trainingScores]).toEqual(Array.from({ length: 10 }, () => 0));
    const huge = matrixFromRows(Array.from({ length: 10 }, (_, i) => [i * 1e300, -i]));
    const { model, trainingScores } = await fitForTest(cblof, huge, { nClusters: 2 });
    expect(trainingScores.every(Number.isFinite)).toBe(true);
    expect(scoresOf(model, matrixFromRows([[-1.7e308, 1.7e308]])).every(Number.isFinite)).toBe(true);
  });

  it("refuses more clusters than rows", async () => {
    const fit = fitForTest(cblof, matrixFromRows([[1], [2], [3]]), { nClusters: 4 });
    await expect(fit).rejects.toMatchObject({ code: "PARAM", field: "nClusters" });
  });

  it("names a refused parameter as it was written", async () => {
    const rows = matrixFromRows([[1], [2], [3]]);
    await expect(fitForTest(cblof, rows, { n_clusters: 4 })).rejects.toThrow(/n_clusters must be/);
    await expect(fitForTest(cblof, rows, { nClusters: 4 })).rejects.toThrow(/nClusters must be/);
  });

  it("explains a score by shares that sum to it", async () => {
    const { model } = await fitForTest(cblof, twoCrowdsAndAPair, { nClusters: 3, useWeights: true });
    const out = new Float64Array(2);
    model.contributionsInto?.(matrixFromRows([[50, 41]]), out);
    expect(out[0] + out[1]).toBeCloseTo(scoresOf(model, matrixFromRows([[50, 41]]))[0], 10);
  });

  it("restores a model of equal bits, and refuses a damaged one", async () => {
    const { model, trainingScores } = await fitForTest(cblof, twoCrowdsAndAPair, { nClusters: 3 });
    const state = model.toState();
    expect(scoresOf(cblof.restore(state, chooseKernels()), twoCrowdsAndAPair)).toEqual(trainingScores);
    for (const arrays of [
      { isLarge: new Uint8Array(3) },
      { isLarge: Uint8Array.from([1, 2, 0]) },
      { sizes: Int32Array.from([1, 0, 1]) },
      { centers: new Float64Array(6).fill(Number.NaN) },
      { centers: new Float64Array(5) },
    ]) {
      const damaged = { values: state.values, arrays: { ...state.arrays, ...arrays } };
      expect(() => cblof.restore(damaged, chooseKernels())).toThrow(expect.objectContaining({ code: "MODEL_FILE" }));
    }
  });

  describe.skipIf(sharedFolder === undefined)("against PyOD", () => {
    it.each(parityCases())(
      "agrees on $name in the mean over 20 seeds, within the sampling error",
      async ({ train, fresh, randomDetectors }) => {
        const reference = randomDetectors["CBLOF"] as Record<string, number[]>;
        const train20: Float64Array[] = [];
        const fresh20: Float64Array[] = [];
        for (let seed = 0; seed < 20; seed++) {
          const { model, trainingScores } = await fitForTest(cblof, train, {}, { seed });
          train20.push(trainingScores);
          fresh20.push(scoresOf(model, fresh));
        }
        expect(rootMeanSquareZ(train20, reference["train_mean"], reference["train_std"])).toBeLessThan(1.5);
        expect(rootMeanSquareZ(fresh20, reference["new_mean"], reference["new_std"])).toBeLessThan(1.5);
      },
    );
  });
});

/** Differences of means in standard errors (both sides drew 20 seeds), root mean square over rows: 1 is expected. */
function rootMeanSquareZ(ours: readonly Float64Array[], means: readonly number[], deviations: readonly number[]): number {
  let sum = 0;
  for (const [row, mean] of means.entries()) {
    const scores = ours.map((one) => one[row]);
    const ourMean = scores.reduce((a, b) => a + b) / scores.length;
    const variance = scores.reduce((total, score) => total + (score - ourMean) ** 2, 0) / (scores.length - 1);
    const standardErrorSquare = variance / scores.length + deviations[row] ** 2 / (scores.length - 1);
    sum += (ourMean - mean) ** 2 / (standardErrorSquare + 1e-18);
  }
  return Math.sqrt(sum / means.length);
}
