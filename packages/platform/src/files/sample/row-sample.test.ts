import { describe, expect, it } from "vitest";
import type { Batch } from "../read/row-stream.ts";
import { createRowSample } from "./row-sample.ts";

/** Rows 0..count-1 whose value is their own index, in batches. */
function* batches(count: number, batchRowCount: number): Generator<Batch> {
  for (let firstRow = 0; firstRow < count; firstRow += batchRowCount) {
    const rowCount = Math.min(batchRowCount, count - firstRow);
    const values = Float64Array.from({ length: rowCount }, (_, row) => firstRow + row);
    const texts = Array.from(values, (value) => (value % 3 === 0 ? null : `t${value}`));
    const columns = [
      { kind: "number", name: "value", values },
      { kind: "text", name: "text", values: texts },
    ] as const;
    yield { firstRow, rowCount, columns };
  }
}

function sampled(count: number, capacity: number, seed: number, batchRowCount = 64) {
  const sample = createRowSample(capacity, seed);
  for (const batch of batches(count, batchRowCount)) sample.add(batch);
  return sample.finish();
}

describe("createRowSample", () => {
  it("keeps every row while they fit", () => {
    const { table, rowIndexes, totalRowCount } = sampled(500, 500, 1);
    expect([table.rowCount, totalRowCount]).toEqual([500, 500]);
    expect([...rowIndexes]).toEqual(Array.from({ length: 500 }, (_, row) => row));
    expect(table.columns[0].values).toEqual(Float64Array.from({ length: 500 }, (_, row) => row));
  });

  it("keeps as many as fit, whole rows, in the order of the file", () => {
    const { table, rowIndexes, totalRowCount } = sampled(10_000, 300, 7);
    expect([table.rowCount, totalRowCount, rowIndexes.length]).toEqual([300, 10_000, 300]);
    expect(table.columns[0].values).toEqual(rowIndexes);
    expect(table.columns[1].values).toEqual(Array.from(rowIndexes, (row) => (row % 3 === 0 ? null : `t${row}`)));
    for (let i = 1; i < 300; i++) expect(rowIndexes[i]).toBeGreaterThan(rowIndexes[i - 1]);
  });

  it("draws every row with the same chance", () => {
    const counts = new Float64Array(10);
    // 400 draws of 100 out of 1,000: each tenth of the file is expected 4,000 times, deviation sqrt(400 * 9.0) = 60 or less.
    for (let seed = 0; seed < 400; seed++) for (const row of sampled(1000, 100, seed).rowIndexes) counts[Math.floor(row / 100)]++;
    for (const count of counts) expect(Math.abs(count - 4000)).toBeLessThan(5 * 60);
  });

  it("draws the same rows for the same seed, however they are cut into batches", () => {
    expect(sampled(5000, 100, 3, 17).rowIndexes).toEqual(sampled(5000, 100, 3, 1000).rowIndexes);
    expect(sampled(5000, 100, 4).rowIndexes).not.toEqual(sampled(5000, 100, 3).rowIndexes);
  });
});
