import { detect } from "@nomaly/detect";
import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, runInProcess, toCsv } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

/** A wave that leaves its course for a while. */
const rows = Array.from({ length: 600 }, (_, row) => ({
  pump: "north",
  value: Math.sin(row / 8) + (row % 7) / 20 + (row >= 450 && row < 460 ? 3 : 0),
  load: row % 11,
}));
const csv = folder.write("pump.csv", toCsv(rows));
const ids = ["detect", csv, "-a", "series-novelty"];

describe("nomaly detect -a series-novelty", () => {
  it("gives every row of a file the score that the library gives in one pass", async () => {
    const { code, stdout } = await runInProcess([...ids, "--columns", "value", "-o", "-"]);
    expect(code).toBe(0);
    const told = stdout
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => Number(line.split(",")[3]));
    const { scores } = await detect(
      rows.map(({ value }) => ({ value })),
      { detector: "series-novelty" },
    );
    expect(told).toHaveLength(600);
    for (const [row, score] of scores.entries()) expect(told[row]).toBeCloseTo(score, 9);
  });

  it("asks which column is meant where there are several", async () => {
    const { code, stderr } = await runInProcess(ids);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      /COLUMN: .*one column, these rows make 2 \(from "value", "load"\); choose, for instance, --columns value/,
    );
  });

  it("takes no sample of a series that is too long", async () => {
    const { code, stderr } = await runInProcess([...ids, "--columns", "value", "--fit-rows", "599"]);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/TOO_LARGE: .*more rows than series-novelty may learn at once, 599 \(--fit-rows\)/);
    const several = await runInProcess(["detect", csv, "-a", "ecod,series-novelty", "--columns", "value", "--fit-rows", "599"]);
    expect(several.stderr).toMatch(/TOO_LARGE: .*series-novelty/);
    expect((await runInProcess([...ids, "--columns", "value", "--fit-rows", "600"])).code).toBe(0);
  });

  it("is not among all, which are for tables", async () => {
    const labelled = folder.write(
      "labelled.csv",
      toCsv(rows.map((row, at) => ({ ...row, label: at >= 450 && at < 460 ? 1 : 0 }))),
    );
    const { code, stdout } = await runInProcess(["evaluate", labelled, "--label", "label", "-a", "all", "--json"]);
    expect(code).toBe(0);
    expect(stdout).toContain("robust-z");
    expect(stdout).not.toContain("series-novelty");
  });

  it("is described as what it is", async () => {
    const { stdout } = await runInProcess(["detectors", "series-novelty"]);
    expect(stdout).toContain("at least 151 rows in the order of time; one column");
    expect(stdout).toContain("-a series-novelty --columns NAME");
  });
});
