import { describe, expect, test } from "vitest";
import { kernelsByName } from "../../kernels/choose.ts";
import type { Matrix } from "../../matrix.ts";
import { matrixFromRows, rowRange } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { fitForTest, largestRelativeDifference, scoresOf } from "../../../test-support/fit.ts";
import { parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import type { Task } from "../../detector/detector.ts";
import { whiten } from "../../structures/linear-algebra/whitening.ts";
import { atOnce } from "../../threads/pieces.ts";
import { singleThread } from "../../threads/single-thread.ts";
import { chiSquareQuantile } from "./chi-square.ts";
import { candidatesTask, concentrateTask } from "./concentration.ts";
import { fastMcd } from "./fast-mcd.ts";
import { mcd } from "./index.ts";
import { indexesOfSmallest } from "./nearest-rows.ts";
import { oneColumnMcd } from "./one-column.ts";

/** Correlated columns, and a far cluster of one row in `anomalyEvery`. */
function contaminatedRows(rowCount: number, columnCount: number, anomalyEvery: number): Matrix {
  const random = createRandom(11);
  const values = new Float64Array(rowCount * columnCount);
  for (let row = 0; row < rowCount; row++) {
    const shared = random.normal();
    const offset = row % anomalyEvery === 0 ? 12 : 0;
    for (let j = 0; j < columnCount; j++)
      values[row * columnCount + j] = shared + 0.5 * random.normal() + (j % 2 === 0 ? offset : -offset);
  }
  return { rowCount, columnCount, values };
}

describe("chi-square quantiles", () => {
  // scipy.stats.chi2(degrees).isf(1 - probability), scipy 1.17.
  test.each([
    [0.5, 1, 0.4549364231195724],
    [0.5, 7, 6.345811195521515],
    [0.975, 2, 7.3777589082278725],
    [0.975, 32, 49.48043774297168],
    [0.5, 166, 165.33381140716105],
    [0.975, 5000, 5197.883771923797],
  ])("%d of %i degrees is %d", (probability, degrees, expected) => {
    expect(chiSquareQuantile(probability, degrees) / expected).toBeCloseTo(1, 10);
  });
});

describe("the rows of smallest distance", () => {
  test("are those that a sort finds, ties by index", () => {
    const random = createRandom(2);
    for (const [length, valueCount] of [
      [1, 5],
      [10, 3],
      [1000, 1000],
      [1000, 4],
      [257, 1],
    ]) {
      const distances = Float64Array.from({ length }, () => random.integer(valueCount));
      const sorted = Array.from(distances.keys()).toSorted((a, b) => distances[a] - distances[b] || a - b);
      for (const count of [1, Math.ceil(length / 2), length]) {
        expect([...indexesOfSmallest(distances, count)]).toEqual(sorted.slice(0, count).toSorted((a, b) => a - b));
      }
    }
  });

  test.each([1e-300, 0.01, 1, 300])("are those that a sort finds, of sizes that differ by powers of %d", (power) => {
    const random = createRandom(3);
    // 0 and infinite ones among them, and many close together.
    const distances = Float64Array.from({ length: 999 }, (_, i) => {
      if (i % 100 === 7) return i < 500 ? 0 : Number.POSITIVE_INFINITY;
      return i % 3 === 0 ? 5 + random.uniform() * 1e-12 : 10 ** (power * (random.uniform() - 0.5));
    });
    const sorted = Array.from(distances.keys()).toSorted((a, b) => Math.sign(distances[a] - distances[b]) || a - b);
    for (const count of [1, 250, 749, 994, 999]) {
      expect([...indexesOfSmallest(distances, count)]).toEqual(sorted.slice(0, count).toSorted((a, b) => a - b));
    }
  });
});

describe("mcd", () => {
  test.each([400, 900, 2500])("is not pulled by a fifth of %i rows lying together far away", async (rowCount) => {
    const rows = contaminatedRows(rowCount, 4, 5);
    const { trainingScores } = await fitForTest(mcd, rows);
    const anomalies = trainingScores.filter((_, row) => row % 5 === 0);
    const normals = trainingScores.filter((_, row) => row % 5 !== 0);
    expect(Math.min(...anomalies)).toBeGreaterThan(10 * Math.max(...normals));
  });

  test("scores a row off the plane of the others far above them, which compat pyod does not", async () => {
    const rows = contaminatedRows(100, 3, 1000);
    for (let at = 0; at < rows.values.length; at += 3) rows.values[at + 2] = rows.values[at] - rows.values[at + 1];
    // One step along the plane's normal from row 1.
    const off = matrixFromRows([[rows.values[3] + 1, rows.values[4] - 1, rows.values[5] - 1]]);
    const { model, trainingScores } = await fitForTest(mcd, rows);
    expect(scoresOf(model, off)[0]).toBeGreaterThan(1000 * Math.max(...trainingScores));
    const reference = await fitForTest(mcd, rows, { compat: "pyod" });
    expect(scoresOf(reference.model, off)[0]).toBeCloseTo(reference.trainingScores[1], 6);
  });

  test("explains every score by its columns", async () => {
    const rows = contaminatedRows(200, 5, 10);
    const { model, trainingScores } = await fitForTest(mcd, rows);
    const contributions = new Float64Array(rows.values.length);
    model.contributionsInto?.(rows, contributions);
    const sums = trainingScores.map((_, row) =>
      contributions.subarray(row * 5, row * 5 + 5).reduce((sum, value) => sum + value, 0),
    );
    expect(largestRelativeDifference(sums, trainingScores)).toBeLessThan(1e-9);
  });

  test("keeps its bits over kernels, batches and restoring; other seeds may find another half", async () => {
    const rows = contaminatedRows(700, 6, 9);
    const plain = await fitForTest(mcd, rows, {}, { kernels: kernelsByName("reference") });
    const fast = await fitForTest(mcd, rows, {}, { kernels: kernelsByName("wasm-simd") });
    expect(fast.trainingScores).toEqual(plain.trainingScores);
    expect(scoresOf(fast.model, rowRange(rows, 5, 6))[0]).toBe(plain.trainingScores[5]);
    expect(scoresOf(mcd.restore(fast.model.toState(), kernelsByName("reference")), rows)).toEqual(plain.trainingScores);
  });

  test("with one column takes the middle of the shortest interval over one value more than half", async () => {
    // fast_mcd of scikit-learn 1.9 gives location 50 (of 0 to 100) and, about it, variance 1.25.
    const estimate = oneColumnMcd(matrixFromRows([[0], [200], [1], [3], [100], [2]]), 4);
    expect([estimate.location[0], estimate.covariance[0]]).toEqual([50, 1.25]);
    const values = Array.from({ length: 30 }, (_, i) => [i === 29 ? 1000 : i]);
    const { trainingScores } = await fitForTest(mcd, matrixFromRows(values));
    expect(trainingScores[29]).toBeGreaterThan(100 * Math.max(...trainingScores.slice(0, 29)));
  });

  test.each(["none", "pyod"])("gives finite scores on degenerate and huge rows with compat %s", async (compat) => {
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
      [
        [1, 1],
        [1, 1],
        [1, 1],
        [1, 1],
        [5, 6],
      ],
      [[0], [0], [0], [7]],
      [
        [1e-300, 5],
        [2e-300, 5],
        [3e-300, 6],
      ],
      [
        [1e140, 1],
        [-1e140, 2],
        [0, 3],
        [5, 5],
      ],
    ]) {
      const { model, trainingScores } = await fitForTest(mcd, matrixFromRows(rows), { compat });
      expect([...trainingScores].every(Number.isFinite)).toBe(true);
      const far = matrixFromRows([rows[0].map(() => 1e300)]);
      expect(Number.isFinite(scoresOf(model, far)[0])).toBe(true);
    }
    await expect(
      fitForTest(
        mcd,
        matrixFromRows([
          [1e300, 1],
          [-1e300, 2],
          [0, 3],
        ]),
      ),
    ).rejects.toThrow(/overflow/);
  });

  test("refuses a support of fewer than two rows", async () => {
    await expect(fitForTest(mcd, contaminatedRows(10, 2, 5), { supportFraction: 0.1 })).rejects.toThrow(/at least 0.2/);
  });

  test("refuses a damaged state", async () => {
    const { arrays } = (await fitForTest(mcd, contaminatedRows(20, 2, 5))).model.toState();
    const restore = (changed: Record<string, Float64Array>) =>
      mcd.restore({ values: {}, arrays: { ...arrays, ...changed } }, kernelsByName("reference"));
    expect(() => restore({ factor: Float64Array.of(1, 2, 3) })).toThrow(/rows of 2/);
    expect(() => restore({ location: Float64Array.of(1, Number.NaN) })).toThrow(/finite/);
    expect(() => restore({ factor: new Float64Array(6) })).toThrow(/at most 2 rows/);
    expect(() => restore({ location: new Float64Array(10_001), factor: new Float64Array(0) })).toThrow(/10000/);
  });
});

