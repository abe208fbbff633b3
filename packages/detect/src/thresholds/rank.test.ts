import { describe, expect, it } from "vitest";
import { expectCode } from "../../test-support/expect-code.ts";
import { createRandom } from "../random.ts";
import { createRanker, orderStatisticCountMax, rankStateOf, restoreRanker } from "./rank.ts";

describe("rank", () => {
  it("is the share of training scores strictly below", () => {
    const ranker = createRanker(rankStateOf(Float64Array.of(1, 2, 2, 5)));
    expect([0, 1, 1.5, 2, 3, 5, 9].map((score) => ranker.rank(score))).toEqual([0, 0, 0.25, 0.25, 0.75, 0.75, 1]);
  });

  it("tells the share of training scores not above a score", () => {
    const ranker = createRanker(rankStateOf(Float64Array.of(1, 2, 2, 5)));
    expect([0, 1, 1.5, 2, 3, 5, 9].map((score) => ranker.shareUpTo(score))).toEqual([0, 0.25, 0.25, 0.75, 0.75, 1, 1]);
  });

  it("orders infinite scores at the ends", () => {
    const ranker = createRanker(rankStateOf(Float64Array.of(0, 1)));
    expect(ranker.rank(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(ranker.rank(Number.POSITIVE_INFINITY)).toBe(1);
  });

  it("is at most 1/65,535 too low, never too high and never decreasing, for more rows than are kept", () => {
    const random = createRandom(3);
    // Rounded, so that there are many ties.
    const sorted = Float64Array.from({ length: 200_003 }, () => Math.round(random.normal() * 20_000) / 20_000).sort();
    const ranker = createRanker(rankStateOf(sorted));
    expect(ranker.state.orderStatistics.length).toBe(orderStatisticCountMax);
    let below = 0;
    let previous = 0;
    for (let i = 0; i < sorted.length; i++) {
      if (i > 0 && sorted[i] !== sorted[i - 1]) below = i;
      const error = below / sorted.length - ranker.rank(sorted[i]);
      if (!(error >= 0 && error <= 1 / 65_535)) expect.fail(`error ${error} at ${i}`);
      if (!(ranker.rank(sorted[i]) >= previous)) expect.fail(`decreases at ${i}`);
      previous = ranker.rank(sorted[i]);
    }
    expect(ranker.rank(sorted[0])).toBe(0);
    expect(ranker.rank(sorted[sorted.length - 1] + 1)).toBe(1);
  });

  it("is exact up to 65,536 rows", () => {
    const sorted = Float64Array.from({ length: orderStatisticCountMax }, (_, i) => i);
    const ranker = createRanker(rankStateOf(sorted));
    for (const i of [0, 1, 12_345, orderStatisticCountMax - 1]) expect(ranker.rank(i)).toBe(i / orderStatisticCountMax);
  });

  it("survives its state", () => {
    const ranker = createRanker(rankStateOf(Float64Array.of(1, 4, 9)));
    expect(restoreRanker(ranker.state).rank(5)).toBe(ranker.rank(5));
  });

  it("refuses a state that is not one of ours", () => {
    expectCode("MODEL_FILE", () => restoreRanker({ orderStatistics: Float64Array.of(2, 1), rowCount: 2 }));
    expectCode("MODEL_FILE", () => restoreRanker({ orderStatistics: Float64Array.of(1, Number.NaN), rowCount: 2 }));
    expectCode("MODEL_FILE", () => restoreRanker({ orderStatistics: Float64Array.of(1, 2), rowCount: 3 }));
    expectCode("MODEL_FILE", () => restoreRanker({ orderStatistics: new Float64Array(0), rowCount: 0 }));
    expectCode("MODEL_FILE", () => restoreRanker({ orderStatistics: Float64Array.of(1), rowCount: 1.5 }));
  });
});
