import { expect, it } from "vitest";
import { createRandom } from "@nomaly/detect";
import { createLatencyHistogram } from "./latency-histogram.ts";

function histogramOf(values: readonly number[]) {
  const histogram = createLatencyHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

it("percentiles are those of the sorted values, within 1/256, from microseconds to minutes", () => {
  const random = createRandom(3);
  const values = Array.from({ length: 5000 }, () => 10 ** (random.uniform() * 8 - 2));
  const histogram = histogramOf(values);
  const sorted = values.toSorted((a, b) => a - b);
  for (const share of [0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999]) {
    const exact = sorted[Math.ceil(share * sorted.length) - 1];
    // Values are counted in whole microseconds.
    expect(Math.abs((histogram.percentileMs(share) ?? Number.NaN) - exact)).toBeLessThanOrEqual(exact / 256 + 0.0006);
  }
  expect(histogram.meanMs).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / 5000, 6);
  expect([histogram.minMs, histogram.maxMs, histogram.count]).toEqual([sorted[0], sorted[4999], 5000]);
});

it("small values are exact, and the ends of a bucket stay in it", () => {
  for (const value of [0, 1, 127, 128, 129, 255, 256, 1023, 2 ** 31, 2 ** 32 - 1]) {
    const found = histogramOf([value / 1000, value / 1000, value / 1000]).percentileMs(0.5);
    expect(found).toBe(value / 1000);
  }
});

it("a 95th percentile needs more than 20 values, a 90th more than 10, a 99th more than 100", () => {
  const upTo = (count: number) => histogramOf(Array.from({ length: count }, (_, index) => index + 1));
  expect([upTo(20).percentileMs(0.95), upTo(21).percentileMs(0.95)]).toEqual([null, expect.closeTo(20, 0)]);
  expect([upTo(10).percentileMs(0.9), upTo(11).percentileMs(0.9)]).toEqual([null, expect.closeTo(10, 0)]);
  expect([upTo(100).percentileMs(0.99), upTo(101).percentileMs(0.99)]).toEqual([null, expect.closeTo(100, 0)]);
});

it("without values there is nothing, and no number", () => {
  const { meanMs, minMs, maxMs, percentileMs, bars } = createLatencyHistogram();
  expect([meanMs, minMs, maxMs, percentileMs(0.5), bars(10)]).toEqual([null, null, null, null, []]);
});

it("a million values take the same buckets as none", () => {
  const histogram = createLatencyHistogram();
  const before = histogram.bucketCount;
  for (let index = 0; index < 1_000_000; index++) histogram.record(index % 5000);
  expect([histogram.bucketCount, histogram.count]).toEqual([before, 1_000_000]);
  expect(before).toBeLessThan(4000);
});

it("bars lie side by side, hold every value, and are few where the values are", () => {
  const bars = histogramOf([...Array.from({ length: 900 }, (_, index) => 1 + index / 100), 300]).bars(24);
  expect(bars.length).toBeLessThanOrEqual(24);
  expect(bars.reduce((sum, { count }) => sum + count, 0)).toBe(901);
  for (const [index, { fromMs }] of bars.entries()) if (index > 0) expect(fromMs).toBeCloseTo(bars[index - 1].toMs, 9);
  expect([bars[0].fromMs <= 1, bars[0].toMs > 1, bars[bars.length - 1].count]).toEqual([true, true, 1]);
  expect(histogramOf([1, 2, 3, 900]).bars(24).length).toBeLessThanOrEqual(10);
});

it("a bar begins at its edge: of 1.024 ms, which is a power of two of microseconds, there", () => {
  expect(histogramOf([1.024]).bars(24)).toEqual([
    { fromMs: 1.024, toMs: expect.closeTo(1.024 * 2 ** (1 / 8), 9) as number, count: 1 },
  ]);
});
