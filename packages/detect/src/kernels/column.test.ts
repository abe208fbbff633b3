import { describe, expect, test } from "vitest";
import { createRandom } from "../random.ts";
import type { ColumnKernels } from "./column-kernels.ts";
import { kernelsByName } from "./choose.ts";
import { wasmColumn } from "./wasm/column.ts";

const random = createRandom(5);
const filled = (count: number, value: (i: number) => number) => Float64Array.from({ length: count }, (_, i) => value(i));

const columns: Readonly<Record<string, Float64Array>> = {
  empty: new Float64Array(0),
  "one value": new Float64Array([3]),
  "33 normal values": filled(33, () => random.normal()),
  "5003 normal values": filled(5003, () => random.normal()),
  "both zeros": filled(257, (i) => (i % 3 === 0 ? -0 : 0)),
  "few values, many ties": filled(4001, () => random.integer(7) - 3),
  constant: filled(1000, () => 42.5),
  descending: filled(3000, (i) => -i),
  "numbers that differ in their last bits beside a huge one": filled(3000, (i) =>
    i === 7 ? -1e300 : 1e9 + random.integer(500) / 1024 / 1024,
  ),
  "every magnitude": filled(4096, () => (random.uniform() - 0.5) * 10 ** (random.integer(600) - 300)),
  "the ends of float64": new Float64Array([1.7e308, -1.7e308, 5e-324, -5e-324, 0, -0, 1, -1]),
};

function sortedBy(kernels: ColumnKernels, column: Float64Array): { values: Float64Array; order: Uint32Array } {
  const values = column.slice();
  const order = new Uint32Array(column.length);
  kernels.sortColumn(values, order);
  return { values, order };
}

describe.each(Object.entries(columns))("sorting %s", (_name, column) => {
  const expected = sortedBy(kernelsByName("reference"), column);

  test("gives what Float64Array.sort gives, with -0 as 0, and the places it came from", () => {
    expect([...expected.values]).toEqual(
      Array.from(column, (value) => value + 0).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
    );
    expect([...expected.values]).toEqual([...expected.order].map((place) => column[place] + 0));
  });

  test.each(["wasm-simd", "wasm-relaxed-simd"] as const)("%s gives the same bits as the reference", (name) => {
    expect(sortedBy(kernelsByName(name), column)).toStrictEqual(expected);
  });

  test("pieces that are merged give the same bits as the reference", () => {
    expect(sortedBy(wasmColumn("simd", 100), column)).toStrictEqual(expected);
  });
});
