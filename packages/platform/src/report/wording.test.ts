import { describe, expect, it } from "vitest";
import { histogramOf } from "./histogram.ts";
import { missingShareText, numberText, percentText, rankText, rankTexts, scoreTexts, usualText, valueText } from "./wording.ts";
import { roundTicks } from "./axes/scale.ts";

describe("numbers", () => {
  it("are short, and years stay years", () => {
    expect([0.512345, 12.3456, 1234.5, 1982, 12345, 1e12, 0.0001234, 0, -3.25].map(numberText)).toEqual([
      "0.5123",
      "12.35",
      "1235",
      "1982",
      "12,345",
      "1,000,000,000,000",
      "1.23e-4",
      "0",
      "-3.25",
    ]);
  });

  it("stay apart from their bounds when they are large", () => {
    expect([1.2345e18, 1.2399e18, 2e300].map(numberText)).toEqual(["1.2345e+18", "1.2399e+18", "2e+300"]);
  });

  it("as shares never round to all or nothing", () => {
    expect([0, 0.0001, 0.05, 0.5, 0.9999, 1].map(percentText)).toEqual(["0 %", "under 0.1 %", "5 %", "50 %", "99.9 %", "100 %"]);
  });

  it("as ranks have one decimal where anomalies are", () => {
    expect([0.5, 0.98, 0.99, 0.997, 0.9999, 1].map(rankText)).toEqual([
      "50 %",
      "98.0 %",
      "99.0 %",
      "99.7 %",
      "99.9 %",
      "100.0 %",
    ]);
  });

  it("have as many more digits as different ranks and scores need to differ", () => {
    expect(rankTexts([0.99, 0.5])).toEqual(["99.0 %", "50 %"]);
    expect(rankTexts([53939 / 53940, 53938 / 53940, 0.57])).toEqual(["99.998 %", "99.996 %", "57.000 %"]);
    expect(rankTexts([1, 1 - 1e-9, 1 - 2e-9])).toEqual(["100.00000 %", "99.99999 %", "99.99999 %"]);
    expect(scoreTexts([0.99921, 0.9992, 0.5])).toEqual(["0.99921", "0.9992", "0.5"]);
    expect(scoreTexts([12345.67, 12345.6, 3])).toEqual(["12,345.7", "12,345.6", "3"]);
    expect(scoreTexts([2.5, 2.5])).toEqual(["2.5", "2.5"]);
    // A mean of ranks below 1 is not shown as 1; at most eight digits are shown.
    expect(scoreTexts([0.99996])).toEqual(["0.99996"]);
    expect(scoreTexts([1.1e-7, 1.1000000001e-7])).toEqual(["1.1e-7", "1.1e-7"]);
  });

  it("are dates, flags and missing values where they stand for them", () => {
    expect(valueText(Date.UTC(2024, 1, 3), "date")).toBe("2024-02-03");
    expect(valueText(Date.UTC(2024, 1, 3, 4, 5), "date")).toBe("2024-02-03 04:05");
    expect([valueText(1, "boolean"), valueText(null, "number")]).toEqual(["true", "missing"]);
  });
});

describe("usual values", () => {
  it("never round a share of missing values to none or all", () => {
    expect([0, 0.0004, 0.0005, 0.5, 0.9999, 1].map(missingShareText)).toEqual([
      "0 %",
      "under 0.1 %",
      "0.1 %",
      "50 %",
      "99.9 %",
      "100 %",
    ]);
  });

  it("say usual days, not hours, where all dates are days", () => {
    const [low, high] = [Date.UTC(2024, 0, 2, 19, 12), Date.UTC(2024, 0, 27, 4, 48)];
    const days = {
      kind: "number",
      min: Date.UTC(2024, 0, 1),
      low,
      median: low,
      high,
      max: Date.UTC(2024, 0, 28),
      missingCount: 0,
    } as const;
    expect(usualText(days, "date")).toBe("2024-01-03 to 2024-01-27");
    expect(usualText({ ...days, max: Date.UTC(2024, 0, 28, 1) }, "date")).toBe("2024-01-02 19:12 to 2024-01-27 04:48");
  });

  it("name the usual categories", () => {
    const commonest = [
      { value: "USA", share: 0.6 },
      { value: "Japan", share: 0.25 },
      { value: "Europe", share: 0.15 },
    ];
    expect(usualText({ kind: "category", commonest, distinctCount: 3, missingCount: 0 }, "text")).toBe(
      "USA (60 %) or Japan (25 %)",
    );
  });
});

describe("histogramOf", () => {
  it("counts every score once", () => {
    const { counts, edges } = histogramOf(Float64Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 10), 5);
    expect(counts).toEqual([2, 2, 2, 2, 2]);
    expect(edges).toEqual([0, 2, 4, 6, 8, 10]);
  });

  it("lets a few extreme scores lie beyond its last edge, and counts them in the last bin", () => {
    const scores = Float64Array.from({ length: 1000 }, (_, row) => (row === 0 ? 1e6 : row / 1000));
    const { counts, beyondCount, max } = histogramOf(scores, 10);
    expect(counts.reduce((sum, count) => sum + count)).toBe(1000);
    expect([beyondCount, max]).toEqual([1, 1e6]);
    expect(Math.max(...counts)).toBeLessThan(200);
  });

  it("shows scores that differ by rounding alone as one bar beside the extreme one", () => {
    const scores = Float64Array.from({ length: 1000 }, (_, row) => (row === 0 ? 4.6 : row % 2 === 0 ? 1.9 : 1.9 + 4e-16));
    const { counts, anomalyCounts, beyondCount } = histogramOf(scores, 10, 1.9 + 4e-16);
    expect([counts[0], counts[9], beyondCount]).toEqual([999, 1, 0]);
    expect([anomalyCounts[0], anomalyCounts[9]]).toEqual([0, 1]);
  });

  it("takes equal, huge and no scores", () => {
    expect(histogramOf(Float64Array.of(3, 3, 3), 4).counts).toEqual([3, 0, 0, 0]);
    expect(histogramOf(Float64Array.of(-1e308, 1e308), 4).counts.reduce((sum, count) => sum + count)).toBe(2);
    expect(histogramOf(new Float64Array(0), 4).counts).toEqual([0, 0, 0, 0]);
  });
});

it("axis marks are round numbers", () => {
  expect(roundTicks(0.41, 0.62, 5)).toEqual([0.45, 0.5, 0.55, 0.6]);
  expect(roundTicks(1932, 4464, 6)).toEqual([2000, 2500, 3000, 3500, 4000]);
  expect(roundTicks(5, 5, 6)).toEqual([5]);
});
