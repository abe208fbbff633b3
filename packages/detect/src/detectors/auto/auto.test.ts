import { describe, expect, it } from "vitest";
import { expectCode } from "../../../test-support/expect-code.ts";
import { fitForTest } from "../../../test-support/fit.ts";
import { createLibrary } from "../../core.ts";
import { auto } from "./index.ts";
import { createRandom } from "../../random.ts";
import { fitSeconds, plannedAbsences, predictedSeconds } from "./members.ts";
import { restoreScores, keptScores, midRankOf, allScores } from "./mid-rank.ts";
import { learnScales, writeSpace } from "./spaces.ts";
import { chooseKernels } from "../../kernels/choose.ts";
import { atOnce } from "../../threads/pieces.ts";
import { matrixFromRows } from "../../matrix.ts";

const { detect, load } = createLibrary({ detectors: [auto] });

const params = {
  nEstimators: 300,
  trim: 0.3,
  referenceRows: 2000,
  nNeighbors: 10,
  neighbors: true,
  clusters: true,
  covariance: true,
  timeBudget: 20,
};
const namesOf = (absences: readonly { name: string }[]) => absences.map(({ name }) => name);

/** Two related columns and one of noise; the last row breaks the relation with values that are usual in themselves. */
function related(rowCount: number): number[][] {
  const random = createRandom(4);
  const rows = Array.from({ length: rowCount }, () => {
    const x = random.normal();
    return [x, 2 * x + 0.1 * random.normal(), random.normal()];
  });
  return [...rows, [1.5, -3, 0]];
}

describe("a mid-rank", () => {
  const sortedScores = allScores(Float64Array.of(1, 2, 2, 2, 5));

  it("is (average rank - 1/2) / n of a score among the training scores", () => {
    // scipy.stats.rankdata([1, 2, 2, 2, 5]) is [1, 3, 3, 3, 5]
    expect([1, 2, 5].map((score) => midRankOf(sortedScores, score))).toEqual([0.1, 0.5, 0.9]);
  });

  it("is the share below a score between two training scores, 0 below all", () => {
    expect([0, 1.5, 3].map((score) => midRankOf(sortedScores, score))).toEqual([0, 0.2, 0.8]);
  });

  it("goes on rising above all training scores, and stays at most 1", () => {
    const midRanks = [5, 5.001, 8, 1e9, Number.POSITIVE_INFINITY].map((score) => midRankOf(sortedScores, score));
    expect(midRanks).toEqual(midRanks.toSorted((a, b) => a - b));
    expect(new Set(midRanks).size).toBe(5);
    // One spread (5 - 2) above the highest: 4.5 and half of the half that is left, of 5.
    expect(midRanks[2]).toBeCloseTo((4.5 + 0.25) / 5, 14);
    expect(midRanks[4]).toBe(1);
  });

  it("of a long list keeps the highest 8,192 exactly and the others within a step", () => {
    const sorted = Float64Array.from({ length: 100_000 }, (_, i) => i);
    const short = keptScores(sorted);
    expect(short.scores).toHaveLength(16_384);
    for (const score of [99_999, 95_000, 91_809]) expect(midRankOf(short, score)).toBe((score + 0.5) / 100_000);
    for (let score = 3; score < 91_000; score += 997) {
      expect(Math.abs(midRankOf(short, score) - (score + 0.5) / 100_000)).toBeLessThan(12 / 100_000);
    }
    expect(keptScores(sorted.subarray(0, 16_384)).scores).toHaveLength(16_384);
  });

  it("is refused from a state whose scores or places are not in order", () => {
    const state = (scores: number[], places: number[]) => ({
      values: {},
      arrays: { trainingScores: Float64Array.from(scores), trainingPlaces: Uint32Array.from(places) },
    });
    expect(restoreScores(state([1, 2], [0, 1]), 2).rowCount).toBe(2);
    for (const [scores, places] of [
      [
        [2, 1],
        [0, 1],
      ],
      [
        [1, 2],
        [0, 0],
      ],
      [
        [1, 2],
        [1, 2],
      ],
      [
        [1, 2],
        [0, 2],
      ],
      [[], []],
    ]) {
      expectCode("MODEL_FILE", () => restoreScores(state(scores, places), 2));
    }
  });
});

