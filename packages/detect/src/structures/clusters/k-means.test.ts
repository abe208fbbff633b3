import { describe, expect, it } from "vitest";
import { chooseKernels } from "../../kernels/choose.ts";
import { matrix, type Matrix } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { singleThread } from "../../threads/single-thread.ts";
import { fitKMeans, kMeansRunTask } from "./k-means.ts";
import { createKMeansRun } from "./k-means-run.ts";
import { createLloyd } from "./lloyd.ts";
import { atOnce } from "../../threads/pieces.ts";

function normalRows(rowCount: number, columnCount: number, seed: number): Matrix {
  const random = createRandom(seed);
  return matrix(
    Float64Array.from({ length: rowCount * columnCount }, () => random.normal()),
    columnCount,
  );
}

function contextOf(seed: number) {
  return { random: createRandom(seed), kernels: chooseKernels(), threads: singleThread(new Map()) };
}

/** Lloyd's iteration as in any textbook: every distance, every time; means over members in row order. */
function plainLloyd(rows: Matrix, centers: Float64Array, iterationCount: number): Int32Array {
  const width = rows.columnCount;
  const labels = new Int32Array(rows.rowCount);
  for (let iteration = 0; iteration <= iterationCount; iteration++) {
    for (let row = 0; row < rows.rowCount; row++) {
      let bestSquare = Number.POSITIVE_INFINITY;
      for (let center = 0; center < centers.length / width; center++) {
        let square = 0;
        for (let column = 0; column < width; column++) {
          square += (rows.values[row * width + column] - centers[center * width + column]) ** 2;
        }
        if (square < bestSquare) [bestSquare, labels[row]] = [square, center];
      }
    }
    if (iteration === iterationCount) break;
    for (let center = 0; center < centers.length / width; center++) {
      const members = [...labels.keys()].filter((row) => labels[row] === center);
      for (let column = 0; column < width; column++) {
        const sum = members.reduce((total, row) => total + rows.values[row * width + column], 0);
        centers[center * width + column] = sum / members.length;
      }
    }
  }
  return labels;
}

describe("k-means", () => {
  it("labels rows as plain Lloyd does, whatever its bounds skip", () => {
    for (const [rowCount, columnCount, clusterCount] of [
      [400, 3, 8],
      [300, 10, 5],
      [200, 1, 7],
    ]) {
      const rows = normalRows(rowCount, columnCount, rowCount);
      const start = rows.values.slice(0, clusterCount * columnCount);
      const lloyd = createLloyd(rows, start.slice(), chooseKernels());
      for (let iteration = 0; iteration < 12; iteration++) {
        atOnce(lloyd.assign());
        atOnce(lloyd.moveCenters());
      }
      atOnce(lloyd.assign());
      const expected = start.slice();
      expect(lloyd.labels).toEqual(plainLloyd(rows, expected, 12));
      for (const [at, value] of lloyd.centers.entries()) expect(value).toBeCloseTo(expected[at], 12);
    }
  });

  it("finds the four corners of a square, each with its rows", async () => {
    const random = createRandom(3);
    const values = Float64Array.from({ length: 800 }, (_, at) => {
      const corner = (at >> 1) % 4;
      return (at % 2 === 0 ? corner & 1 : corner >> 1) * 100 + random.normal();
    });
    const { centers, sizes, labels } = await fitKMeans(matrix(values, 2), { clusterCount: 4, initCount: 3 }, contextOf(1));
    expect([...sizes]).toEqual([100, 100, 100, 100]);
    for (let row = 4; row < 400; row++) expect(labels[row]).toBe(labels[row % 4]);
    for (const value of centers.values) expect(Math.min(Math.abs(value), Math.abs(value - 100))).toBeLessThan(0.5);
  });

  it("gives fewer clusters when there are fewer different rows", async () => {
    const values = Float64Array.from({ length: 40 }, (_, row) => row % 3);
    const { centers, sizes, inertia } = await fitKMeans(matrix(values, 1), { clusterCount: 8, initCount: 2 }, contextOf(1));
    expect(centers.values.toSorted()).toEqual(Float64Array.from([0, 1, 2]));
    expect(sizes.toSorted()).toEqual(Int32Array.from([13, 13, 14]));
    expect(inertia).toBe(0);
  });

  it("refills a cluster that lost all its rows with the row farthest from its centre", () => {
    const rows = matrix(Float64Array.from([0, 1, 2, 3, 100]), 1);
    const lloyd = createLloyd(rows, Float64Array.from([1, 1000, 1001]), chooseKernels());
    atOnce(lloyd.assign());
    atOnce(lloyd.moveCenters());
    expect([...lloyd.centers]).toEqual([1, 100, 3]);
    expect(atOnce(lloyd.assign())).toBe(0);
  });

  it("is not overwhelmed by values whose squares overflow", async () => {
    const values = Float64Array.from([1e300, 1.1e300, -1e300, -1.1e300]);
    const { centers, sizes } = await fitKMeans(matrix(values, 1), { clusterCount: 2, initCount: 2 }, contextOf(1));
    expect([...sizes]).toEqual([2, 2]);
    expect([...centers.values].map(Math.abs)).toEqual([1.05e300, 1.05e300]);
  });

  it("finishes on all rows the starts that a sample chose", async () => {
    const rows = normalRows(20_000, 2, 7);
    const { sizes, centers } = await fitKMeans(rows, { clusterCount: 3, initCount: 2 }, contextOf(1));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(20_000);
    const again = createLloyd(rows, centers.values.slice(), chooseKernels());
    atOnce(again.assign());
    // Converged: the means of all rows' clusters stand where the centres do, within the tolerance on movement.
    expect(atOnce(again.moveCenters())).toBeLessThan(1e-4);
  });

  it("gives a worker's run the same bits as the caller's own", () => {
    const rows = normalRows(500, 4, 9);
    const options = { clusterCount: 5, iterationCountMax: 300, movementMax: 1e-4 };
    const own = createKMeansRun(rows, options, createRandom(11).stream(3), chooseKernels());
    while (atOnce(own.step()));
    expect(atOnce(kMeansRunTask({ rows, options, origin: { seed: 11, stream: 3 } }, chooseKernels()))).toEqual(
      atOnce(own.result()),
    );
  });

  it("stops when its caller says so", async () => {
    const controller = new AbortController();
    controller.abort();
    const fit = fitKMeans(
      normalRows(100, 2, 1),
      { clusterCount: 3, initCount: 1 },
      { ...contextOf(1), signal: controller.signal },
    );
    await expect(fit).rejects.toMatchObject({ code: "ABORTED" });
  });
});
