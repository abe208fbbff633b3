import type { FitOptions, Table } from "@nomaly/detect";
import { describe, expect, it } from "vitest";
import { estimateFit, type WorkToEstimate } from "./fit-estimate.ts";

function tableOf(rowCount: number, columnCount: number): Table {
  const columns = Array.from({ length: columnCount }, (_, column) => ({
    kind: "number" as const,
    name: `c${column}`,
    values: Float64Array.from({ length: rowCount }, (_, row) => (row * (7 + column)) % (11 + column)),
  }));
  return { rowCount, columns };
}

/** A clock after which the measured works take these times in turn: two fits of 64 rows, fits of more (those of 300 ms twice), a scoring. */
function clockOf(...durationsMs: number[]): () => number {
  let time = 0;
  let call = 0;
  return () => {
    if (call++ % 2 === 1) time += durationsMs.shift() ?? Number.NaN;
    return time;
  };
}

function work(rowCount: number, options: FitOptions, changed: Partial<WorkToEstimate> = {}): WorkToEstimate {
  return { rows: tableOf(rowCount, 3), options, scoredRowCount: 0, secondsMin: 1, ...changed };
}

describe("the estimate of a fit", () => {
  it.each([
    ["robust-z", 0.4 * 20],
    ["kde", 0.4 * 20 ** 2],
    ["knn", 0.4 * 20 ** 1.2],
  ] as const)("of %s grows from a fit of 500 rows to 10,000 as its trait says", async (detector, seconds) => {
    // The faster of two, 401 ms, of which 1 ms is what any fit takes.
    const estimate = await estimateFit(work(10_000, { detector }), clockOf(90, 1, 900, 401));
    expect(estimate?.seconds).toBeCloseTo(seconds, 9);
    expect(estimate?.rowCount).toBe(10_000);
  });

  it("takes neighbours for quadratic in 32 columns, and for halfway there in 16", async () => {
    for (const [columnCount, power] of [
      [8, 1.2],
      [16, 1.6],
      [32, 2],
    ]) {
      const wide = { rows: tableOf(10_000, columnCount) };
      const estimate = await estimateFit(work(10_000, { detector: "knn" }, wide), clockOf(90, 0, 400, 400));
      expect(estimate?.seconds).toBeCloseTo(0.4 * 20 ** power, 9);
    }
  });

  it("goes on to more rows until a fit takes 300 ms, four times as many after a short fit and twice after a longer one", async () => {
    // 500, 2000, 4000 rows.
    const estimate = await estimateFit(work(40_000, { detector: "robust-z" }), clockOf(90, 0, 59, 60, 300, 300));
    expect(estimate?.seconds).toBeCloseTo(0.3 * 10, 9);
  });

  it("is told from the given seconds on", async () => {
    const of = (secondsMin: number) =>
      estimateFit(work(10_000, { detector: "robust-z" }, { secondsMin }), clockOf(90, 0, 400, 400));
    expect((await of(8))?.seconds).toBeCloseTo(8, 9);
    expect(await of(8.01)).toBeUndefined();
  });

  it("counts the scoring of rows outside a sample, and suggests fewer rows where that is much faster", async () => {
    // 500 rows are fitted in 0.4 s and scored in 0.1 s by the model of 500 rows; a larger model scores a row in proportion.
    const scored = { scoredRowCount: 20_000 };
    const estimate = await estimateFit(work(10_000, { detector: "kde" }, scored), clockOf(90, 0, 400, 400, 100));
    expect(estimate?.seconds).toBeCloseTo(0.4 * 20 ** 2 + 0.1 * 20 * 20, 9);
    expect(estimate?.smaller?.rowCount).toBe(1000);
    expect(estimate?.smaller?.seconds).toBeCloseTo(0.4 * 2 ** 2 + 0.1 * 38 * 2, 9);
  });

  it("is not made for few rows, for short work, and where a few of the rows cannot be fitted", async () => {
    expect(await estimateFit(work(999, { detector: "kde" }), clockOf())).toBeUndefined();
    expect(await estimateFit(work(10_000, { detector: "robust-z" }), clockOf(90, 0, 16))).toBeUndefined();
    const many = { detector: "gmm", params: { nComponents: 100 } } as const;
    expect(await estimateFit(work(10_000, many), clockOf())).toBeUndefined();
  });

  it("ends when the signal fires", async () => {
    const aborted = work(10_000, { detector: "kde", signal: AbortSignal.abort() });
    await expect(estimateFit(aborted, clockOf())).rejects.toMatchObject({ code: "ABORTED" });
  });
});