describe("mcd of wide tables", () => {
  /** Three free columns, then copies of five rare bits and constants, as one-hot columns of a sample often are. */
  function bitRows(rowCount: number, columnCount: number): Matrix {
    const random = createRandom(4);
    const source = Array.from({ length: columnCount }, () => random.integer(6));
    const values = new Float64Array(rowCount * columnCount);
    for (let row = 0; row < rowCount; row++) {
      const bits = [...Array.from({ length: 5 }, () => (random.uniform() < 0.1 ? 1 : 0)), 0];
      for (let column = 0; column < columnCount; column++) {
        values[row * columnCount + column] = column < 3 ? random.normal() : bits[source[column]];
      }
    }
    return { rowCount, columnCount, values };
  }

  test.each(["none", "pyod"])("of copied bits and constant columns give finite scores with compat %s", async (compat) => {
    const rows = bitRows(700, 196);
    const { model, trainingScores } = await fitForTest(mcd, rows, { compat });
    expect([...trainingScores].every(Number.isFinite)).toBe(true);
    const pair = { rowCount: 2, columnCount: 196, values: rows.values.slice(0, 392) };
    pair.values.set(pair.values.subarray(0, 196), 196);
    pair.values[197] += 30;
    const [near, far] = scoresOf(model, pair);
    expect(far).toBeGreaterThan(near + 100);
  });

  test("with no more rows than columns are refused by their numbers, from 101 columns on", async () => {
    const wide = bitRows(120, 150);
    await expect(fitForTest(mcd, wide)).rejects.toMatchObject({
      code: "TOO_FEW_ROWS",
      message: expect.stringMatching(/got 120 rows of 150 columns/),
      expected: "at least 151 rows",
    });
    const narrow = await fitForTest(mcd, bitRows(80, 100));
    expect([...narrow.trainingScores].every(Number.isFinite)).toBe(true);
  });
});

