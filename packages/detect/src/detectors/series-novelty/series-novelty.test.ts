import { describe, expect, it } from "vitest";
import { expectCode } from "../../../test-support/expect-code.ts";
import { fitForTest, scoresOf } from "../../../test-support/fit.ts";
import { referencedSeries } from "../../../test-support/series-data.ts";
import { sharedFolder } from "../../../test-support/shared-data.ts";
import { cloningThreads } from "../../conformance/cloning-threads.ts";
import type { IncrementalModel } from "../../detector/detector.ts";
import { referenceKernels } from "../../kernels/reference/index.ts";
import { type Matrix, rowRange } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { taskTable } from "../../threads/task-table.ts";
import { seriesNovelty } from "./index.ts";

const series = referencedSeries().map((one) => [one.name, one] as const);

function seriesOf(rowCount: number, valueAt: (row: number) => number): Matrix {
  return { rowCount, columnCount: 1, values: Float64Array.from({ length: rowCount }, (_, row) => valueAt(row)) };
}

/** A wave with some noise. */
function wave(rowCount: number, seed = 3): Matrix {
  const random = createRandom(seed);
  return seriesOf(rowCount, (row) => Math.sin(row / 9) + 0.1 * random.normal());
}

async function modelOf(train: Matrix): Promise<IncrementalModel> {
  return (await fitForTest(seriesNovelty, train)).model as IncrementalModel;
}

/** The scores of a caller who scores each row, then learns it. */
function streamed(model: IncrementalModel, rows: Matrix): Float64Array {
  const scores = new Float64Array(rows.rowCount);
  for (let row = 0; row < rows.rowCount; row++) {
    const one = rowRange(rows, row, row + 1);
    scores[row] = scoresOf(model, one)[0];
    model.update(one);
  }
  return scores;
}

function largestDifference(actual: Float64Array, expected: readonly number[]): number {
  expect(actual).toHaveLength(expected.length);
  return actual.reduce((largest, score, row) => Math.max(largest, Math.abs(score - expected[row])), 0);
}

describe.skipIf(sharedFolder === undefined)("series-novelty on the public series (needs the shared data)", () => {
  it.each(series)("gives every row of %s the score of the independent reference", async (_, { rows, scores }) => {
    const { trainingScores } = await fitForTest(seriesNovelty, rows);
    expect(largestDifference(trainingScores, scores)).toBeLessThan(1e-6);
  });

  it.each(series)(
    "streams %s from row 151 on with the scores of one pass, over a save in between",
    async (_, { rows, scores }) => {
      const { trainingScores } = await fitForTest(seriesNovelty, rows);
      const first = await modelOf(rowRange(rows, 0, 151));
      const middle = Math.floor(rows.rowCount / 2);
      const before = streamed(first, rowRange(rows, 151, middle));
      const restored = seriesNovelty.restore(structuredClone(first.toState()), referenceKernels);
      const after = streamed(restored, rowRange(rows, middle, rows.rowCount));
      expect([...before, ...after]).toEqual([...trainingScores.subarray(151)]);
      expect(Math.max(...scores)).toBeGreaterThan(5);
    },
  );
});