describe("the spaces", () => {
  it("scale by median and quartiles, then bend and standardise", () => {
    const rows = matrixFromRows([
      [1, 7],
      [2, 7],
      [3, 7],
      [4, 7],
      [100, 7],
    ]);
    const scales = atOnce(learnScales(rows, chooseKernels()));
    expect([...scales.columns]).toEqual([0]);
    // numpy: median 3, percentiles 25 and 75 are 2 and 4.
    expect(scales.medians[0]).toBe(3);
    expect(scales.spreads[0]).toBeCloseTo(2 / 1.349, 14);
    const robust = new Float64Array(5);
    writeSpace("robust", rows, scales, robust);
    expect(robust[4]).toBeCloseTo(97 / (2 / 1.349), 12);
    const transformed = new Float64Array(5);
    writeSpace("asinh", rows, scales, transformed);
    expect(transformed.reduce((a, b) => a + b)).toBeCloseTo(0, 12);
    expect(transformed.reduce((a, b) => a + b * b, 0) / 5).toBeCloseTo(1, 12);
  });

  it("use the 5 % and 95 % percentiles where the quartiles are equal, then the standard deviation", () => {
    const spreadOf = (values: number[]) =>
      atOnce(learnScales(matrixFromRows(values.map((v) => [v])), chooseKernels())).spreads[0];
    // numpy.percentile([0] * 17 + [1, 1, 1], [5, 95]) is [0, 1]
    expect(spreadOf([...Array<number>(17).fill(0), 1, 1, 1])).toBeCloseTo(1 / 3.29, 14);
    // numpy.std([0] * 99 + [1]) is 0.099498743710662
    expect(spreadOf([...Array<number>(99).fill(0), 1])).toBeCloseTo(0.099498743710662, 14);
  });
});

describe("the budget", () => {
  it("leaves members out in the stated order until the rest keep within it", () => {
    const seconds = predictedSeconds(100_000, 20, params);
    const whole = Object.values(seconds).reduce((a, b) => a + b);
    const absentWithin = (timeBudget: number) => namesOf(plannedAbsences(100_000, 20, { ...params, timeBudget }));
    expect(absentWithin(whole)).toEqual([]);
    expect(absentWithin(whole - 0.001)).toEqual(["neighbors"]);
    expect(absentWithin(whole - seconds.neighbors - 0.001)).toEqual(["neighbors", "covariance"]);
    expect(absentWithin(0)).toEqual(["neighbors", "asinhNeighbors", "clusters", "covariance"]);
  });

  it("leaves no cheap member out where a dear one has to leave anyway", () => {
    const seconds = predictedSeconds(3000, 280, params);
    expect(seconds.covariance).toBeGreaterThan(params.timeBudget);
    const [absent, ...others] = plannedAbsences(3000, 280, params);
    expect([absent.name, others]).toEqual(["covariance", []]);
    const whole = Math.round(Object.values(seconds).reduce((a, b) => a + b));
    expect(absent.reason).toMatch(`with it the fit would take about ${whole} s, the time budget is 20 s`);
  });

  it("tells how long the members that take part will take, and the scoring of other rows", () => {
    const seconds = predictedSeconds(300_000, 20, params);
    const whole = Object.values(seconds).reduce((a, b) => a + b);
    const size = { rowCount: 100_000, columnCount: 20, scoredRowCount: 300_000 };
    expect(fitSeconds(size, { ...params, timeBudget: 1000 })).toBeCloseTo(whole, 12);
    // The budget is held against the fit, which leaves out the same members as without other rows.
    expect(fitSeconds(size, { ...params, timeBudget: 0 })).toBeCloseTo(seconds.forest, 12);
  });

  it("leaves the covariance out beyond 300 columns", () => {
    const unbounded = { ...params, timeBudget: 1e6 };
    expect(namesOf(plannedAbsences(5000, 300, unbounded))).toEqual([]);
    expect(namesOf(plannedAbsences(5000, 301, unbounded))).toEqual(["covariance"]);
  });

  it("leaves the covariance out of two rows", () => {
    expect(plannedAbsences(2, 3, params)).toEqual([{ name: "covariance", reason: "2 rows are fewer than the 3 that it needs" }]);
    expect(plannedAbsences(3, 3, params)).toEqual([]);
  });

  it("a member switched off says so", () => {
    expect(plannedAbsences(100, 3, { ...params, clusters: false })).toEqual([
      { name: "clusters", reason: "switched off by the parameter clusters" },
    ]);
  });
});

