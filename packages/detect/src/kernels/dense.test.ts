import { afterEach, describe, expect, test, vi } from "vitest";
import type { Matrix } from "../matrix.ts";
import { createRandom } from "../random.ts";
import { kernelsByName } from "./choose.ts";
import type { ScatterSums } from "./dense-kernels.ts";
import type { KernelSet } from "./kernel-set.ts";
import { wasmDense } from "./wasm/dense.ts";

const reference = kernelsByName("reference");
const shapes = [
  [1, 1],
  [7, 3],
  [64, 4],
  [100, 5],
  [333, 10],
  [1025, 13],
  [40_000, 4],
  [300, 33],
] as const;

function randomTable(rowCount: number, columnCount: number, seed: number): Matrix {
  const random = createRandom(seed);
  const values = Float64Array.from({ length: rowCount * columnCount }, () => random.normal() * 10 ** (random.integer(5) - 2));
  return { rowCount, columnCount, values };
}

function emptySums(center: Float64Array): ScatterSums {
  return { center, sums: new Float64Array(center.length), products: new Float64Array(center.length ** 2) };
}

/** First place where the bits differ, or -1. */
function firstDifference(actual: Float64Array, expected: Float64Array): number {
  return actual.findIndex((value, i) => !Object.is(value, expected[i]));
}

function upperTriangle(products: Float64Array, width: number): Float64Array {
  return products.filter((_, i) => i % width >= Math.floor(i / width));
}

function emptyNearest(count: number) {
  return { nearest: new Int32Array(count), squares: new Float64Array(count), nextSquares: new Float64Array(count) };
}

function expectEqualDistances(kernels: KernelSet, rows: Matrix, centers: Matrix): void {
  const [actual, expected] = [1, 2].map(() => new Float64Array(rows.rowCount * centers.rowCount));
  kernels.squaredDistancesInto(rows, centers, actual);
  reference.squaredDistancesInto(rows, centers, expected);
  expect(firstDifference(actual, expected)).toBe(-1);
  const everyThird = Int32Array.from({ length: Math.ceil(rows.rowCount / 3) }, (_, i) => rows.rowCount - 1 - 3 * i);
  for (const listed of [undefined, everyThird]) {
    const count = listed?.length ?? rows.rowCount;
    const [found, sought] = [emptyNearest(count), emptyNearest(count)];
    kernels.nearestCentersInto(rows, centers, found, listed);
    reference.nearestCentersInto(rows, centers, sought, listed);
    expect(found.nearest).toEqual(sought.nearest);
    expect(firstDifference(found.squares, sought.squares)).toBe(-1);
    expect(firstDifference(found.nextSquares, sought.nextSquares)).toBe(-1);
  }
}

