import { describe, expect, test } from "vitest";
import { chooseKernels, kernelsByName } from "../../kernels/choose.ts";
import { useEveryFamily } from "../../kernels/every-family.ts";
import { referenceKernels } from "../../kernels/reference/index.ts";
import type { Matrix } from "../../matrix.ts";
import { matrixFromRows, rowRange } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { atOnce } from "../../threads/pieces.ts";
import { singleThread } from "../../threads/single-thread.ts";
import { createThreadPool } from "../../threads/thread-pool.ts";
import { workerHost } from "../../threads/worker-host-node.ts";
import { buildNeighbourIndex, restoreNeighbourIndex } from "./build-index.ts";
import { distinctRows, spreadToAll } from "./distinct-rows.ts";
import type { Metric, Neighbours } from "./neighbour-index.ts";
import { carry } from "./held-index.ts";
import { pairNeighbours } from "./pair-neighbours.ts";
import { trainingNeighbours, trainingNeighboursTask } from "./training-neighbours.ts";
import { treeOrder } from "./tree-order.ts";

const builtIndex = (...given: Parameters<typeof buildNeighbourIndex>) => atOnce(buildNeighbourIndex(...given));
const orderOf = (rows: Matrix) => atOnce(treeOrder(rows));
const distinctOf = (rows: Matrix) => atOnce(distinctRows(rows));

useEveryFamily();

const random = createRandom(11);

/** Tables on which faulty searches are likely to fail. */
const tables: Readonly<Record<string, (row: number) => number>> = {
  normal: () => random.normal(),
  "a coarse grid, full of ties and copies": () => random.integer(3),
  constant: () => 7,
  "far from the origin": () => 1e6 + random.normal(),
  "heavy tails": () => Math.exp(8 * random.normal()),
  "tiny values": () => 1e-80 * random.normal(),
  "one far row": (row) => (row === 5 ? 1e9 : random.normal()),
};

function table(rowCount: number, columnCount: number, value: (row: number) => number): Matrix {
  const values = Float64Array.from({ length: rowCount * columnCount }, (_, i) => value(Math.floor(i / columnCount)));
  return { rowCount, columnCount, values };
}

/** Some training rows, some like them, some far and very far away. */
function queriesFor(train: Matrix, value: (row: number) => number): Matrix {
  const width = train.columnCount;
  const queries = table(13, width, value);
  queries.values.set(train.values.subarray(0, Math.min(4, train.rowCount) * width));
  queries.values.fill(-5000, 10 * width, 11 * width);
  queries.values.fill(1e12, 11 * width, 12 * width);
  queries.values.fill(1e200, 12 * width);
  return queries;
}

function expectSameBits(actual: Neighbours, expected: Neighbours): void {
  expect(actual.indexes.every((index, i) => index === expected.indexes[i])).toBe(true);
  expect(actual.indexes.length).toBe(expected.indexes.length);
  expect(actual.distances.every((distance, i) => Object.is(distance, expected.distances[i]))).toBe(true);
}

describe("every kernel set and method finds the same neighbours as the reference, bit for bit", () => {
  for (const [name, value] of Object.entries(tables)) {
    for (const metric of ["euclidean", "manhattan", "chebyshev"] as const) {
      test(`${metric}, ${name}`, () => {
        for (const columnCount of [1, 2, 5, 8, 33]) {
          for (const rowCount of [1, 2, 31, 33, 300]) {
            const train = table(rowCount, columnCount, value);
            compareSets(train, queriesFor(train, value), metric);
          }
        }
      });
    }
  }
});

function compareSets(train: Matrix, queries: Matrix, metric: Metric): void {
  const own = Int32Array.from({ length: Math.min(train.rowCount, 40) }, (_, row) => row);
  const reference = builtIndex(train, { metric }, referenceKernels);
  for (const set of ["wasm-simd", "wasm-relaxed-simd"] as const) {
    for (const algorithm of ["kd-tree", "brute"] as const) {
      const index = builtIndex(train, { metric, algorithm }, kernelsByName(set));
      for (const k of [1, 7].filter((k) => k <= train.rowCount)) {
        expectSameBits(index.query(queries, k), reference.query(queries, k));
        if (k === train.rowCount) continue;
        const rows = rowRange(train, 0, own.length);
        expectSameBits(index.query(rows, k, own), reference.query(rows, k, own));
      }
    }
  }
}