describe("auto", () => {
  it("finds a broken relation that the forest alone does not, and says which members saw it", async () => {
    const rows = related(500);
    const { model, ranks } = await detect(rows, { detector: "auto", contamination: 0.02 });
    expect(ranks[500]).toBeGreaterThan(0.98);
    expect(model.ensemble?.members.map(({ name }) => name)).toEqual([
      "forest",
      "neighbors",
      "asinhNeighbors",
      "clusters",
      "covariance",
    ]);
    const [{ votes, reasons }] = model.explain([rows[500]]).rows;
    expect(votes?.find(({ name }) => name === "covariance")).toMatchObject({ label: 1 });
    expect(
      reasons
        .slice(0, 2)
        .map(({ column }) => column)
        .toSorted(),
    ).toEqual(["column_0", "column_1"]);
  });

  it.each([
    ["a threshold that is a score", related(100)],
    ["most scores equal to the threshold", [...Array.from({ length: 99 }, () => [1, 2]), [5, 9]]],
    ["few different rows", Array.from({ length: 300 }, (_, i) => [i % 3, (i % 3) * 2])],
  ])("lets no member find more training rows than are labelled, with %s", async (_, rows) => {
    const { labels, model } = await detect(rows, { detector: "auto", columns: rows[0].map((__, at) => `column_${at}`) });
    const labelledCount = labels.reduce((sum, label) => sum + label, 0);
    // Scores anew would find reference rows among their own neighbours: the forest and the covariance have none.
    for (const [at, { name }] of (model.ensemble?.members ?? []).entries()) {
      if (name !== "forest" && name !== "covariance") continue;
      const foundCount = model.votes(rows).filter((votes) => votes[at].label === 1).length;
      expect(foundCount, name).toBeLessThanOrEqual(labelledCount);
    }
  });

  it("lets members find a new row beyond all training rows where the threshold labels none of those", async () => {
    const rows = related(200);
    const { model, labels } = await detect(rows, { detector: "auto", threshold: { method: "fixed", value: 0.996 } });
    expect(labels).not.toContain(1);
    const [votes] = model.votes([[1e6, -1e6, 1e6]]);
    expect(votes.filter(({ label }) => label === 1).map(({ name }) => name)).toContain("covariance");
    expect(model.votes(rows).every((list) => list.every(({ name, label }) => name === "asinhNeighbors" || label === 0))).toBe(
      true,
    );
  });

  it("keeps its members in one file, with the same scores and votes", async () => {
    const rows = related(200);
    const { model } = await detect(rows, { detector: "auto", params: { clusters: false } });
    const again = load(model.save());
    expect(again.score(rows)).toEqual(model.score(rows));
    expect(again.ensemble).toEqual(model.ensemble);
    expect(again.ensemble?.leftOut).toMatchObject([{ name: "clusters", detectorId: "cblof" }]);
    expect(again.explain(rows.slice(0, 3))).toEqual(model.explain(rows.slice(0, 3)));
  });

  it.each([
    [
      "two rows",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["one column of two values", Array.from({ length: 50 }, (_, i) => [i % 2])],
    ["copies of one row and another", [...Array.from({ length: 30 }, () => [1, 2]), [5, 5]]],
  ])("answers for %s", async (_, rows) => {
    const { scores, model } = await detect(rows, { detector: "auto", columns: rows[0].map((__, at) => `column_${at}`) });
    expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
    expect(model.ensemble?.members.length).toBeGreaterThan(0);
  });

  it.each([150, 3000, 20_000])(
    "scores its %i training rows as it did when it learned, as a row is not its own neighbour",
    async (rowCount) => {
      const rows = related(rowCount).map((row, i) => (i % 7 === 0 ? related(rowCount)[(i + 7) % rowCount] : row));
      const { model, scores } = await detect(rows, { detector: "auto" });
      expect(model.score(rows)).toEqual(scores);
      expect(load(model.save()).score(rows)).toEqual(scores);
      // A row beside a training row is a new one: that row is its neighbour.
      const beside = rows.map(([first, ...others]) => [first * (1 + 1e-9), ...others]);
      expect(model.score(beside)).not.toEqual(scores);
    },
  );

  it("is refused from a state whose references are damaged", async () => {
    const { model } = await fitForTest(auto, matrixFromRows(related(150)));
    const state = model.toState();
    const restored = (arrays: Record<string, unknown>) =>
      auto.restore({ ...state, arrays: { ...state.arrays, ...arrays } } as never, chooseKernels());
    expect(restored({}).columnCount).toBe(state.values["columnCount"]);
    const references = state.arrays["references"] as Float64Array;
    for (const damage of [
      { references: references.slice(0, -1) },
      { references: new Float64Array() },
      { references: references.map((value, i) => (i === 3 ? Number.NaN : value)) },
      { "neighbors.referenceScores": new Float64Array(3) },
    ]) {
      expectCode("MODEL_FILE", () => restored(damage));
    }
    const { references: _gone, ...others } = state.arrays;
    expectCode("MODEL_FILE", () => auto.restore({ ...state, arrays: others }, chooseKernels()));
  });

  it("gives equal rows equal training scores, whether they are reference rows or not", async () => {
    const random = createRandom(9);
    const rows = Array.from({ length: 4000 }, () => [random.integer(60), random.integer(60)]);
    const { scores } = await detect(rows, { detector: "auto" });
    const scoreOf = new Map<string, number>();
    for (const [at, row] of rows.entries()) {
      const known = scoreOf.get(row.join(" "));
      if (known !== undefined) expect(scores[at]).toBe(known);
      scoreOf.set(row.join(" "), scores[at]);
    }
  });
});