describe("the plain dense kernels", () => {
  test("sum products about the centre", () => {
    const sums = emptySums(Float64Array.of(1, 2));
    reference.addScatter({ rowCount: 2, columnCount: 2, values: Float64Array.of(2, 4, 4, 1) }, Float64Array.of(1, 2), sums);
    // Rows less the centre: (1, 2) and (3, -1), weights 1 and 2.
    expect([...sums.sums]).toEqual([7, 0]);
    expect([...upperTriangle(sums.products, 2)]).toEqual([19, -4, 6]);
  });

  test("give the squared length of a transformed row", () => {
    const out = new Float64Array(1);
    const transform = { center: Float64Array.of(1, 1), factor: Float64Array.of(1, 0, 1, 1) };
    reference.squaredNormsInto({ rowCount: 1, columnCount: 2, values: Float64Array.of(4, 5) }, transform, out);
    expect(out[0]).toBe(3 ** 2 + 7 ** 2);
  });

  test("find the nearest centre, the first of equals, and the distance to the next", () => {
    const rows = { rowCount: 3, columnCount: 2, values: Float64Array.of(0, 0, 3, 4, 6, 8) };
    const centers = { rowCount: 3, columnCount: 2, values: Float64Array.of(6, 8, 0, 0, 0, 0) };
    const distances = new Float64Array(9);
    reference.squaredDistancesInto(rows, centers, distances);
    expect([...distances]).toEqual([100, 0, 0, 25, 25, 25, 0, 100, 100]);
    const found = emptyNearest(3);
    reference.nearestCentersInto(rows, centers, found);
    expect([...found.nearest]).toEqual([1, 0, 0]);
    expect([...found.squares]).toEqual([0, 25, 0]);
    expect([...found.nextSquares]).toEqual([0, 25, 100]);
    const lone = emptyNearest(1);
    reference.nearestCentersInto(rows, { ...centers, rowCount: 1 }, lone, Int32Array.of(2));
    expect(lone.nextSquares[0]).toBe(Number.POSITIVE_INFINITY);
  });

  test("rotate neighbouring rows from below to above, the upper row of a pair being the lower one of the next", () => {
    const rows = { rowCount: 3, columnCount: 1, values: Float64Array.of(1, 2, 4) };
    const quarter = { cosines: Float64Array.of(0, 0), sines: Float64Array.of(1, 1) };
    reference.rotateRows(rows, { starts: Int32Array.of(2), counts: Int32Array.of(2), ...quarter });
    // (2, 4) becomes (-4, 2), then (1, -4) becomes (4, 1).
    expect([...rows.values]).toEqual([4, 1, 2]);
  });

  test("reflect leading rows: a vector of ones turns the sum of its rows round", () => {
    const rows = { rowCount: 3, columnCount: 2, values: Float64Array.of(1, 2, 3, 4, 5, 6) };
    const ones = { vectors: Float64Array.of(1, 1), lengths: Int32Array.of(2), halfNorms: Float64Array.of(1) };
    reference.reflectRows(rows, ones);
    expect([...rows.values]).toEqual([-3, -4, -1, -2, 5, 6]);
  });

  test("have an exponential within two units in the last place", () => {
    const points = reference.gaussianPoints({ rowCount: 1, columnCount: 1, values: Float64Array.of(0) });
    const random = createRandom(5);
    const out = new Float64Array(1);
    let largest = 0;
    for (let i = 0; i < 20_000; i++) {
      const x = random.uniform() ** 3 * 26.5;
      points.sumsInto(
        { rowCount: 1, columnCount: 1, values: Float64Array.of(x) },
        { factor: 1, shifts: new Float64Array(1) },
        out,
      );
      const expected = Math.exp(-(x * x));
      largest = Math.max(largest, Math.abs(out[0] - expected) / expected);
    }
    expect(largest).toBeLessThan(4 * Number.EPSILON);
  });
});