describe("neighbour index", () => {
  const train = table(500, 6, () => random.normal());

  test("a row alone finds what it finds among others", () => {
    const index = builtIndex(train, { metric: "euclidean" }, chooseKernels());
    const together = index.query(train, 4);
    for (const row of [0, 250, 499]) {
      const alone = index.query(rowRange(train, row, row + 1), 4);
      expect(alone.distances).toEqual(together.distances.slice(row * 4, row * 4 + 4));
    }
  });

  test("equal distances are ordered by row index", () => {
    const index = builtIndex(matrixFromRows([[1], [-1], [1], [-1], [5]]), { metric: "euclidean" }, chooseKernels());
    expect([...index.query(matrixFromRows([[0]]), 3).indexes]).toEqual([0, 1, 2]);
  });

  test("minkowski with p = 1 and 2 is manhattan and euclidean; any power agrees with its formula", () => {
    for (const [p, metric] of [
      [1, "manhattan"],
      [2, "euclidean"],
    ] as const) {
      const power = builtIndex(train, { metric: "minkowski", p }, chooseKernels());
      expectSameBits(power.query(train, 3), builtIndex(train, { metric }, chooseKernels()).query(train, 3));
    }
    const cubic = builtIndex(train, { metric: "minkowski", p: 3 }, chooseKernels()).query(rowRange(train, 0, 1), 2);
    let sum = 0;
    const other = cubic.indexes[1];
    for (let column = 0; column < 6; column++) sum += Math.abs(train.values[column] - train.values[other * 6 + column]) ** 3;
    expect(cubic.distances[1]).toBeCloseTo(Math.cbrt(sum), 12);
  });

  test.each(["euclidean", "manhattan", "chebyshev"] as const)("rows beyond float64 of each other are found, %s", (metric) => {
    const rows = matrixFromRows([[1.7e308], [-1.7e308], [-1.6e308], [1.65e308]]);
    const index = builtIndex(rows, { metric }, chooseKernels());
    const { indexes, distances } = index.query(rows, 3, Int32Array.of(0, 1, 2, 3));
    // The distances beyond float64 count as the largest of it, and rows as far are ordered by index.
    expect([...indexes]).toEqual([3, 1, 2, 2, 0, 3, 1, 0, 3, 0, 1, 2]);
    const nearest = [1.7e308 - 1.65e308, 1.7e308 - 1.6e308, 1.7e308 - 1.6e308, 1.7e308 - 1.65e308];
    const expected = nearest.flatMap((distance) => [distance, Number.MAX_VALUE, Number.MAX_VALUE]);
    for (const [i, distance] of distances.entries()) expect(distance / expected[i]).toBeCloseTo(1, 12);
  });

  test.each(["euclidean", "manhattan", "chebyshev"] as const)("rows a smallest number apart are found, %s", (metric) => {
    const index = builtIndex(matrixFromRows([[0], [5e-324], [1e-323]]), { metric }, chooseKernels());
    const { indexes, distances } = index.query(matrixFromRows([[0]]), 3);
    expect([[...indexes], [...distances]]).toEqual([
      [0, 1, 2],
      [0, 5e-324, 1e-323],
    ]);
  });

  test("restored from its state it gives the same bits", () => {
    const index = builtIndex(train, { metric: "manhattan" }, chooseKernels());
    const restored = restoreNeighbourIndex(index.toState(), chooseKernels());
    expectSameBits(restored.query(train, 5), index.query(train, 5));
  });

  test("damaged states are refused as model files", () => {
    const { values, arrays } = builtIndex(train, { metric: "euclidean" }, chooseKernels()).toState();
    const damaged = [
      { values: { ...values, indexColumnCount: 7 }, arrays },
      { values: { ...values, indexMetric: "cosine" }, arrays },
      { values: { ...values, indexPower: 0.5 }, arrays },
      { values, arrays: { ...arrays, indexOrder: new Int32Array(500) } },
      { values, arrays: { ...arrays, indexOrder: new Int32Array(499) } },
      { values, arrays: { indexRows: arrays["indexRows"] } },
    ];
    for (const state of damaged) expect(() => restoreNeighbourIndex(state, chooseKernels())).toThrow(/state/);
  });

  test("many indexes do not exhaust memory", () => {
    const rows = table(2000, 50, () => random.normal());
    for (let i = 0; i < 200; i++) {
      const index = builtIndex(rows, { metric: "euclidean" }, chooseKernels());
      expect(index.query(rowRange(rows, i, i + 1), 1).indexes[0]).toBe(i);
    }
  });

  test("the order of rows is a permutation, and near rows stand near each other", () => {
    const line = table(1000, 1, () => random.normal());
    const order = orderOf(line);
    expect([...order].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, row) => row));
    const ordered = [...order].map((row) => line.values[row]);
    expect(Math.max(...ordered.slice(0, 512))).toBeLessThanOrEqual(Math.min(...ordered.slice(512)));
  });
});

