import { describe, expect, it } from "vitest";
import { fitForTest, largestRelativeDifference, scoresOf } from "../../../test-support/fit.ts";
import { parityCases, sharedFolder } from "../../../test-support/shared-data.ts";
import { chooseKernels } from "../../kernels/choose.ts";
import { matrixFromRows, type Matrix } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { abod } from "./index.ts";

const square = matrixFromRows([
  [0, 0],
  [1, 0],
  [0, 1],
  [1, 1],
]);

function normalRows(rowCount: number, seed: number): number[][] {
  const random = createRandom(seed);
  return Array.from({ length: rowCount }, () => [random.normal(), random.normal(), random.normal()]);
}

describe("abod", () => {
  it("gives minus the variance of the weighted cosines, as computed by hand for a corner of a square", async () => {
    // From (0,0): (1,0).(0,1) / 1 = 0; (1,0).(1,1) / (1 x 2) = 1/2, and (0,1).(1,1) the same: mean 1/3, variance 1/18.
    const { trainingScores } = await fitForTest(abod, square, { nNeighbors: 3 });
    for (const score of trainingScores) expect(score).toBeCloseTo(-1 / 18, 15);
  });

  it("puts a row outside the crowd above every row inside", async () => {
    const rows = [...normalRows(60, 1), [9, 9, 9]];
    const { trainingScores } = await fitForTest(abod, matrixFromRows(rows));
    expect(Math.max(...trainingScores.slice(0, 60))).toBeLessThan(trainingScores[60]);
  });

  it("lets copies of a row change no score", async () => {
    const rows = normalRows(30, 2);
    const once = await fitForTest(abod, matrixFromRows(rows));
    const copied = await fitForTest(abod, matrixFromRows([...rows, rows[4], rows[4], rows[4], rows[4], rows[4], rows[4]]));
    expect(copied.trainingScores.slice(0, 30)).toEqual(once.trainingScores);
  });

  it("gives the cubic method and the fast one with all neighbours the same scores", async () => {
    const rows = matrixFromRows(normalRows(20, 3));
    const all = await fitForTest(abod, rows, { method: "default" });
    const fast = await fitForTest(abod, rows, { nNeighbors: 19 });
    expect(all.trainingScores).toEqual(fast.trainingScores);
  });

  it("scores constant, few, tiny and huge rows with finite numbers", async () => {
    for (const rows of [
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
      [
        [1, 2],
        [3, 4],
      ],
      [
        [0, 0],
        [1e300, 0],
        [0, -1e300],
        [5e299, 1e300],
      ],
      [
        [0, 0],
        [1e-300, 0],
        [0, 1e-300],
        [1e-300, 2e-300],
      ],
    ]) {
      for (const compat of ["none", "pyod"]) {
        const { model, trainingScores } = await fitForTest(abod, matrixFromRows(rows), { compat });
        expect(trainingScores.every(Number.isFinite)).toBe(true);
        expect(
          scoresOf(
            model,
            matrixFromRows([
              [1.7e308, -1.7e308],
              [0, 1],
            ]),
          ).every(Number.isFinite),
        ).toBe(true);
      }
    }
  });

  it("restores a model of equal bits, and refuses a damaged one", async () => {
    const rows = matrixFromRows(normalRows(40, 5));
    const { model, trainingScores } = await fitForTest(abod, rows);
    const state = model.toState();
    expect(scoresOf(abod.restore(state, chooseKernels()), rows)).toEqual(trainingScores);
    for (const values of [{ neighbourCount: 0 }, { neighbourCount: 41 }, { countsEqualRows: 1 }]) {
      const damaged = { ...state, values: { ...state.values, ...values } };
      expect(() => abod.restore(damaged, chooseKernels())).toThrow(expect.objectContaining({ code: "MODEL_FILE" }));
    }
  });

  describe.skipIf(sharedFolder === undefined)("against PyOD", () => {
    const cases = parityCases().flatMap(({ name, train, fresh, detectors }) =>
      [
        { key: "ABOD_fast_5", params: { nNeighbors: 5 } },
        { key: "ABOD_fast_10", params: { nNeighbors: 10 } },
        { key: "ABOD_default", params: { method: "default" } },
      ]
        .filter(({ key }) => detectors[key] !== undefined)
        .map(({ key, params }) => ({ name, key, params, train, fresh, reference: detectors[key] })),
    );

    it.each(cases.filter(({ name }) => name !== "42_WBC"))("agrees on $name, $key, to 1e-9 with compat", async (one) => {
      const { model, trainingScores } = await fitForTest(abod, one.train, { ...one.params, compat: "pyod" });
      expect(largestRelativeDifference(trainingScores, one.reference.decision_scores)).toBeLessThan(1e-9);
      expect(largestRelativeDifference(scoresOf(model, one.fresh), one.reference.decision_function_new)).toBeLessThan(1e-9);
    });

    // 42_WBC has whole numbers as columns: which of several equally near rows is taken differs between searches.
    it.each(cases.filter(({ name }) => name === "42_WBC"))(
      "agrees on $name, $key, on every row whose neighbours no tie decides",
      async ({ train, fresh, params, reference }) => {
        const { model, trainingScores } = await fitForTest(abod, train, { ...params, compat: "pyod" });
        const neighbourCount = params.nNeighbors as number;
        const sides = [
          { rows: train, scores: trainingScores, expected: reference.decision_scores },
          { rows: fresh, scores: scoresOf(model, fresh), expected: reference.decision_function_new },
        ];
        for (const { rows, scores, expected } of sides) {
          const untied = [...scores.keys()].filter((row) => !isTied(train, rows, row, neighbourCount));
          expect(untied.length).toBeGreaterThan(0);
          const pick = (values: ArrayLike<number>) => untied.map((row) => values[row]);
          expect(largestRelativeDifference(pick(scores), pick(expected))).toBeLessThan(1e-9);
        }
      },
    );
  });
});

/** Whether the k-th and the next nearest training row are equally far, up to rounding. */
function isTied(train: Matrix, rows: Matrix, row: number, neighbourCount: number): boolean {
  const width = train.columnCount;
  const squares = Array.from({ length: train.rowCount }, (_, other) => {
    let square = 0;
    for (let column = 0; column < width; column++) {
      square += (rows.values[row * width + column] - train.values[other * width + column]) ** 2;
    }
    return square;
  }).toSorted((a, b) => a - b);
  return squares[neighbourCount] - squares[neighbourCount - 1] <= 1e-12 * squares[neighbourCount];
}
