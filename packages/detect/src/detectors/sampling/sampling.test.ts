import { describe, expect, it } from "vitest";
import { fitForTest, scoresOf } from "../../../test-support/fit.ts";
import { parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import { chooseKernels } from "../../kernels/choose.ts";
import { matrixFromRows, type Matrix } from "../../matrix.ts";
import { sampling } from "./index.ts";

const line = matrixFromRows(Array.from({ length: 10 }, (_, i) => [i, 2 * i]));

describe("sampling", () => {
  it("scores by the distance to the nearest sampled row, 0 for all rows when all are sampled", async () => {
    const { model, trainingScores } = await fitForTest(sampling, line, { subsetSize: 10 });
    expect(trainingScores).toEqual(new Float64Array(10));
    expect([...scoresOf(model, matrixFromRows([[9 + 3, 18 + 4]]))]).toEqual([5]);
  });

  it("measures in the metric asked for", async () => {
    const far = matrixFromRows([[9 + 3, 18 + 4]]);
    for (const [metric, distance] of [
      ["manhattan", 7],
      ["chebyshev", 4],
    ] as const) {
      const { model } = await fitForTest(sampling, line, { subsetSize: 10, metric });
      expect([...scoresOf(model, far)]).toEqual([distance]);
    }
  });

  it("samples the share of the rows that a number below 1 names", async () => {
    const { trainingScores } = await fitForTest(sampling, line, { subsetSize: 0.3 });
    expect(trainingScores.filter((score) => score === 0)).toHaveLength(3);
  });

  it("refuses a sample larger than the rows, a broken number, and a share of none", async () => {
    for (const subsetSize of [11, 2.5, 0.05]) {
      await expect(fitForTest(sampling, line, { subsetSize })).rejects.toMatchObject({ code: "PARAM", field: "subsetSize" });
    }
  });

  it("draws the same sample for the same seed, another for another", async () => {
    const scores = async (seed: number) => (await fitForTest(sampling, line, { subsetSize: 2 }, { seed })).trainingScores;
    expect(await scores(5)).toEqual(await scores(5));
    const different = await Promise.all([1, 2, 3, 4].map(scores));
    expect(new Set(different.map(String)).size).toBeGreaterThan(1);
  });

  it("scores huge values with finite numbers", async () => {
    const huge = matrixFromRows([[1e300], [-1e300], [0], [1]]);
    const { model, trainingScores } = await fitForTest(sampling, huge, { subsetSize: 2 });
    expect(trainingScores.every(Number.isFinite)).toBe(true);
    expect(scoresOf(model, matrixFromRows([[-1.7e308]])).every(Number.isFinite)).toBe(true);
  });

  it("restores a model of equal bits, and refuses a damaged one", async () => {
    const { model, trainingScores } = await fitForTest(sampling, line, { subsetSize: 4 });
    const state = model.toState();
    expect(scoresOf(sampling.restore(state, chooseKernels()), line)).toEqual(trainingScores);
    const arrays = { ...state.arrays, indexRows: new Float64Array(3) };
    expect(() => sampling.restore({ ...state, arrays }, chooseKernels())).toThrow(
      expect.objectContaining({ code: "MODEL_FILE" }),
    );
  });

  describe.skipIf(sharedFolder === undefined)("against PyOD", () => {
    it.each(parityCases())("has on $name the expected score that PyOD's mean estimates", async ({ train, randomDetectors }) => {
      const reference = randomDetectors["Sampling"]["train_mean"] as number[];
      const ours = new Float64Array(train.rowCount);
      for (let seed = 0; seed < 100; seed++) {
        const { trainingScores } = await fitForTest(sampling, train, {}, { seed });
        for (const [row, score] of trainingScores.entries()) ours[row] += score / 100;
      }
      const expected = expectedScores(train, 20);
      expect(rootMeanSquareZ(ours, expected, 100)).toBeLessThan(1.5);
      expect(rootMeanSquareZ(reference, expected, 20)).toBeLessThan(1.5);
    });
  });
});

interface Expectation {
  readonly mean: number;
  readonly variance: number;
}

/**
 * A row's score is its distance to the row of rank k (from 0) if no nearer row is among the m drawn of n without replacement, and
 * that row is: then its chance is m / (n - k). So a score's mean and variance over samples are known exactly.
 */
function expectedScores(rows: Matrix, sampleCount: number): Expectation[] {
  const { rowCount, columnCount: width, values } = rows;
  return Array.from({ length: rowCount }, (_, row) => {
    const distances = Array.from({ length: rowCount }, (__, other) => {
      let square = 0;
      for (let column = 0; column < width; column++)
        square += (values[row * width + column] - values[other * width + column]) ** 2;
      return Math.sqrt(square);
    }).toSorted((a, b) => a - b);
    let noneSoFar = 1;
    let mean = 0;
    let meanSquare = 0;
    for (const [rank, distance] of distances.entries()) {
      const drawn = Math.min(1, sampleCount / (rowCount - rank));
      mean += noneSoFar * drawn * distance;
      meanSquare += noneSoFar * drawn * distance ** 2;
      noneSoFar *= 1 - drawn;
    }
    return { mean, variance: meanSquare - mean ** 2 };
  });
}

/** Distances from the expected means in standard errors of a mean over `seedCount`, root mean square over rows: 1 is expected. */
function rootMeanSquareZ(means: ArrayLike<number>, expected: readonly Expectation[], seedCount: number): number {
  const squares = expected.map(({ mean, variance }, row) => (means[row] - mean) ** 2 / (variance / seedCount));
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}
