import { describe, expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { columnBuckets, countsInto, createLookupScratch } from "./column-lookup.ts";

const random = createRandom(3);
const filled = (count: number, value: (i: number) => number) => Float64Array.from({ length: count }, (_, i) => value(i));

const columns: Readonly<Record<string, Float64Array>> = {
  "one value": new Float64Array([5]),
  normal: filled(3001, () => random.normal()),
  "few distinct": filled(2000, () => random.integer(5)),
  constant: filled(500, () => -7),
  "one huge value": filled(1000, (i) => (i === 0 ? 1e300 : random.uniform())),
  "values that overflow when subtracted": filled(1000, (i) => (i % 2 === 0 ? 1.7e308 : -1.7e308)),
  "tiny spread": filled(1000, (i) => 1 + (i % 3) * Number.EPSILON),
};

describe.each(Object.entries(columns))("counts in a column: %s", (_name, column) => {
  const sorted = column.slice().sort();
  const values = Float64Array.of(...sorted, ...sorted.map((value) => value + 0.3), -1.79e308, 1.79e308, 0, -0);
  const expectedBelow = [...values].map((value) => sorted.filter((other) => other < value).length);
  const expectedUpTo = [...values].map((value) => sorted.filter((other) => other <= value).length);

  test.each([
    ["with", columnBuckets(sorted)],
    ["without", undefined],
  ])("%s buckets are those of counting one by one", (_kind, buckets) => {
    const out = {
      values,
      below: new Int32Array(values.length),
      upTo: new Int32Array(values.length),
      scratch: createLookupScratch(values.length),
    };
    countsInto(sorted, buckets, values.length, out);
    expect([...out.below]).toEqual(expectedBelow);
    expect([...out.upTo]).toEqual(expectedUpTo);
  });
});
