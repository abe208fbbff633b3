import { describe, expect, test } from "vitest";
import { rowRange } from "../matrix.ts";
import { createRandom } from "../random.ts";
import { centralSums } from "./skewness.ts";
import type { TailRule } from "./tail-cells.ts";
import { createTailScorer } from "./tail-scorer.ts";

const random = createRandom(11);
// More rows than are arranged together, on columns too long for the cache.
const rowCount = 132_000;
const makers = [
  () => random.normal(),
  () => random.integer(9) - 4,
  () => 3.5,
  () => Math.exp(6 * random.normal()),
  () => Math.round(1000 * random.normal()) / 1000,
];
const columnCount = makers.length;
const columns = makers.map((make) => Float64Array.from({ length: rowCount }, make));
/** Half of them values of the column, half beside or beyond one. */
const values = Float64Array.from({ length: rowCount * columnCount }, (_, at) => {
  const value = columns[at % columnCount][Math.floor(at / columnCount)];
  return random.integer(2) === 0 ? value : value * (1 + 0.1 * random.normal());
});
const rows = { values, rowCount, columnCount };

describe.each(["ecod", "copod"] as const)("%s of many rows", (rule: TailRule) => {
  const sortedColumns = columns.map((column) => column.slice().sort());
  const sorted = new Float64Array(rowCount * columnCount);
  for (const [index, column] of sortedColumns.entries()) sorted.set(column, index * rowCount);
  const state = { rule, sorted, sums: sortedColumns.map(centralSums) };

  test.each([
    ["scores", "one", 1],
    ["contributions", "columns", columnCount],
  ] as const)("gives the same bits as of a few rows at a time: %s", (_name, placesPerRow, width) => {
    const together = new Float64Array(rowCount * width);
    createTailScorer(state)(rows, together, placesPerRow);
    const apart = new Float64Array(rowCount * width);
    const addTails = createTailScorer(state);
    for (let start = 0; start < rowCount; start += 60) {
      const end = Math.min(start + 60, rowCount);
      addTails(rowRange(rows, start, end), apart.subarray(start * width, end * width), placesPerRow);
    }
    expect(together.every((cell, i) => Object.is(cell, apart[i]))).toBe(true);
  });
});