describe("training neighbours", () => {
  const train = table(700, 5, () => random.integer(6));
  const own = Int32Array.from({ length: 700 }, (_, row) => row);

  test("every row finds its nearest others but not itself", async () => {
    for (const algorithm of ["kd-tree", "brute"] as const) {
      const kernels = chooseKernels();
      const index = builtIndex(train, { metric: "euclidean", algorithm }, kernels);
      const reference = builtIndex(train, { metric: "euclidean" }, referenceKernels).query(train, 9, own);
      const shares: number[] = [];
      const context = { kernels, threads: singleThread(new Map()), progress: (done: number) => shares.push(done) };
      expectSameBits(await trainingNeighbours(index, 9, context), reference);
      expect(shares.at(-1)).toBe(1);
    }
  });

  test("looking at each pair of rows once gives the same, in any number of blocks and on threads", async () => {
    const kernels = chooseKernels();
    for (const [name, value] of Object.entries(tables)) {
      for (const [rowCount, columnCount] of [
        [512, 3],
        [545, 13],
        [900, 6],
      ] as const) {
        const rows = table(rowCount, columnCount, value);
        const all = Int32Array.from({ length: rowCount }, (_, row) => row);
        const index = builtIndex(rows, { metric: "euclidean", algorithm: "brute" }, kernels);
        const pairs = index.pairSearch();
        expect(pairs, name).toBeDefined();
        const reference = builtIndex(rows, { metric: "euclidean" }, referenceKernels);
        const threads = singleThread(new Map([["core/trainingNeighbours", trainingNeighboursTask]]));
        for (const k of [1, 6, 40]) {
          const expected = reference.query(rows, k, all);
          expectSameBits(await trainingNeighbours(index, k, { kernels, threads }), expected);
          if (pairs !== undefined)
            expectSameBits(
              await pairNeighbours(index, carry(index), k, { kernels, threads: { ...threads, count: 3 } }),
              expected,
            );
        }
      }
    }
  });

  test.each(Object.keys(tables))("walks from the rows' own places find what the reference finds, %s", async (name) => {
    for (const metric of ["euclidean", "manhattan", "chebyshev"] as const) {
      for (const [rowCount, columnCount, k] of [
        [2, 1, 1],
        [33, 9, 7],
        [257, 1, 7],
        [300, 33, 1],
        [400, 5, 280],
      ] as const) {
        const rows = table(rowCount, columnCount, tables[name]);
        const all = Int32Array.from({ length: rowCount }, (_, row) => row);
        const expected = builtIndex(rows, { metric }, referenceKernels).query(rows, k, all);
        for (const set of ["wasm-simd", "wasm-relaxed-simd"] as const) {
          const kernels = kernelsByName(set);
          const index = builtIndex(rows, { metric, algorithm: "kd-tree" }, kernels);
          expectSameBits(await trainingNeighbours(index, k, { kernels, threads: singleThread(new Map()) }), expected);
        }
      }
    }
  });

  test("pairs of blocks left out for their boxes hold no neighbours: crowds near and far", async () => {
    for (const spread of [1, 3, 100]) {
      const rows = table(1500, 20, (row) => spread * (row % 3) + random.normal());
      const all = Int32Array.from({ length: rows.rowCount }, (_, row) => row);
      const expected = builtIndex(rows, { metric: "euclidean" }, referenceKernels).query(rows, 20, all);
      for (const set of ["wasm-simd", "wasm-relaxed-simd"] as const) {
        const kernels = kernelsByName(set);
        const index = builtIndex(rows, { metric: "euclidean", algorithm: "brute" }, kernels);
        const context = { kernels, threads: singleThread(new Map()) };
        expectSameBits(await pairNeighbours(index, carry(index), 20, context), expected);
      }
    }
  });

  test("pieces on threads give the same as one thread, by rows and by pairs", async () => {
    const kernels = chooseKernels();
    const threads = { ...singleThread(new Map([["core/trainingNeighbours", trainingNeighboursTask]])), count: 3 };
    for (const [rowCount, columnCount, algorithm] of [
      [2500, 3, "kd-tree"],
      [2600, 64, "brute"],
    ] as const) {
      const rows = table(rowCount, columnCount, () => random.integer(20));
      const index = builtIndex(rows, { metric: "euclidean", algorithm }, kernels);
      const all = Int32Array.from({ length: rowCount }, (_, row) => row);
      expectSameBits(await trainingNeighbours(index, 6, { kernels, threads }), index.query(rows, 6, all));
    }
  });

  test("real worker threads give the same bits, by rows and by pairs", async () => {
    const kernels = chooseKernels();
    const pool = createThreadPool(2, workerHost);
    try {
      for (const [rowCount, columnCount, algorithm] of [
        [2500, 3, "kd-tree"],
        [2600, 64, "brute"],
      ] as const) {
        const rows = table(rowCount, columnCount, () => random.normal());
        const index = builtIndex(rows, { metric: "euclidean", algorithm }, kernels);
        const all = Int32Array.from({ length: rowCount }, (_, row) => row);
        expectSameBits(await trainingNeighbours(index, 6, { kernels, threads: pool }), index.query(rows, 6, all));
      }
    } finally {
      await pool.close();
    }
  });

  test("an abort stops the search", async () => {
    const kernels = chooseKernels();
    const index = builtIndex(train, { metric: "euclidean" }, kernels);
    const context = { kernels, threads: singleThread(new Map()), signal: AbortSignal.abort() };
    await expect(trainingNeighbours(index, 3, context)).rejects.toMatchObject({ code: "ABORTED" });
  });
});

describe("distinct rows", () => {
  test("equal rows become one with a count, in the order of first occurrence", () => {
    const distinct = distinctOf(
      matrixFromRows([
        [1, 2],
        [3, 4],
        [1, 2],
        [0, 0],
        [-0, 0],
        [3, 4],
        [1, 2],
      ]),
    );
    expect([...distinct.rows.values]).toEqual([1, 2, 3, 4, 0, 0]);
    expect([...distinct.counts]).toEqual([3, 2, 2]);
    expect([...distinct.placeOf]).toEqual([0, 1, 0, 2, 2, 1, 0]);
    expect([...spreadToAll(Float64Array.of(7, 8, 9), distinct)]).toEqual([7, 8, 7, 9, 9, 8, 7]);
  });

  test("a table without copies is kept as it is", () => {
    const rows = table(300, 2, () => random.normal());
    expect(distinctOf(rows).rows).toBe(rows);
  });
});
