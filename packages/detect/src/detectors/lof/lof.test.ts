import { describe, expect, test } from "vitest";
import { fitForTest, scoresOf } from "../../../test-support/fit.ts";
import type { ParityCase, ParityScores } from "../../../test-support/shared-data.ts";
import { parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import { chooseKernels } from "../../kernels/choose.ts";
import { referenceKernels } from "../../kernels/reference/index.ts";
import type { Matrix } from "../../matrix.ts";
import { matrix, matrixFromRows } from "../../matrix.ts";
import { buildNeighbourIndex } from "../../structures/neighbours/build-index.ts";
import { createRandom } from "../../random.ts";
import { atOnce } from "../../threads/pieces.ts";
import { lof } from "./index.ts";

function normalRows(rowCount: number, columnCount: number, unit = 1): Matrix {
  const random = createRandom(5);
  return matrix(
    Float64Array.from({ length: rowCount * columnCount }, () => unit * random.normal()),
    columnCount,
  );
}

describe("lof", () => {
  test("the factor is the mean density of the neighbours over the row's own, worked out by hand", async () => {
    // k = 2 on 0, 1, 3, 7. Neighbours: 0: {1, 3}, 1: {0, 3}, 3: {1, 0}, 7: {3, 1}; k-distances 3, 2, 3, 6.
    // Mean reachability: 0: (2 + 3) / 2, 1: (3 + 3) / 2, 3: (2 + 3) / 2, 7: (4 + 6) / 2; densities 0.4, 1/3, 0.4, 0.2.
    const { trainingScores } = await fitForTest(lof, matrixFromRows([[0], [1], [3], [7]]), { nNeighbors: 2 });
    const expected = [(1 / 3 + 0.4) / 2 / 0.4, 0.4 / (1 / 3), (1 / 3 + 0.4) / 2 / 0.4, (1 / 3 + 0.4) / 2 / 0.2];
    for (const [row, score] of trainingScores.entries()) expect(score).toBeCloseTo(expected[row], 12);
  });

  test("copies are one place with a weight, worked out by hand", async () => {
    // Places 0 (three rows), 1, 3 with k = 1: k-distances 1, 1, 2. Mean reachability of 0: two copies at 1 and one row at
    // 1: 1; of 1: place 0 at 1: 1; of 3: place 1 at 2: 2. So the factors are 1, 1 and 2.
    const { trainingScores } = await fitForTest(lof, matrixFromRows([[0], [0], [0], [1], [3]]), { nNeighbors: 1 });
    expect([...trainingScores]).toEqual([1, 1, 1, 1, 2]);
  });

  test("copies do not give the rows beside them huge scores, as they do with compat pyod", async () => {
    const rows = matrixFromRows([...Array.from({ length: 30 }, () => [0]), [0.1], [0.2], [0.3], [0.4]]);
    const corrected = await fitForTest(lof, rows, { nNeighbors: 3 });
    expect(Math.max(...corrected.trainingScores)).toBeLessThan(3);
    const faithful = await fitForTest(lof, rows, { nNeighbors: 3, compat: "pyod" });
    expect(Math.max(...faithful.trainingScores)).toBeGreaterThan(1e6);
  });

  test("the unit of all columns does not matter", async () => {
    const usual = await fitForTest(lof, normalRows(200, 3));
    const small = await fitForTest(lof, normalRows(200, 3, 2 ** -60));
    expect(small.trainingScores).toEqual(usual.trainingScores);
  });

  test("rows that are all equal score 1, and any other row more", async () => {
    const { trainingScores, model } = await fitForTest(
      lof,
      matrixFromRows([
        [2, 2],
        [2, 2],
        [2, 2],
      ]),
    );
    expect([...trainingScores]).toEqual([1, 1, 1]);
    const [same, near, far] = scoresOf(
      model,
      matrixFromRows([
        [2, 2],
        [2, 3],
        [200, 2],
      ]),
    );
    expect(same).toBe(1);
    expect(near).toBeGreaterThan(1);
    expect(far).toBeGreaterThan(near);
    expect(Number.isFinite(far)).toBe(true);
  });

  test("values whose squares overflow have finite scores", async () => {
    const { trainingScores, model } = await fitForTest(lof, matrixFromRows([[0], [1e300], [-1e308], [1]]), { nNeighbors: 2 });
    expect(trainingScores.every(Number.isFinite)).toBe(true);
    expect(scoresOf(model, matrixFromRows([[1.7e308], [0]])).every(Number.isFinite)).toBe(true);
  });

  test("a restored model gives the same bits", async () => {
    const rows = normalRows(200, 4);
    const { model } = await fitForTest(lof, rows);
    const restored = lof.restore(model.toState(), chooseKernels());
    expect(scoresOf(restored, rows)).toEqual(scoresOf(model, rows));
  });

  test("a state with a density that no fit writes is refused", async () => {
    const { model } = await fitForTest(lof, normalRows(50, 2));
    const state = model.toState();
    const densities = new Float64Array(50);
    expect(() => lof.restore({ ...state, arrays: { ...state.arrays, densities } }, chooseKernels())).toThrow(/densities/);
  });

  describe.skipIf(sharedFolder === undefined)("parity with PyOD 3.6.5", () => {
    for (const parity of parityCases()) {
      for (const [id, reference] of Object.entries(parity.detectors).filter(([, entry]) => entry.class === "LOF")) {
        test(`${parity.name} ${id}: all rows whose neighbourhood is not cut within a tie agree to 1e-9`, async () => {
          const { model, trainingScores } = await fitForTest(lof, parity.train, { ...reference.params, compat: "pyod" });
          const { ofTraining, ofFresh } = rowsTouchedByTies(parity, reference);
          expectAgreement(trainingScores, reference.decision_scores, ofTraining);
          expectAgreement(scoresOf(model, parity.fresh), reference.decision_function_new, ofFresh);
          // Only one coarse set has so many ties: on the others the test must compare most rows.
          if (parity.name !== "42_WBC") expect(ofTraining.size).toBeLessThan(parity.train.rowCount / 4);
        });
      }
    }
  });
});

function expectAgreement(scores: Float64Array, expected: readonly number[], excepted: ReadonlySet<number>): void {
  for (const [row, score] of scores.entries()) {
    if (excepted.has(row)) continue;
    expect(Math.abs(score / expected[row] - 1), `row ${row}`).toBeLessThan(1e-9);
  }
}

/**
 * The k-th and (k + 1)-th neighbour are equally far (to the rounding of any order of adding): either may be found as neighbour.
 * The density of such a row depends on that, and so do the scores of the row and of those near it.
 */
function rowsTouchedByTies({ train, fresh }: ParityCase, reference: ParityScores) {
  const k = Number(reference.params["n_neighbors"]);
  const metric = reference.params["metric"] === "manhattan" ? "manhattan" : "euclidean";
  const index = atOnce(buildNeighbourIndex(train, { metric }, referenceKernels));
  const among = index.query(
    train,
    k + 1,
    Int32Array.from({ length: train.rowCount }, (_, row) => row),
  );
  const cut = tiedRows(among.distances, k);
  const beyond = index.query(fresh, k + 1);
  return {
    ofTraining: new Set([...cut, ...withNeighboursIn(cut, among.indexes, k)]),
    ofFresh: new Set([...tiedRows(beyond.distances, k), ...withNeighboursIn(cut, beyond.indexes, k)]),
  };
}

function tiedRows(distances: Float64Array, k: number): Set<number> {
  const tied = new Set<number>();
  for (let row = 0; row < distances.length / (k + 1); row++) {
    const last = distances[row * (k + 1) + k - 1];
    const next = distances[row * (k + 1) + k];
    if (next - last <= 1e-12 * next) tied.add(row);
  }
  return tied;
}

function withNeighboursIn(rows: ReadonlySet<number>, indexes: Int32Array, k: number): Set<number> {
  const found = new Set<number>();
  for (let row = 0; row < indexes.length / (k + 1); row++) {
    if (indexes.subarray(row * (k + 1), row * (k + 1) + k).some((neighbour) => rows.has(neighbour))) found.add(row);
  }
  return found;
}
