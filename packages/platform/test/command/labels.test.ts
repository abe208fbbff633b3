import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, plantRows, runInProcess, toCsv } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());
const rows = plantRows();
const csv = folder.write("plant.csv", toCsv(rows));

async function run(words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runInProcess(words);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

async function figures(...words: string[]): Promise<Readonly<Record<string, unknown>>> {
  const { results } = JSON.parse(await run([...words, "--json"])) as { results: Readonly<Record<string, unknown>>[] };
  return results[0];
}

describe("known labels", () => {
  it("takes two words as labels, and suspects labels that are the wrong way round", async () => {
    const named = rows.map(({ label, ...row }) => ({ ...row, cells: label === 1 ? "malignant" : "benign" }));
    const path = folder.write("cells.csv", toCsv(named));
    const words = ["evaluate", path, "--label", "cells", "-a", "robust-z", "--exclude", "site"];
    const byWord = await figures(...words, "--anomaly-value", "malignant");
    const byNumber = await figures("evaluate", csv, "--label", "label", ...words.slice(4));
    expect({ ...byWord, seconds: 0 }).toEqual({ ...byNumber, seconds: 0 });
    expect(byNumber).toMatchObject({ roc_auc: 1, true_positives: 1 });
    const stdout = await run([...words, "--anomaly-value", "benign"]);
    expect(stdout).toMatch(/the labels may be the wrong way round: "benign" counts .*; try --anomaly-value malignant\n$/);
    const shown = await run(["detect", ...words.slice(1), "--anomaly-value", "benign"]);
    expect(shown).toMatch(/the labels may be the wrong way round/);
    expect(await run([...words, "--anomaly-value", "malignant"])).not.toMatch(/wrong way round/);
  });

  it.each([
    {
      what: "labels of two values that do not tell which is anomalous",
      words: ["detect", csv, "--label", "site"],
      exit: 3,
      says: /"site" holds the two values "north" and "south".* with --anomaly-value north or --anomaly-value south\n/,
    },
    {
      what: "a value of anomalous rows that no row has",
      words: ["detect", csv, "--label", "site", "--anomaly-value", "nort"],
      exit: 3,
      says: /LABEL: .*column "site" has no value "nort".*did you mean "north"\?/,
    },
    {
      what: "more than two values as labels",
      words: ["evaluate", csv, "--label", "power", "--anomaly-value", "101"],
      exit: 3,
      says: /LABEL: .*column "power" must hold two values to be labels, and holds more: "100", .* the last in row 3\n/,
    },
    {
      what: "a value of anomalous rows without labels",
      words: ["detect", csv, "--anomaly-value", "1"],
      exit: 2,
      says: /USAGE: --anomaly-value is about labels: it needs --label COL/,
    },
  ])("are refused: $what", async ({ words, exit, says }) => {
    const { code, stderr } = await runInProcess(words);
    expect(code).toBe(exit);
    expect(stderr).toMatch(says);
  });
});
