import { describe, expect, test } from "vitest";
import { createRandom } from "../random.ts";
import type { Matrix } from "../matrix.ts";
import type { BinCells, ColumnKernels, ProjectedSteps } from "./column-kernels.ts";
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

/** 7 step functions over 2 of the columns each; every third one counts downwards. */
function randomSteps(columnCount: number): { steps: ProjectedSteps; cells: Float64Array } {
  const count = 7;
  const width = Math.min(2, columnCount);
  const steps = {
    count,
    width,
    columns: Int32Array.from({ length: count * width }, () => random.integer(columnCount)),
    weights: filled(count * width, () => random.normal()),
    lows: filled(count, () => random.normal()),
    scales: filled(count, (i) => (i % 3 === 0 ? -3 : 5)),
    leasts: Int32Array.from({ length: count }, (_, i) => (i % 3 === 0 ? -9 : -1)),
    mosts: Int32Array.from({ length: count }, (_, i) => (i % 3 === 0 ? 0 : 10)),
    starts: Int32Array.from({ length: count }, (_, i) => 12 * i),
  };
  return { steps, cells: filled(12 * count, () => random.normal()) };
}

const tables: Readonly<Record<string, Matrix>> = {
  "no rows": { rowCount: 0, columnCount: 3, values: new Float64Array(0) },
  "one row": { rowCount: 1, columnCount: 3, values: filled(3, () => random.normal()) },
  "1999 rows, 1 column": { rowCount: 1999, columnCount: 1, values: filled(1999, () => random.normal()) },
  "20001 rows, 5 columns": { rowCount: 20001, columnCount: 5, values: filled(100005, () => random.normal()) },
  "301 rows, 90 columns": { rowCount: 301, columnCount: 90, values: filled(27090, () => random.integer(3) - 1) },
  "values whose sums overflow": { rowCount: 201, columnCount: 2, values: filled(402, (i) => (i % 3 === 0 ? -1.7e308 : 1.7e308)) },
};

describe.each(Object.entries(tables))("step functions of projections on %s", (_name, table) => {
  const { steps, cells } = randomSteps(table.columnCount);

  function results(kernels: ColumnKernels): readonly [Float64Array, Int32Array, Float64Array] {
    const ranges = Float64Array.from({ length: 14 }, (_, i) => (i % 2 === 0 ? Infinity : -Infinity));
    const counts = new Int32Array(cells.length);
    const sums = new Float64Array(table.rowCount);
    kernels.projectedRangesInto(table, steps, ranges);
    kernels.projectedCountsInto(table, steps, counts);
    kernels.projectedSumsInto(table, steps, cells, sums);
    return [ranges, counts, sums];
  }

  test("every row counts once in each", () => {
    const [, counts] = results(kernelsByName("reference"));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(7 * table.rowCount);
  });

  test.each(["wasm-simd", "wasm-relaxed-simd"] as const)("%s gives the same bits as the reference", (name) => {
    expect(results(kernelsByName(name))).toStrictEqual(results(kernelsByName("reference")));
  });
});

/** Bins of random starts: equally wide ones in even columns, which a scale guesses, uneven ones elsewhere. */
function randomBins(columnCount: number): BinCells {
  const binCount = 9;
  const edges = filled(columnCount * (binCount + 1), (i) => {
    const column = Math.floor(i / (binCount + 1));
    const edge = i % (binCount + 1);
    return column % 2 === 0 ? edge * 0.4 - 2 : Math.sign(edge - 4) * (edge - 4) ** 2 * 0.3;
  });
  return {
    firstBins: Int32Array.from({ length: columnCount + 1 }, (_, i) => i * binCount),
    edges,
    starts: edges,
    scales: filled(columnCount, (i) => (i % 2 === 0 ? 2.5 : 0)),
    cells: filled(columnCount * binCount, () => random.normal()),
    tol: 0.5,
    outside: filled(columnCount, () => random.normal()),
  };
}

describe.each(Object.entries(tables))("histograms of the columns of %s", (_name, table) => {
  const bins = randomBins(table.columnCount);
  const within = { ...table, values: table.values.map((value) => Math.max(-2, Math.min(1.5, value))) };

  function results(kernels: ColumnKernels): readonly (Float64Array | Int32Array)[] {
    const ranges = Float64Array.from({ length: 2 * table.columnCount }, (_, i) => (i % 2 === 0 ? Infinity : -Infinity));
    const counts = new Int32Array(bins.cells.length);
    const cells = new Float64Array(table.values.length);
    const sums = new Float64Array(table.rowCount);
    kernels.columnRangesInto(table, ranges);
    kernels.binCountsInto(within, bins, counts);
    kernels.binnedCellsInto(table, bins, cells);
    kernels.binnedSumsInto(table, bins, sums);
    return [ranges, counts, cells, sums];
  }

  test("every value counts once", () => {
    const [, counts] = results(kernelsByName("reference"));
    expect([...counts].reduce((sum, count) => sum + count, 0)).toBe(table.values.length);
  });

  test.each(["wasm-simd", "wasm-relaxed-simd"] as const)("%s gives the same bits as the reference", (name) => {
    expect(results(kernelsByName(name))).toStrictEqual(results(kernelsByName("reference")));
  });
});
