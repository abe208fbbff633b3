import { describe, expect, test } from "vitest";
import { centralSums } from "../structures/ecdf/skewness.ts";
import type { Matrix } from "../matrix.ts";
import { rowRange } from "../matrix.ts";
import { createRandom } from "../random.ts";
import { kernelsByName } from "./choose.ts";
import type { SortedColumns, TailKernels, TailRule } from "./tail-kernels.ts";

const random = createRandom(11);
const wasmNames = ["wasm-simd", "wasm-relaxed-simd"] as const;

const makers: Readonly<Record<string, (row: number) => number>> = {
  normal: () => random.normal(),
  "few distinct": () => random.integer(9) - 4,
  constant: () => 3.5,
  "long tail": () => Math.exp(6 * random.normal()),
  rounded: () => Math.round(1000 * random.normal()) / 1000,
  "one huge value": (row) => (row === 0 ? 1e300 : random.uniform()),
  "values that overflow when subtracted": (row) => (row % 2 === 0 ? 1.7e308 : -1.7e308),
  "tiny spread": (row) => 1 + (row % 3) * Number.EPSILON,
  "two clusters": (row) => (row % 2) * 1e6 + random.normal(),
};
const columnCount = Object.keys(makers).length;

function sortedColumns(rule: TailRule, entryCount: number): SortedColumns {
  const sorted = new Float64Array(entryCount * columnCount);
  const sums = Object.values(makers).map((make, column) => {
    const entries = Float64Array.from({ length: entryCount }, (_, row) => make(row)).sort();
    sorted.set(entries, column * entryCount);
    return centralSums(entries);
  });
  return { rule, sorted, sums };
}

/** Values of the columns, values beside them, and values beyond them. */
function rowsBeside({ sorted, sums }: SortedColumns, rowCount: number): Matrix {
  const entryCount = sums[0].count;
  const values = Float64Array.from({ length: rowCount * columnCount }, (_, at) => {
    const value = sorted[(at % columnCount) * entryCount + random.integer(entryCount)];
    return [value, value, value * (1 + 0.1 * random.normal()), -1.7e308, 1.7e308, -0][random.integer(at % 50 === 0 ? 6 : 3)];
  });
  return { rowCount, columnCount, values };
}

function sumsBy(kernels: TailKernels, columns: SortedColumns, rows: Matrix): Float64Array {
  const sums = new Float64Array(rows.rowCount).fill(Number.NaN);
  kernels.createTailScorer(columns).sumsInto(rows, sums);
  return sums;
}

describe.each(["ecod", "copod"] as const)("tails by the rule of %s", (rule) => {
  test("the reference counts as one does by hand", () => {
    const columns: SortedColumns = {
      rule,
      sorted: Float64Array.of(1, 2, 2, 5),
      sums: [centralSums(Float64Array.of(1, 2, 2, 5))],
    };
    const cells = new Float64Array(3);
    kernelsByName("reference")
      .createTailScorer(columns)
      .cellsInto({ rowCount: 3, columnCount: 1, values: Float64Array.of(2, 9, 0) }, cells);
    // Of five rows: 4 and 4 not above and not below a further 2; 5 and 1 for 9; 1 and 5 for 0, all skewed to the right.
    const counted = rule === "ecod" ? [5 / 4, 5, 5] : [5 / 4, 5, Math.sqrt(5)];
    for (const [row, share] of counted.entries()) expect(cells[row]).toBeCloseTo(Math.log(share), 14);
  });

  test.each([
    [1, 100],
    [3, 100],
    [4, 16],
    [5, 1000],
    [3001, 4099],
    [70_001, 1025],
  ])("with %i entries a column every kernel set gives the bits of the reference", (entryCount, rowCount) => {
    const columns = sortedColumns(rule, entryCount);
    const rows = rowsBeside(columns, rowCount);
    const expected = sumsBy(kernelsByName("reference"), columns, rows);
    for (const name of wasmNames) expect(sumsBy(kernelsByName(name), columns, rows)).toStrictEqual(expected);
  });

  test("rows get the same bits one by one, a few at a time and all together", () => {
    const columns = sortedColumns(rule, 2000);
    const rows = rowsBeside(columns, 3000);
    for (const name of wasmNames) {
      const expected = sumsBy(kernelsByName(name), columns, rows);
      for (const length of [1, 60, 1024]) {
        const scorer = kernelsByName(name).createTailScorer(columns);
        const sums = new Float64Array(rows.rowCount);
        for (let start = 0; start < rows.rowCount; start += length) {
          const end = Math.min(start + length, rows.rowCount);
          scorer.sumsInto(rowRange(rows, start, end), sums.subarray(start, end));
        }
        expect(sums).toStrictEqual(expected);
      }
    }
  });

  test("cells add up to the sums", () => {
    const columns = sortedColumns(rule, 500);
    const rows = rowsBeside(columns, 200);
    const cells = new Float64Array(rows.values.length);
    const scorer = kernelsByName("wasm-simd").createTailScorer(columns);
    scorer.cellsInto(rows, cells);
    const added = Float64Array.from({ length: 200 }, (_, row) =>
      cells.subarray(row * columnCount, (row + 1) * columnCount).reduce((sum, cell) => sum + cell, 0),
    );
    expect(sumsBy(kernelsByName("wasm-simd"), columns, rows)).toStrictEqual(added);
  });
});
