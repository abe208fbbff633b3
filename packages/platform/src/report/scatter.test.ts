import type { PipelineColumn } from "@nomaly/detect";
import { describe, expect, it } from "vitest";
import { axisRange } from "./axes/axis-range.ts";
import type { Scatter } from "./content.ts";
import { beyondCount, scatterChart } from "./scatter-chart.ts";
import { dateTicks } from "./axes/ticks.ts";

const day = 86_400_000;
const dates = (from: string, to: string): [number, number] => [Date.parse(from), Date.parse(to)];
const texts = (range: [number, number], count: number, stepMin?: number) =>
  dateTicks(range, count, stepMin).map(({ text }) => text);

describe("marks of a date axis", () => {
  it("stand at days where the column holds days, however close", () => {
    expect(texts(dates("2024-03-04T20:00Z", "2024-03-07T04:00Z"), 6, day)).toEqual(["2024-03-05", "2024-03-06", "2024-03-07"]);
  });

  it("stand at full hours, Mondays, months and years", () => {
    expect(texts(dates("2024-03-05T06:10Z", "2024-03-05T18:00Z"), 6)).toEqual([
      "03-05 09:00",
      "03-05 12:00",
      "03-05 15:00",
      "03-05 18:00",
    ]);
    expect(texts(dates("2024-03-05", "2024-03-30"), 5)).toEqual(["2024-03-11", "2024-03-18", "2024-03-25"]);
    expect(texts(dates("2023-12-20", "2024-04-02"), 5)).toEqual(["2024-01", "2024-02", "2024-03", "2024-04"]);
    expect(texts(dates("1899-06-01", "2024-01-01"), 4)).toEqual(["1900", "1950", "2000"]);
    expect(texts(dates("0050-06-01", "0053-02-01"), 4)).toEqual(["0051", "0052", "0053"]);
  });

  it("end, whatever the dates", () => {
    expect(texts([-8.64e15, 8.64e15], 6).length).toBeLessThan(8);
    expect(texts([5, 5], 6)).toHaveLength(1);
    expect(texts([-1e300, 1e300], 6).length).toBeLessThan(8);
  });
});

describe("the range of an axis", () => {
  const bulk = Array.from({ length: 100 }, (_, index) => index);

  it("holds all values that lie within reach of the bulk", () => {
    const [min, max] = axisRange([...bulk, 500]);
    expect([min < 0, max > 500]).toEqual([true, true]);
  });

  it("leaves out an absurd one", () => {
    expect(axisRange([...bulk, 9_999_999])[1]).toBeLessThan(110);
  });

  it("is everything where nine tenths are one value", () => {
    expect(axisRange([...Array.from({ length: 99 }, () => 0), 7])[1]).toBeGreaterThan(7);
    expect(axisRange([-1e308, 1e308])).toEqual([-1e308, 1e308]);
  });
});

describe("the scatter chart", () => {
  const profile = { kind: "number", min: 0, low: 5, median: 50, high: 95, max: 9_999_999, missingCount: 0 } as const;
  const encoding = { kind: "number", center: 0, scale: 1, fill: null, indicator: false } as const;
  const column = (name: string, position: number): PipelineColumn => ({ name, kind: "number", position, encoding, profile });
  const points = Array.from({ length: 101 }, (_, index) => ({
    row: index + 1,
    name: undefined,
    x: index,
    y: index === 40 ? 9_999_999 : (index * 37) % 100,
    score: index,
    isAnomaly: index === 40,
  }));
  const scatter: Scatter = { x: column("across", 0), y: column("up", 1), points, passedOver: [], sampled: false };

  it("draws a row beyond its axes as a mark at the edge, with the value to read", () => {
    const { text } = scatterChart(scatter);
    expect(beyondCount(scatter)).toBe(1);
    expect(text.match(/<polygon/g)).toHaveLength(1);
    expect(text).toMatch(/rotate\(270\)[^]*row 41: across 40, up 9,999,999, score 40/);
    expect(text.match(/<circle/g)).toHaveLength(100);
  });

  it("keeps its labels inside the drawing", () => {
    const { text } = scatterChart({ ...scatter, x: { ...scatter.x, kind: "date" }, y: { ...scatter.y, kind: "date" } });
    for (const [, x] of text.matchAll(/class="tick"\s+x="([\d.]+)"/g)) expect(Number(x)).toBeGreaterThan(30);
  });
});
