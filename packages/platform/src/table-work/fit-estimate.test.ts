import { detectorById, type FitOptions, parseParams, type Table } from "@nomaly/detect";
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
    // In three columns comparing all pairs of 213,333 rows takes as long as the rest.
    ["knn", (0.4 * 20 * (640 / 3 + 10)) / (640 / 3 + 0.5)],
  ] as const)("of %s grows from a fit of 500 rows to 10,000 as its trait says", async (detector, seconds) => {
    // The faster of two, 401 ms, of which 1 ms is what any fit takes.
    const estimate = await estimateFit(work(10_000, { detector }), clockOf(90, 1, 900, 401));
    expect(estimate?.seconds).toBeCloseTo(seconds, 9);
    expect(estimate?.rowCount).toBe(10_000);
  });

  it("of a detector that knows from the size of the table is what it says, and nothing is fitted", async () => {
    const never = () => {
      throw new Error("looked at the clock");
    };
    const size = { rowCount: 400_000, scoredRowCount: 1_000_000, columnCount: 3 };
    const params = parseParams("auto", detectorById("auto").params, { timeBudget: 1000 });
    const known = detectorById("auto").fitSeconds?.(size, params as never) ?? Number.NaN;
    const asked = work(400_000, { detector: "auto", params: { timeBudget: 1000 } }, { scoredRowCount: 1_000_000 });
    const estimate = await estimateFit(asked, never);
    expect(estimate?.seconds).toBe(known);
    expect(estimate?.smaller).toBeUndefined();
    expect(await estimateFit({ ...asked, secondsMin: known + 0.01 }, never)).toBeUndefined();
  });

  it("does not try a fit that would take over 1.2 s, and looks twice at the one before", async () => {
    // mcd on 1000 rows takes 13.75 times as long as on 500.
    const estimate = await estimateFit(work(1000, { detector: "mcd" }), clockOf(90, 0, 200, 100));
    expect(estimate?.seconds).toBeCloseTo(0.1 * 13.75, 9);
    const longer = await estimateFit(work(100_000, { detector: "mcd" }), clockOf(90, 0, 100, 90));
    expect(longer?.seconds).toBeCloseTo((0.09 * 165_000) / 800, 9);
  });

  it("tries more rows where the second look at a fit shows it to be short", async () => {
    // 500 rows twice, 2000, 4000 twice.
    const estimate = await estimateFit(
      work(10_000, { detector: "robust-z" }, { secondsMin: 0 }),
      clockOf(90, 0, 400, 50, 100, 320, 310),
    );
    expect(estimate?.seconds).toBeCloseTo(0.31 * 2.5, 9);
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
