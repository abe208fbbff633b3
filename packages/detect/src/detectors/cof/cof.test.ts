import { describe, expect, it } from "vitest";
import { fitForTest, largestRelativeDifference, scoresOf } from "../../../test-support/fit.ts";
import { parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import { chooseKernels } from "../../kernels/choose.ts";
import { matrixFromRows, rowRange, type Matrix } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { atOnce } from "../../threads/pieces.ts";
import { chainingDistance } from "./chaining-distance.ts";
import { cof } from "./index.ts";

function normalRows(rowCount: number, seed: number): number[][] {
  const random = createRandom(seed);
  return Array.from({ length: rowCount }, () => [random.normal(), random.normal()]);
}

describe("cof", () => {
  it("joins each neighbour to the nearest before it, the first links weighing most", () => {
    // Row 0, neighbours 1, 3, 7: links 1, 2, 4 with weights 6/12, 4/12, 2/12.
    expect(atOnce(chainingDistance(Float64Array.from([0, 1, 3, 7]), 1))).toBeCloseTo((6 * 1 + 4 * 2 + 2 * 4) / 12, 15);
  });

  it("gives the ratio to the neighbours' chains, as computed by hand for four places on a line", async () => {
    // Places 0, 1, 3, 10 and k = 2, links weighing 2/3 and 1/3. Chains: 0: 1, 2 -> 4/3. 1: 1, 2 -> 4/3. 3: 2, 1 -> 5/3.
    // 10: 7, 2 -> 16/3. The last row's neighbours are 3 and 1: (16/3) / ((5/3 + 4/3) / 2) = 32/9.
    const { trainingScores } = await fitForTest(cof, matrixFromRows([[0], [1], [3], [10]]), { nNeighbors: 2 });
    expect(largestRelativeDifference(trainingScores, [8 / 9, 8 / 9, 5 / 4, 32 / 9])).toBeLessThan(1e-14);
  });

  it("scores a new row the same whatever rows stand beside it, and a training row as in training", async () => {
    const rows = matrixFromRows(normalRows(80, 1));
    const { model, trainingScores } = await fitForTest(cof, rows, { nNeighbors: 7 });
    expect(scoresOf(model, rows)).toEqual(trainingScores);
    expect(scoresOf(model, rowRange(rows, 5, 6))[0]).toBe(trainingScores[5]);
  });

  it("lets copies of a row change no score", async () => {
    const rows = normalRows(40, 2);
    const once = await fitForTest(cof, matrixFromRows(rows), { nNeighbors: 5 });
    const copied = await fitForTest(cof, matrixFromRows([...rows, ...Array.from({ length: 9 }, () => rows[3])]), {
      nNeighbors: 5,
    });
    expect(copied.trainingScores.slice(0, 40)).toEqual(once.trainingScores);
  });

  it("marks a row beside a line though rows at its ends are farther from all others", async () => {
    const line = Array.from({ length: 41 }, (_, i) => [i, 0]);
    const { trainingScores } = await fitForTest(cof, matrixFromRows([...line, [20.5, 6]]), { nNeighbors: 6 });
    expect(trainingScores[41]).toBeGreaterThan(2 * Math.max(...trainingScores.slice(0, 41)));
  });

  it("scores constant, few and huge rows with finite numbers", async () => {
    for (const rows of [
      [[1], [1], [1]],
      [[1], [2]],
      [[0], [1e300], [-1e300], [1.7e308]],
    ]) {
      for (const compat of ["none", "pyod"]) {
        const { model, trainingScores } = await fitForTest(cof, matrixFromRows(rows), { compat });
        expect(trainingScores.every(Number.isFinite)).toBe(true);
        expect(scoresOf(model, matrixFromRows([[-1.7e308], [1], [5]])).every(Number.isFinite)).toBe(true);
      }
    }
  });

  it("restores a model of equal bits, and refuses a damaged one", async () => {
    const rows = matrixFromRows(normalRows(40, 5));
    const { model } = await fitForTest(cof, rows);
    const state = model.toState();
    expect(scoresOf(cof.restore(state, chooseKernels()), rows)).toEqual(scoresOf(model, rows));
    for (const damage of [
      { values: { ...state.values, neighbourCount: 40 } },
      { values: { ...state.values, skipsEqualRow: null } },
      { arrays: { ...state.arrays, chainingDistances: new Float64Array(39) } },
      { arrays: { ...state.arrays, chainingDistances: new Float64Array(40).fill(-1) } },
    ]) {
      expect(() => cof.restore({ ...state, ...damage }, chooseKernels())).toThrow(
        expect.objectContaining({ code: "MODEL_FILE" }),
      );
    }
  });

  describe.skipIf(sharedFolder === undefined)("against PyOD", () => {
    const cases = parityCases().flatMap(({ name, train, detectors }) =>
      ["fast", "memory"].map((method) => ({ name, method, train, expected: detectors[`COF_${method}_20`].decision_scores })),
    );

    it.each(cases.filter(({ name }) => name === "14_glass" || name === "45_wine"))(
      "agrees on $name, method $method, to 1e-9",
      async ({ train, method, expected }) => {
        const { trainingScores } = await fitForTest(cof, train, { method, compat: "pyod" });
        expect(largestRelativeDifference(trainingScores, expected)).toBeLessThan(1e-9);
      },
    );

    // Equally near rows join the chain in an order that the sort decides, and the links after them change.
    it.each(cases.filter(({ name }) => name === "18_Ionosphere"))(
      "agrees on $name, method $method, on every row whose chains no tie decides",
      async ({ train, method, expected }) => {
        const { trainingScores } = await fitForTest(cof, train, { method, compat: "pyod" });
        const lists = Array.from({ length: train.rowCount }, (_, row) => neighbourList(train, row, 20));
        const untied = [...lists.keys()].filter(
          (row) => !lists[row].isTied && lists[row].indexes.every((other) => !lists[other].isTied),
        );
        expect(untied.length).toBeGreaterThan(100);
        const pick = (values: ArrayLike<number>) => untied.map((row) => values[row]);
        expect(largestRelativeDifference(pick(trainingScores), pick(expected))).toBeLessThan(1e-9);
      },
    );
  });
});

/** The k nearest other rows, and whether any two of the k + 1 nearest are equally far up to rounding. */
function neighbourList(train: Matrix, row: number, k: number): { indexes: number[]; isTied: boolean } {
  const width = train.columnCount;
  const others = Array.from({ length: train.rowCount }, (_, index) => {
    let square = 0;
    for (let column = 0; column < width; column++) {
      square += (train.values[row * width + column] - train.values[index * width + column]) ** 2;
    }
    return { index, square };
  })
    .filter(({ index }) => index !== row)
    .toSorted((a, b) => a.square - b.square)
    .slice(0, k + 1);
  const isTied = others.some(({ square }, i) => i > 0 && square - others[i - 1].square <= 1e-12 * square);
  return { indexes: others.slice(0, k).map(({ index }) => index), isTied };
}
