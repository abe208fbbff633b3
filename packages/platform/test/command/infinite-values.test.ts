import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, runInProcess } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

const infinite = new Map([
  [12, "Infinity"],
  [30, "-inf"],
  [31, "inf"],
]);
const rowCount = 60;

/** A CSV file, with `texts` in rows of its second column. */
function fileWith(name: string, texts: ReadonlyMap<number, string>): string {
  const rows = Array.from({ length: rowCount }, (_, row) => `${(row * 7) % 11},${texts.get(row) ?? (row * 5) % 23},${row % 2}`);
  return folder.write(name, `a,b,label\n${rows.join("\n")}\n`);
}

const file = fileWith("infinite.csv", infinite);
const blank = fileWith("blank.csv", new Map([...infinite.keys()].map((row) => [row, ""])));
const finite = fileWith("finite.csv", new Map());
const note = "column b: 3 infinite numbers, the first in row 13, count as missing";

async function succeeded(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await runInProcess(words);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

async function told(...words: string[]): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse(await succeeded(...words, "--json")) as Readonly<Record<string, unknown>>;
}

describe("infinite numbers in a file", () => {
  it("count as missing: the scores are those of empty fields, a line says so, and the output keeps the texts", async () => {
    const output = folder.file("scored.csv");
    const [found, expected] = [await told("detect", file, "-o", output), await told("detect", blank)];
    for (const name of ["top", "threshold", "missing_values"]) expect(found[name]).toEqual(expected[name]);
    expect(found["notes"]).toContain(note);
    expect(expected["notes"]).not.toContain(note);
    expect(folder.read("scored.csv")).toMatch(/^7,Infinity,0,.*$/m);
  });

  it("are counted once where the rows are read twice", async () => {
    expect((await told("detect", file, "--fit-rows", "40"))["notes"]).toContain(note);
  });

  it("one is told in the singular", async () => {
    const one = fileWith("one.csv", new Map([[4, "inf"]]));
    expect((await told("detect", one))["notes"]).toContain("column b: 1 infinite number, in row 5, counts as missing");
  });

  it.each(["inf", "-Infinity"])("are told where %s is the first value", async (text) => {
    const first = fileWith("first.csv", new Map([[0, text]]));
    expect((await told("detect", first))["notes"]).toContain("column b: 1 infinite number, in row 1, counts as missing");
  });

  it("make no numbers of a column of words", async () => {
    const words = fileWith(
      "words.csv",
      new Map(Array.from({ length: rowCount }, (_, row) => [row, row % 3 === 0 ? "inf" : "sup"])),
    );
    expect(await succeeded("describe", words)).toMatch(/^b +text /m);
  });

  it("are refused where missing values are", async () => {
    const { code, stderr } = await runInProcess(["detect", file, "--missing", "refuse"]);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/^nomaly: NOT_FINITE: .*column "b" is Infinity in row 13;/)]);
  });

  it.each([
    ["auto", 0],
    ["refuse", 3],
  ])("are scored by a model as it deals with missing values: %s", async (missing, code) => {
    const model = folder.file(`${missing}.nomaly`);
    await succeeded("fit", finite, "-m", model, "--missing", missing);
    const scored = await runInProcess(["score", file, "-m", model]);
    expect(scored.code).toBe(code);
    if (code === 0) expect(scored.stdout).toContain(note);
    else expect(scored.stderr).toMatch(/NOT_FINITE: .*column "b" is Infinity in row 13/);
  });

  it.each([
    ["evaluate", "--label", "label", "-a", "robust-z"],
    ["compare", "-a", "robust-z,ecod"],
    ["explain", "-a", "robust-z"],
    ["explain", "-a", "robust-z", "--rows", "2"],
  ])("are told by %s %s %s", async (command, ...options) => {
    const { code, stderr } = await runInProcess([command, file, ...options]);
    expect([code, stderr]).toEqual([0, expect.stringContaining(`nomaly: ${note}\n`)]);
  });

  it("are told of a JSON file, where they are numbers beyond float64", async () => {
    const records = Array.from({ length: 30 }, (_, row) => `{"a":${row % 7},"b":${row === 3 ? "-1e999" : row % 5}}`);
    const path = folder.write("infinite.ndjson", records.join("\n"));
    expect((await told("detect", path))["notes"]).toContain("column b: 1 infinite number, in row 4, counts as missing");
  });
});

describe("nomaly describe", () => {
  it("tells how many of the missing values are infinite, also of a column that is left out", async () => {
    const mixed = fileWith("mixed.csv", new Map([...infinite, [40, ""]]));
    for (const options of [[], ["--exclude", "b"]]) {
      const stdout = await succeeded("describe", mixed, ...options);
      expect(stdout).toMatch(/^b +number +4 \(6\.7 %\), 3 infinite +/m);
      expect(stdout).toMatch(/^a +number +11 +/m);
    }
    const { columns } = await told("describe", mixed);
    expect(columns).toMatchObject([{ infinite_count: 0 }, { infinite_count: 3, missing_count: 4 }, { infinite_count: 0 }]);
  });
});
