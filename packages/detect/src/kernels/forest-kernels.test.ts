import { describe, expect, test } from "vitest";
import type { Matrix } from "../matrix.ts";
import { createRandom, shuffle } from "../random.ts";
import { kernelsByName } from "./choose.ts";
import type { BallEnsemble, CompleteForest, ObliqueForest } from "./forest-kernels.ts";
import { ballLaneCount } from "./forest-kernels.ts";
import { referenceKernels } from "./reference/index.ts";

const sets = ["wasm-simd", "wasm-relaxed-simd"] as const;
const infinity = Number.POSITIVE_INFINITY;

/** Trees with random columns, thresholds from `draw`, and a tenth of the nodes closed. */
function randomForest(columnCount: number, treeCount: number, depth: number, draw: () => number): CompleteForest {
  const random = createRandom(columnCount * 1000 + treeCount * 10 + depth);
  const length = treeCount << depth;
  return {
    columnCount,
    treeCount,
    depth,
    columns: Uint16Array.from({ length }, () => random.integer(columnCount)),
    thresholds: Float64Array.from({ length }, () => (random.uniform() < 0.1 ? infinity : draw())),
    leafValues: Float64Array.from({ length }, () => 10 * random.uniform()),
  };
}

function randomRows(rowCount: number, columnCount: number, draw: () => number): Matrix {
  return { rowCount, columnCount, values: Float64Array.from({ length: rowCount * columnCount }, draw) };
}

function expectSameSums(forest: CompleteForest, rows: Matrix): void {
  const expected = new Float64Array(rows.rowCount);
  referenceKernels.completeForestInto(forest, rows, expected);
  for (const set of sets) {
    const sums = new Float64Array(rows.rowCount).fill(7);
    kernelsByName(set).completeForestInto(forest, rows, sums);
    expect(sums.findIndex((sum, row) => !Object.is(sum, expected[row]))).toBe(-1);
  }
}

describe("completeForestInto gives the reference's bits", () => {
  const source = createRandom(1);
  const normal = () => source.normal();
  for (const [columnCount, treeCount, depth] of [
    [1, 1, 0],
    [1, 1, 1],
    [3, 7, 5],
    [10, 100, 8],
    [2, 30, 10],
    [400, 20, 6],
    [3000, 5, 8],
  ] as const) {
    test(`for ${treeCount} trees of depth ${depth} on ${columnCount} columns, whatever the number of rows`, () => {
      const forest = randomForest(columnCount, treeCount, depth, normal);
      // The first call with many rows brings the forest into the kernel.
      for (const rowCount of [0, 1, 1025, 4, 5, 7, 16, 17, 23, 24, 63])
        expectSameSums(forest, randomRows(rowCount, columnCount, normal));
    });
  }

  test("for values equal to thresholds, and thresholds that crowd in one place", () => {
    const random = createRandom(2);
    const draw = () => (random.uniform() < 0.01 ? 1e9 : random.integer(5));
    expectSameSums(randomForest(3, 50, 7, draw), randomRows(500, 3, draw));
    expectSameSums(
      randomForest(2, 90, 8, () => 1 + random.uniform() * 1e-9),
      randomRows(500, 2, () => 1 + random.uniform() * 1e-9),
    );
  });

  test("for values at the ends of float64, infinities, both zeros, and NaN, which goes left", () => {
    const random = createRandom(3);
    const edges = [0, -0, 5e-324, -5e-324, 1e308, -1e308, 1.7976931348623157e308, 1e300, -1e300, 1, -1];
    const threshold = () => edges[random.integer(edges.length)];
    const beyond = [...edges, infinity, -infinity, Number.NaN];
    // Few rows go down the trees themselves, many in sets; one way's leftovers in memory must not disturb the other.
    for (const rowCount of [300, 20]) {
      const rows = randomRows(rowCount, 2, () => beyond[random.integer(beyond.length)]);
      for (const draw of [threshold, () => 5e-324 * random.integer(4), () => 3, () => infinity]) {
        expectSameSums(randomForest(2, 40, 6, draw), rows);
      }
    }
  });

  test("for trees without a split, whatever the memory holds", () => {
    const forest = randomForest(2, 40, 6, () => infinity);
    expectSameSums(
      forest,
      randomRows(24, 2, () => Number.MAX_VALUE),
    );
    expectSameSums(
      forest,
      randomRows(5, 2, () => 1),
    );
  });

  test("for more distinct thresholds of a column than a rank can number", () => {
    const random = createRandom(4);
    expectSameSums(
      randomForest(1, 100, 10, () => random.normal()),
      randomRows(200, 1, () => random.normal()),
    );
  });

  test("when two forests take turns", () => {
    const first = randomForest(4, 20, 5, normal);
    const second = randomForest(4, 90, 8, normal);
    const rows = randomRows(100, 4, normal);
    for (const forest of [first, second, first]) expectSameSums(forest, rows);
  });
});

