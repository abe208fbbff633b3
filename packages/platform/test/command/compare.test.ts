import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, runInProcess } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());
const cars = resolve(import.meta.dirname, "../../../../fixtures/cars.csv");

interface Compared {
  readonly row_count: number;
  readonly compared_row_count: number;
  readonly top_count: number;
  readonly detectors: readonly {
    readonly algorithm: string;
    readonly failure?: string;
    readonly rank_correlation?: number | null;
    readonly top_shared?: number;
    readonly top_kept?: number;
  }[];
  readonly rows: readonly {
    readonly row: number;
    readonly name?: string;
    readonly detectors: readonly string[];
    readonly mean_rank: number;
  }[];
}

async function compare(...words: string[]): Promise<Compared> {
  const { code, stdout, stderr } = await runInProcess(["compare", ...words, "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Compared;
}

describe("nomaly compare", () => {
  // scipy.stats.spearmanr and sets of rows in Python, on the scores that nomaly detect writes for each detector alone.
  it("measures how far each detector agrees with the others, and finds the rows on which most agree", async () => {
    const { detectors, rows, top_count: topCount } = await compare(cars, "-a", "ecod,knn,pca");
    expect(topCount).toBe(20);
    expect(detectors.map(({ algorithm }) => algorithm)).toEqual(["ecod", "knn", "pca"]);
    for (const [index, expected] of [0.5573630843262604, 0.38745866349666114, 0.84592820073207].entries()) {
      expect(detectors[index].rank_correlation).toBeCloseTo(expected, 10);
    }
    expect(detectors.map(({ top_shared: shared }) => shared)).toEqual([0.475, 0.325, 0.55]);
    expect(rows.map(({ row }) => row)).toEqual([389, 325, 29, 324, 243, 14, 26, 95, 59, 7, 116, 298, 8, 9, 94, 67, 299]);
    expect(rows.map((row) => row.detectors.length)).toEqual([3, 3, 3, 3, 3, ...Array.from({ length: 12 }, () => 2)]);
    expect(rows[0]).toMatchObject({ name: "vw pickup", detectors: ["ecod", "knn", "pca"] });
    expect(rows[0].mean_rank).toBeCloseTo(0.9931972789115647, 10);
  });

  it("says how many top rows a detector with a seed keeps with another one, and nothing of the others", async () => {
    const { detectors } = await compare(cars, "-a", "isolation-forest,ecod", "--set", "isolation-forest.n_estimators=10");
    expect(detectors[0].top_kept).toBeGreaterThan(0);
    expect(detectors[0].top_kept).toBeLessThan(1);
    expect(detectors[1].top_kept).toBeUndefined();
  });

  it("counts rows of the file where it compares a sample, and a tenth of a few rows as top rows", async () => {
    const sample = await compare(cars, "-a", "ecod,pca", "--fit-rows", "60");
    expect([sample.row_count, sample.compared_row_count, sample.top_count]).toEqual([392, 60, 6]);
    const names = readFileSync(cars, "utf8")
      .split("\n")
      .map((line) => line.split(",")[0]);
    expect(sample.rows.length).toBeGreaterThan(0);
    expect(sample.rows.map(({ name }) => name)).toEqual(sample.rows.map(({ row }) => names[row]));
    expect((await compare(cars, "-a", "ecod,pca", "--fit-rows", "60", "--top", "7")).top_count).toBe(7);
  });

  it("says what the figures do not show, and goes on without a detector that cannot learn from the rows", async () => {
    const text = folder.write("one.csv", "a,b\n1,2\n");
    expect((await runInProcess(["compare", text, "-a", "ecod,kde,pca"])).stderr).toMatch(
      /UNSUPPORTED: comparing needs at least two detectors .*: .*ecod needs at least 2 rows.*; .*pca needs at least/,
    );
    const short = folder.write("short.csv", "a,b\n1,2\n2,1\n3,9\n");
    const { stdout } = await runInProcess(["compare", short, "-a", "ecod,hbos,kde,mcd"]);
    expect(stdout).toMatch(/Detectors that agree see these rows alike; that does not make them right: only known labels tell/);
    expect((await runInProcess(["compare", cars, "-a", "knn"])).stderr).toMatch(/USAGE: .*at least two algorithms, got -a knn/);
  });
});