describe("series-novelty", () => {
  it("gives the first 150 rows 0, and scores from then on", async () => {
    const { trainingScores } = await fitForTest(seriesNovelty, wave(400));
    expect(trainingScores.subarray(0, 150).every((score) => score === 0)).toBe(true);
    expect(trainingScores.subarray(150).every((score) => score > 0)).toBe(true);
  });

  it.each([
    ["a level", (row: number, value: number) => (row >= 1500 && row < 1520 ? value + 3 : value)],
    ["silence", (row: number, value: number) => (row >= 1500 && row < 1560 ? 0.9 : value)],
    ["a fast rhythm", (row: number, value: number) => (row >= 1500 && row < 1530 ? Math.sin(row * 2) : value)],
  ])("finds %s that a wave has never had, within the rows whose averages hold it", async (_, eventAt) => {
    const { values } = wave(2500);
    const { trainingScores } = await fitForTest(
      seriesNovelty,
      seriesOf(2500, (row) => eventAt(row, values[row])),
    );
    const later = trainingScores.subarray(300);
    const top = 300 + later.indexOf(Math.max(...later));
    expect(top).toBeGreaterThanOrEqual(1500);
    expect(top).toBeLessThan(1590);
    expect(trainingScores[top]).toBeGreaterThan(1.75);
  });

  it("takes what has come often for usual", async () => {
    const { values } = wave(9000);
    const again = seriesOf(9000, (row) => values[row] + (row % 300 < 10 ? 3 : 0));
    const { trainingScores } = await fitForTest(seriesNovelty, again);
    const highest = (start: number) => Math.max(...trainingScores.subarray(start, start + 40));
    expect(highest(300)).toBeGreaterThan(6);
    expect(highest(8700)).toBeLessThan(3.5);
  });

  it("gives the same scores in other units, to rounding", async () => {
    const train = wave(2000);
    const { trainingScores } = await fitForTest(seriesNovelty, train);
    for (const change of [(x: number) => 1000 * x, (x: number) => x + 20, (x: number) => -x]) {
      const other = await fitForTest(
        seriesNovelty,
        seriesOf(2000, (row) => change(train.values[row])),
      );
      expect(largestDifference(other.trainingScores, [...trainingScores])).toBeLessThan(1e-6);
    }
  });

  it("takes changes far below a billionth of the level for rounding", async () => {
    const { values } = wave(2000);
    const eventAt = (row: number) => (row >= 1500 && row < 1520 ? 20 : 0);
    const { trainingScores } = await fitForTest(
      seriesNovelty,
      seriesOf(2000, (row) => 1e12 + 1e-3 * (values[row] + eventAt(row))),
    );
    expect(Math.max(...trainingScores.subarray(300))).toBeLessThan(1.75);
  });

  it("scores several new rows as what each would be as the next one", async () => {
    const model = await modelOf(wave(500));
    const [usual, far] = scoresOf(
      model,
      seriesOf(2, (row) => (row === 0 ? 0 : 40)),
    );
    expect(
      scoresOf(
        model,
        seriesOf(1, () => 40),
      ),
    ).toEqual(Float64Array.of(far));
    expect(far).toBeGreaterThan(usual + 12);
  });

  it("is as large after many rows as after few", async () => {
    const sizeOf = (model: IncrementalModel) =>
      Object.values(model.toState().arrays).reduce((sum, array) => sum + array.byteLength, 0);
    const model = await modelOf(wave(200));
    const before = sizeOf(model);
    model.update(wave(5000));
    expect(sizeOf(model)).toBe(before);
    expect(before).toBeLessThan(32_000);
  });

  it.each([
    ["one value", () => 5],
    ["one large value", () => 1e300],
    ["a straight line", (row: number) => row],
    ["a smooth wave without noise", (row: number) => Math.sin(row / 50)],
    ["two values in turn", (row: number) => row % 2],
    ["the ends of float64 in turn", (row: number) => (row % 2 === 0 ? 1 : -1) * Number.MAX_VALUE],
    ["one value of 1e308", (row: number) => (row === 700 ? 1e308 : Math.sin(row))],
    ["tiny values", (row: number) => (row % 7) * 5e-324],
    ["a large offset", (row: number) => 1e15 + (row % 5)],
    ["a constant, then a wave", (row: number) => (row < 40_000 ? 1 : Math.sin(row / 9))],
  ])("keeps finite scores from 0 to 24 over 60,000 rows of %s", async (_, valueAt) => {
    const { model, trainingScores } = await fitForTest(seriesNovelty, seriesOf(60_000, valueAt));
    expect(trainingScores.every((score) => score >= 0 && score <= 24)).toBe(true);
    const restored = seriesNovelty.restore(model.toState(), referenceKernels);
    expect(restored.toState()).toEqual(model.toState());
  });

  it("counts a value beyond 1e100 as 1e100", async () => {
    const [far, farther] = await Promise.all(
      [1e100, 1e200].map((huge) => modelOf(seriesOf(300, (row) => (row === 200 ? huge : row % 9)))),
    );
    expect(farther.toState()).toEqual(far.toState());
  });

  it("learns a long series in blocks on a thread to the same bits, tells progress, and stops between blocks", async () => {
    const train = wave(250_001);
    const expected = await fitForTest(seriesNovelty, train);
    const progress: number[] = [];
    const threads = cloningThreads(taskTable([seriesNovelty]), 2);
    const context = { random: createRandom(1), kernels: referenceKernels, threads };
    const fitted = await seriesNovelty.fit(train, {}, { ...context, progress: (done) => progress.push(done) });
    expect(fitted.trainingScores).toEqual(expected.trainingScores);
    expect(fitted.model.toState()).toEqual(expected.model.toState());
    expect(progress).toEqual([100_000 / 250_001, 200_000 / 250_001, 1]);
    const stopping = new AbortController();
    const stopped = seriesNovelty.fit(train, {}, { ...context, signal: stopping.signal, progress: () => stopping.abort() });
    await expect(stopped).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("refuses two columns", async () => {
    const train = { rowCount: 200, columnCount: 2, values: new Float64Array(400) };
    await expect(fitForTest(seriesNovelty, train)).rejects.toMatchObject({ code: "SHAPE", received: "2 columns" });
  });

  it("refuses damaged states", async () => {
    const state = (await modelOf(wave(900))).toState();
    const changed = (name: string, at: number, value: number) => {
      const array = (state.arrays[name] as Float64Array).slice();
      array[at] = value;
      return { ...state, arrays: { ...state.arrays, [name]: array } };
    };
    for (const damaged of [
      { ...state, values: { rowCount: -1 } },
      { ...state, values: { rowCount: 0.5 } },
      { ...state, values: {} },
      { ...state, arrays: { ...state.arrays, windows: new Float64Array(2505) } },
      { ...state, arrays: { ...state.arrays, recent: new Float32Array(55) } },
      changed("windows", 9, Number.NaN),
      changed("recent", 3, 1e101),
      changed("novelties", 0, -0.5),
      changed("surprises", 0, 1e121),
      changed("averages", 1, -1),
      changed("extremes", 0, 9e99),
      changed("coefficients", 8, 1e101),
      changed("covariance", 80, 3e6),
      changed("squaredError", 0, 26),
    ]) {
      expectCode("MODEL_FILE", () => seriesNovelty.restore(damaged, referenceKernels));
    }
  });

  it("learns to predict again from a state whose covariance is none", async () => {
    const { values, arrays } = (await modelOf(wave(900))).toState();
    const covariance = arrays["covariance"].map((value) => -value);
    const model = seriesNovelty.restore({ values, arrays: { ...arrays, covariance } }, referenceKernels) as IncrementalModel;
    const sound = await modelOf(wave(900));
    for (const each of [model, sound]) each.update(wave(3000, 4));
    const [error, expected] = [model, sound].map((each) => each.toState().arrays["squaredError"][0]);
    expect(error).toBeLessThan(1.1 * expected);
  });
});