describe.each(["wasm-simd", "wasm-relaxed-simd"] as const)("%s gives the bits of the plain kernels", (name) => {
  const kernels: KernelSet = kernelsByName(name);

  test.each(shapes)("in sums of products of %d x %d", (rowCount, columnCount) => {
    const rows = randomTable(rowCount, columnCount, rowCount);
    const weights = randomTable(rowCount, 1, 3).values;
    const center = randomTable(1, columnCount, 2).values;
    for (const given of [undefined, weights]) {
      const [actual, expected] = [emptySums(center), emptySums(center)];
      // Twice, so that adding to what is there is seen too.
      for (let round = 0; round < 2; round++) {
        kernels.addScatter(rows, given, actual);
        reference.addScatter(rows, given, expected);
      }
      expect(firstDifference(actual.sums, expected.sums)).toBe(-1);
      expect(firstDifference(upperTriangle(actual.products, columnCount), upperTriangle(expected.products, columnCount))).toBe(
        -1,
      );
    }
  });

  test.each(shapes)("in squared norms of %d x %d", (rowCount, columnCount) => {
    const rows = randomTable(rowCount, columnCount, rowCount);
    const center = randomTable(1, columnCount, 2).values;
    for (const count of [1, columnCount, columnCount + 1]) {
      const factor = randomTable(count, columnCount, 4).values;
      const [actual, expected] = [new Float64Array(rowCount), new Float64Array(rowCount)];
      kernels.squaredNormsInto(rows, { center, factor }, actual);
      reference.squaredNormsInto(rows, { center, factor }, expected);
      expect(firstDifference(actual, expected)).toBe(-1);
    }
  });

  test.each(shapes)("in rotations and reflections of rows of %d x %d", (rowCount, columnCount) => {
    const random = createRandom(rowCount);
    const [actual, expected] = [1, 2].map(() => randomTable(rowCount, columnCount, rowCount));
    const sweepCount = rowCount === 1 ? 0 : 5;
    const starts = Int32Array.from({ length: sweepCount }, () => 1 + random.integer(rowCount - 1));
    const counts = starts.map((start) => random.integer(Math.min(start, 50) + 1));
    const pairCount = counts.reduce((sum, count) => sum + count, 0);
    const [cosines, sines] = [1, 2].map((seed) => randomTable(pairCount, 1, seed).values);
    const lengths = Int32Array.from({ length: 4 }, () => random.integer(Math.min(rowCount, 70) + 1));
    const vectors = randomTable(
      lengths.reduce((sum, length) => sum + length, 0),
      1,
      3,
    ).values;
    const halfNorms = Float64Array.from({ length: 4 }, () => 1 + random.uniform());
    for (const [set, rows] of [
      [kernels, actual],
      [reference, expected],
    ] as const) {
      set.rotateRows(rows, { starts, counts, cosines, sines });
      set.reflectRows(rows, { vectors, lengths, halfNorms });
    }
    expect(firstDifference(actual.values, expected.values)).toBe(-1);
  });

  test.each(shapes)("in distances to the centres of %d x %d", (rowCount, columnCount) => {
    // Whole numbers beside the random ones: many rows then lie as far from one centre as from another.
    const random = randomTable(rowCount, columnCount, rowCount);
    for (const rows of [random, { ...random, values: random.values.map((value) => Math.round(value) % 3) }]) {
      for (const centerCount of [1, 2, 8, 9, 21]) {
        const centers = {
          rowCount: centerCount,
          columnCount,
          values: Float64Array.from({ length: centerCount * columnCount }, (_, at) => rows.values[(at * 7) % rows.values.length]),
        };
        expectEqualDistances(kernels, rows, centers);
      }
    }
  });

  test.each([
    [1, 1],
    [9, 2],
    [130, 7],
    [1001, 3],
  ])("in sums of Gaussians over %d points of %d columns", (pointCount, columnCount) => {
    const points = randomTable(pointCount, columnCount, 6);
    const queries = randomTable(67, columnCount, 7);
    const [fast, plain] = [kernels.gaussianPoints(points), reference.gaussianPoints(points)];
    const [nearest, expectedNearest] = [new Float64Array(67), new Float64Array(67)];
    fast.nearestInto(queries, nearest);
    plain.nearestInto(queries, expectedNearest);
    expect(firstDifference(nearest, expectedNearest)).toBe(-1);
    for (const factor of [0.5, 1e-3, 40]) {
      for (const shifts of [new Float64Array(67), nearest.map((square) => square * factor)]) {
        const [actual, expected] = [new Float64Array(67), new Float64Array(67)];
        fast.sumsInto(queries, { factor, shifts }, actual);
        plain.sumsInto(queries, { factor, shifts }, expected);
        expect(firstDifference(actual, expected)).toBe(-1);
      }
    }
  });

  test("where values overflow", () => {
    const rows: Matrix = { rowCount: 200, columnCount: 2, values: new Float64Array(400).fill(1e300) };
    rows.values[1] = -1e300;
    const center = Float64Array.of(-1e300, 1);
    const [actual, expected] = [new Float64Array(200), new Float64Array(200)];
    kernels.squaredNormsInto(rows, { center, factor: Float64Array.of(1, 1e-300) }, actual);
    reference.squaredNormsInto(rows, { center, factor: Float64Array.of(1, 1e-300) }, expected);
    expect(firstDifference(actual, expected)).toBe(-1);
    expectEqualDistances(kernels, rows, { rowCount: 3, columnCount: 2, values: rows.values.slice(0, 6) });
    kernels.gaussianPoints(rows).sumsInto(rows, { factor: 1, shifts: new Float64Array(200) }, actual);
    reference.gaussianPoints(rows).sumsInto(rows, { factor: 1, shifts: new Float64Array(200) }, expected);
    expect(firstDifference(actual, expected)).toBe(-1);
  });
});

describe("the dense kernels on WebAssembly", () => {
  afterEach(() => vi.restoreAllMocks());

  test.each([
    [1, 0],
    [2, 1],
  ])("copy the factor for %i wide rows %i times", (rowCount, copyCount) => {
    const instances = vi.spyOn(WebAssembly, "Instance");
    const rows = randomTable(rowCount, 300, 5);
    const factor = randomTable(300, 300, 6).values;
    const center = new Float64Array(300);
    wasmDense("simd").squaredNormsInto(rows, { center, factor }, new Float64Array(rowCount));
    expect(instances).toHaveBeenCalledTimes(copyCount);
  });
});