describe.skipIf(sharedFolder === undefined)("mcd beside PyOD", () => {
  const seeds = Array.from({ length: 20 }, (_, seed) => seed);
  const tasks = new Map<string, Task>([
    ["mcd/candidates", candidatesTask],
    ["mcd/concentrate", concentrateTask],
  ]);

  test.each(parityCases())("finds a half at least as tight as PyOD's on $name", async ({ train, detectors }) => {
    const covariance = detectors["MCD_seed42"].fit?.["raw_covariance"] as number[][];
    const expected = atOnce(
      whiten(Float64Array.from(covariance.flat()), train.columnCount, kernelsByName("reference")),
    ).logDeterminant;
    const supportCount = Math.ceil((train.rowCount + train.columnCount + 1) / 2);
    let tightest = Number.POSITIVE_INFINITY;
    for (const seed of seeds.slice(0, 5)) {
      const context = { random: createRandom(seed), kernels: kernelsByName("wasm-simd"), threads: singleThread(tasks) };
      tightest = Math.min(tightest, (await fastMcd(train, supportCount, context)).logDeterminant);
    }
    expect(tightest).toBeLessThanOrEqual(expected + 1e-9);
  });

  const regular = parityCases().filter(({ name }) => name === "14_glass" || name === "45_wine");

  // On these two some seed of ours ends at the half of PyOD's seed 42; on 18_Ionosphere every seed ends elsewhere, in
  // PyOD too, and on 42_WBC every half is singular.
  test.each(regular)("agrees to 1e-9 where it finds the same half of $name", async ({ train, fresh, detectors }) => {
    const expected = detectors["MCD_seed42"];
    let least = Number.POSITIVE_INFINITY;
    for (const seed of seeds.slice(0, 5)) {
      const { model, trainingScores } = await fitForTest(mcd, train, { compat: "pyod" }, { seed });
      const onTrain = largestRelativeDifference(trainingScores, expected.decision_scores);
      const onFresh = largestRelativeDifference(scoresOf(model, fresh), expected.decision_function_new);
      least = Math.min(least, Math.max(onTrain, onFresh));
    }
    expect(least).toBeLessThan(1e-9);
  });

  test.each(parityCases())("has PyOD's mean scores over 20 seeds on $name", async ({ train, randomDetectors }) => {
    const runs: Float64Array[] = [];
    for (const seed of seeds) runs.push((await fitForTest(mcd, train, { compat: "pyod" }, { seed })).trainingScores);
    const expected = randomDetectors["MCD"] as { train_mean: number[]; train_std: number[] };
    let sum = 0;
    for (const [row, expectedMean] of expected.train_mean.entries()) {
      const mean = runs.reduce((total, run) => total + run[row], 0) / runs.length;
      const variance = runs.reduce((total, run) => total + (run[row] - mean) ** 2, 0) / runs.length;
      const error = Math.sqrt((variance + expected.train_std[row] ** 2) / runs.length) + 1e-9 * expectedMean;
      const errors = Math.abs(mean - expectedMean) / error;
      // Errors of rows are correlated through the half that is found, so single rows may be off by a few errors at once.
      expect(errors).toBeLessThan(5);
      sum += errors * errors;
    }
    expect(Math.sqrt(sum / expected.train_mean.length)).toBeLessThan(2.5);
  });
});
