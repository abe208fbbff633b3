import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, runInProcess } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

const fixtures = resolve(import.meta.dirname, "../../../../fixtures");
const penguins = resolve(fixtures, "penguins.csv");
const planes = resolve(fixtures, "planes.csv");

interface Told {
  readonly missing_values: readonly Readonly<Record<string, unknown>>[];
  readonly notes: readonly string[];
  readonly top: readonly {
    readonly row: number;
    readonly anomaly_score: number;
    readonly reasons: readonly Readonly<Record<string, unknown>>[];
  }[];
}

async function told(...words: string[]): Promise<Told> {
  const { code, stdout, stderr } = await runInProcess([...words, "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Told;
}

describe("a file with missing values", () => {
  it("is scored without an option, and one line says what was filled", async () => {
    const { code, stdout, stderr } = await runInProcess(["detect", penguins]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^filled 8 missing values in 4 columns with the column's median; 11 missing texts in 1 column count as a category of their own$/m,
    );
    expect(stdout).toMatch(/^ +10 .*sex is missing, as in 3.2 % of rows/m);
  });

  it("tells counts, shares and medians as pandas computes them", async () => {
    // pandas 3.1.1: read_csv(...).isna().sum(), .isna().mean(), .median(numeric_only=True)
    const numbers = { missing_count: 2, missing_share: 2 / 344, indicator: "none" };
    expect((await told("detect", penguins)).missing_values).toEqual([
      { column: "bill_length_mm", filled_with: 44.45, ...numbers },
      { column: "bill_depth_mm", filled_with: 17.3, ...numbers },
      { column: "flipper_length_mm", filled_with: 197, ...numbers },
      { column: "body_mass_g", filled_with: 4050, ...numbers },
      { column: "sex", missing_count: 11, missing_share: 11 / 344, filled_with: null, indicator: "none" },
    ]);
    expect((await told("detect", planes)).missing_values).toEqual([
      { column: "year", missing_count: 70, missing_share: 70 / 3322, filled_with: 2001, indicator: "counts_missing" },
      { column: "speed", missing_count: 3299, missing_share: 3299 / 3322, filled_with: 162, indicator: "counts_present" },
    ]);
  });

  it("tells in words and in fields that a value is there where hardly any is", async () => {
    const { top, notes } = await told("detect", planes, "-a", "isolation-forest", "--top", "20");
    expect(notes[0]).toBe(
      'filled 3,369 missing values in 2 columns with the column\'s median; counted as unusual, too: no value in "year", a value in "speed"',
    );
    const speed = top.find(({ row }) => row === 1028)?.reasons[0];
    expect(speed).toMatchObject({ column: "speed", value: 105, missing_share: 3299 / 3322 });
    expect(speed?.["usual"]).toBe("missing (99.3 %) or 90.5 to 432");
    const report = folder.file("planes.html");
    const { stdout } = await runInProcess(["detect", planes, "-a", "isolation-forest", "--top", "20", "--report", report]);
    expect(stdout).toMatch(/^ *1028 .*speed has a value \(105\), 99\.3 % have none/m);
    expect(readFileSync(report, "utf8")).toMatch(/speed <b>105<\/b>[^]*?>99\.3 % have none</);
  });

  it("draws no dot beside a value that is unusual for being there, unless it lies beyond the others", async () => {
    const report = folder.file("planes.html");
    await runInProcess(["detect", planes, "-a", "isolation-forest", "--top", "20", "--report", report]);
    const items =
      readFileSync(report, "utf8")
        .match(/<li>[^]*?<\/li>/g)
        ?.filter((item) => item.includes("speed <b>")) ?? [];
    expect(items.map((item) => item.includes("<svg"))).toContain(false);
    // The usual speeds are 90.5 to 432, so that 90 is the only one below.
    for (const item of items) expect(item.includes("<svg")).toBe(item.includes("<b>90</b>"));
    expect(items.find((item) => item.includes("<b>90</b>"))).toMatch(/>99\.3 % have none, the others mostly 90\.5 to 432</);
  });

  it("tells of rows with several empty cells which they are", async () => {
    const report = folder.file("penguins.html");
    const { stdout } = await runInProcess(["detect", penguins, "--report", report]);
    const page = readFileSync(report, "utf8");
    // The only rows without measures, as pandas finds them: read_csv(...).isna().sum(axis=1) == 5
    const told = /^ *(4|272) .* 5 of 8 cells are empty: sex, [a-z_]+_(?:mm|g), [a-z_]+_(?:mm|g) and 2 more$/gm;
    expect([...stdout.matchAll(told)].map(([, row]) => row)).toEqual(["4", "272"]);
    const names = [...page.matchAll(/<b>5 of 8 cells are empty<\/b>[^]*?usual-text">([^<]*)</g)].map(([, list]) =>
      list.split(", "),
    );
    const measures = ["bill_depth_mm", "bill_length_mm", "body_mass_g", "flipper_length_mm"];
    expect(names.map((list) => list.toSorted())).toEqual([
      [...measures, "sex"],
      [...measures, "sex"],
    ]);
  });

  it("takes a lone dot, as SAS and Stata write it, for a missing value", async () => {
    const rows = Array.from({ length: 30 }, (_, row) => `${row === 4 ? "." : (row * 7) % 11},${row % 3 === 0 ? "." : "x"}`);
    const { missing_values: missing } = await told("detect", folder.write("dots.csv", `a,b\n${rows.join("\n")}\n`));
    expect(missing).toMatchObject([
      { column: "a", missing_count: 1 },
      { column: "b", missing_count: 10 },
    ]);
  });

  it("counts what was filled in all scored rows, also where a sample was learned from", async () => {
    const { missing_values: missing } = await told("detect", planes, "--fit-rows", "500");
    expect(missing.map(({ column, missing_count: count }) => [column, count])).toEqual([
      ["year", 70],
      ["speed", 3299],
    ]);
  });

  it("is refused with --missing refuse, and a model fitted so refuses what is missing later", async () => {
    const whole = folder.write(
      "whole.csv",
      `a,b\n${Array.from({ length: 50 }, (_, row) => `${(row * 7) % 11},${row % 5}`).join("\n")}\n`,
    );
    const gaps = folder.write("gaps.csv", "a,b\n,1\n3,2\n");
    expect((await runInProcess(["detect", penguins, "--missing", "refuse"])).code).toBe(3);
    for (const [missing, code] of [
      ["refuse", 3],
      ["auto", 0],
    ] as const) {
      const model = folder.file(`${missing}.nomaly`);
      expect((await runInProcess(["fit", whole, "-m", model, "--missing", missing])).code).toBe(0);
      expect((await runInProcess(["score", gaps, "-m", model])).code).toBe(code);
    }
    const filled = await told("score", gaps, "-m", folder.file("auto.nomaly"));
    expect(filled.missing_values).toEqual([
      { column: "a", missing_count: 1, missing_share: 0.5, filled_with: 5, indicator: "none" },
    ]);
  });

  it("leaves out a column without any value, and says so", async () => {
    const empty = folder.write(
      "empty.csv",
      `a,b,c\n${Array.from({ length: 50 }, (_, row) => `${(row * 7) % 11},,${row % 5}`).join("\n")}\n`,
    );
    const { code, stdout } = await runInProcess(["detect", empty]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^column b is left out: it has no values$/m)]);
    expect((await runInProcess(["detect", empty, "--columns", "a,b"])).stdout).toMatch(
      /^column b is left out: it has no values$/m,
    );
  });

  it("whose labels are missing is refused in one sentence", async () => {
    const unlabelled = folder.write(
      "labels.csv",
      `a,label\n${Array.from({ length: 50 }, (_, row) => `${(row * 7) % 11},${row === 7 ? "" : row % 2}`).join("\n")}\n`,
    );
    const { code, stderr } = await runInProcess(["evaluate", unlabelled, "--label", "label"]);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/^nomaly: LABEL: .*row 8 holds nothing\n$/)]);
  });
});

describe("a model file", () => {
  it("of format 1 gives the scores that it gave to the version that wrote it", async () => {
    const { top } = await told("score", penguins, "-m", resolve(fixtures, "models/format-1.nomaly"), "--top", "3");
    expect(top.map(({ row, anomaly_score: score }) => [row, score])).toEqual([
      [4, 137.23769249182158],
      [272, 137.23769249182158],
      [9, 34.624333333333496],
    ]);
  });

  it("has format 2, which older versions refuse, only where the presence column is in it", async () => {
    const versionOf = async (file: string, ...options: string[]) => {
      const model = folder.file("version.nomaly");
      expect((await runInProcess(["fit", file, "-m", model, "-a", "robust-z", ...options])).code).toBe(0);
      return readFileSync(model)[6];
    };
    expect(await versionOf(penguins)).toBe(1);
    expect(await versionOf(planes, "--missing", "indicator")).toBe(1);
    expect(await versionOf(planes)).toBe(2);
  });
});