/** Full trees of a depth, some nodes closed early. */
function randomPlanes(columnCount: number, termCount: number, treeCount: number, depth: number): ObliqueForest {
  const random = createRandom(columnCount * 100 + termCount + depth);
  const roots: number[] = [];
  const lefts: number[] = [];
  for (let tree = 0; tree < treeCount; tree++) {
    const root = lefts.length;
    roots.push(root);
    const depths = [0];
    lefts.push(0);
    for (let node = 0; node < depths.length; node++) {
      if (depths[node] === depth || random.uniform() < 0.1) continue;
      lefts[root + node] = root + depths.length;
      depths.push(depths[node] + 1, depths[node] + 1);
      lefts.push(0, 0);
    }
  }
  let splitCount = 0;
  const splits = Int32Array.from(lefts, (left) => (left === 0 ? 0 : splitCount++));
  const columns = Array.from({ length: splitCount }, () => {
    const all = Uint32Array.from({ length: columnCount }, (_, column) => column);
    shuffle(all, random);
    return [...all.subarray(0, termCount)].sort((a, b) => a - b);
  });
  return {
    columnCount,
    depth,
    termCount,
    roots: Int32Array.from(roots),
    lefts: Int32Array.from(lefts),
    splits,
    columns: Uint16Array.from(columns.flat()),
    weights: Float32Array.from({ length: splitCount * termCount }, () => random.normal()),
    offsets: Float64Array.from({ length: splitCount }, () => random.normal()),
    leafValues: Float64Array.from(lefts, () => random.uniform()),
  };
}

describe("obliqueForestInto gives the reference's bits", () => {
  for (const [columnCount, termCount, treeCount, depth] of [
    [1, 1, 1, 0],
    [1, 1, 3, 4],
    [2, 2, 9, 8],
    [7, 7, 20, 8],
    [10, 10, 30, 8],
    [10, 1, 20, 8],
    [10, 4, 20, 8],
    [9, 3, 5, 14],
  ] as const) {
    test(`for ${treeCount} trees of depth ${depth} on ${termCount} of ${columnCount} columns, whatever the number of rows`, () => {
      const random = createRandom(12);
      const forest = randomPlanes(columnCount, termCount, treeCount, depth);
      for (const rowCount of [0, 1, 16, 19, 65, 1025]) {
        expectSamePlanes(
          forest,
          randomRows(rowCount, columnCount, () => random.normal()),
        );
      }
    });
  }

  test("for sums that overflow, infinities and NaN, which goes left", () => {
    const random = createRandom(13);
    const edges = [0, -0, 1e308, -1e308, 5e-324, infinity, -infinity, Number.NaN, 1, 2];
    const rows = randomRows(200, 5, () => edges[random.integer(edges.length)]);
    for (const termCount of [2, 5]) expectSamePlanes(randomPlanes(5, termCount, 20, 6), rows);
  });
});

function expectSamePlanes(forest: ObliqueForest, rows: Matrix): void {
  const expected = new Float64Array(rows.rowCount);
  referenceKernels.obliqueForestInto(forest, rows, expected);
  for (const set of sets) {
    const sums = new Float64Array(rows.rowCount).fill(7);
    kernelsByName(set).obliqueForestInto(forest, rows, sums);
    expect(sums.findIndex((sum, row) => !Object.is(sum, expected[row]))).toBe(-1);
  }
}

/** Members of random balls, the last lanes of each member left empty, radii rising as the contract asks. */
function randomBalls(columnCount: number, memberCount: number, ballCount: number, draw: () => number): BallEnsemble {
  const random = createRandom(columnCount * 1000 + memberCount);
  const blockCount = Math.ceil(ballCount / ballLaneCount);
  const laneCount = memberCount * blockCount * ballLaneCount;
  const squaredRadii = new Float64Array(laneCount).fill(-1);
  for (let start = 0; start < laneCount; start += blockCount * ballLaneCount) {
    squaredRadii.set(Float64Array.from({ length: ballCount }, () => 3 * columnCount * random.uniform()).sort(), start);
  }
  return {
    columnCount,
    memberCount,
    blockCount,
    centers: Float64Array.from({ length: laneCount * columnCount }, draw),
    squaredRadii,
    values: Float64Array.from({ length: laneCount }, () => random.uniform()),
  };
}

function expectSameCover(ensemble: BallEnsemble, rows: Matrix): void {
  const expected = new Float64Array(rows.rowCount);
  referenceKernels.ballEnsembleInto(ensemble, rows, expected);
  for (const set of sets) {
    const sums = new Float64Array(rows.rowCount).fill(7);
    kernelsByName(set).ballEnsembleInto(ensemble, rows, sums);
    expect(sums.findIndex((sum, row) => !Object.is(sum, expected[row]))).toBe(-1);
  }
}

describe("ballEnsembleInto gives the reference's bits", () => {
  for (const [columnCount, memberCount, ballCount] of [
    [1, 1, 2],
    [3, 20, 8],
    [10, 30, 13],
    [16, 10, 9],
    [17, 5, 40],
    [200, 4, 5],
  ] as const) {
    test(`for ${memberCount} members of ${ballCount} balls in ${columnCount} columns, whatever the number of rows`, () => {
      const random = createRandom(9);
      const draw = () => random.normal();
      const ensemble = randomBalls(columnCount, memberCount, ballCount, draw);
      for (const rowCount of [0, 1, 3, 4, 65, 1025]) expectSameCover(ensemble, randomRows(rowCount, columnCount, draw));
    });
  }

  test("for rows on the edge of a ball and squares that overflow", () => {
    const random = createRandom(10);
    const draw = () => random.integer(3) * (random.uniform() < 0.1 ? 1e200 : 1);
    const ensemble = randomBalls(2, 20, 8, draw);
    const whole = ensemble.squaredRadii.map((radius) => (radius > 4 ? infinity : Math.round(radius)));
    expectSameCover({ ...ensemble, squaredRadii: whole }, randomRows(300, 2, draw));
  });
});
