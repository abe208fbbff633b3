import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, plantRows, runInProcess, toCsv } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

interface Described {
  readonly row_count: number;
  readonly columns: readonly Readonly<Record<string, unknown>>[];
  readonly refusal: { readonly code: string; readonly message: string } | null;
  readonly notes: readonly string[];
}

async function described(content: string, options: readonly string[] = [], name = "rows.csv"): Promise<Described> {
  const { code, stdout, stderr } = await runInProcess(["describe", folder.write(name, content), "--json", ...options]);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Described;
}

const plant = toCsv(plantRows().map((row, index) => ({ nr: index + 1, ...row })));

describe("nomaly describe", () => {
  it("shows each column with its kind, its values and what detect does with it", async () => {
    const { code, stdout } = await runInProcess(["describe", folder.write("plant.csv", plant), "--label", "label"]);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n").slice(1);
    expect(lines).toEqual([
      "",
      "column  kind    missing  distinct  values                        detect uses it as",
      "nr      number                200  1 to 200, median 100.5        left out: its values change by equal steps from row to row",
      "speed   number                 13  10 to 10.92, median 10.46     number",
      "power   number                 18  100 to 900, median 108        number",
      "site    text                    2  north (50 %) or south (50 %)  category",
      "label   number                  2  0 to 1, median 0              left out: it holds the labels",
    ]);
  });

  it("says why the command line leaves a column out", async () => {
    const scored = plant.replaceAll("\n", ",0.5,false,0.5\n").replace("0.5,false,0.5", "anomaly_score,is_anomaly,rank");
    const { columns } = await described(scored, ["--exclude", "nr"]);
    const left = Object.fromEntries(columns.map(({ name, reason }) => [name, reason]));
    expect(left).toMatchObject({ nr: "named by --exclude", anomaly_score: "a score of an earlier run" });
    const named = await described(plant, ["--columns", "speed,power"]);
    expect(named.columns[3]).toMatchObject({ name: "site", use: "left out", reason: "not among --columns" });
  });

  it("describes the columns of a file that detect refuses, and says what it refuses", async () => {
    const file = folder.write("infinite.csv", `a,b\n${"1,2\n".repeat(30)}1,inf\n`);
    const refused = await described("a,b\n1,2\n3,inf\n4,5\n", ["--missing", "refuse"]);
    expect(refused.refusal?.code).toBe("NOT_FINITE");
    expect(refused.columns[1]).toMatchObject({ name: "b", kind: "number", missing_count: 1, max: "5.0", use: null });
    const { code, stdout } = await runInProcess(["describe", file, "--missing", "refuse"]);
    expect(code).toBe(0);
    expect(stdout).toContain("detect stops: NOT_FINITE");
    expect(stdout).not.toContain("detect uses it as");
  });

  it("counts blank texts as missing, as detection does", async () => {
    const { columns } = await described(
      ['{"a":"x"}', '{"a":" "}', '{"a":"\\t"}', '{"a":""}', '{"a":null}', '{"a":"y"}'].join("\n"),
      [],
      "a.ndjson",
    );
    expect(columns[0]).toMatchObject({ missing_count: 4, distinct_count: 2, min: "x", max: "y" });
  });

  it("counts missing values exactly in a table too large for exact distinct counts", async () => {
    const rows = Array.from({ length: 500_001 }, (_, row) => `${row % 1000},${row % 7 === 0 ? "" : row},t`);
    const { columns } = await described(`a,b,c\n${rows.join("\n")}\n`);
    expect(columns[1]).toMatchObject({ missing_count: Math.ceil(500_001 / 7), is_estimated: true });
    expect(columns[2]).toMatchObject({ missing_count: 0 });
  });

  it("keeps columns that detectors cannot use", async () => {
    const { columns } = await described('[{"a":1,"b":[1,2]},{"a":2,"b":null}]', [], "nested.json");
    expect(columns[1]).toMatchObject({
      name: "b",
      kind: null,
      missing_count: 1,
      use: "left out",
      reason: "values of type BIGINT[] cannot be used",
    });
  });

  it("names the nested columns where no other is left", async () => {
    const { refusal } = await described(JSON.stringify({ data: [{ a: 1 }, { a: 2 }] }), [], "inside.json");
    const left = "data (values of type STRUCT(a BIGINT)[] cannot be used)";
    expect(refusal?.message).toMatch(/no column is left to learn from; left out: /);
    expect(refusal?.message.endsWith(left)).toBe(true);
  });

  it("cuts the type of an object with many members", async () => {
    const record = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, index]));
    const content = Array.from({ length: 30 }, (_, row) => JSON.stringify({ a: row % 7, b: record })).join("\n");
    const { notes } = await described(content, [], "wide.ndjson");
    const begins = "STRUCT(k0 BIGINT, k1 BIGINT, k2 BIGINT, k3 BIGINT, k4 BIGINT";
    expect(notes).toEqual([`column b of type ${begins}… is kept, but not used`]);
  });

  it("takes the first line of a table of texts for names where its first name is empty", async () => {
    const { row_count, columns } = await described('"","Mois","Use"\n"1","M1","U2"\n"2","M2","U1"\n');
    expect([row_count, columns.map(({ name }) => name)]).toEqual([2, ["column0", "Mois", "Use"]]);
  });

  it("numbers columns without a name by their place in a table of any width", async () => {
    const cells = Array.from({ length: 12 }, (_, index) => String(index));
    const { columns } = await described(`${cells.join(",")}\n${cells.join(",")}\n`, ["--no-header"]);
    expect(columns.map(({ name }) => name)).toEqual(cells.map((index) => `column${index}`));
  });

  it("refuses a file that is not there and a column that the file lacks", async () => {
    expect(await runInProcess(["describe", folder.file("none.csv")])).toMatchObject({ code: 3, stdout: "" });
    const { code, stderr } = await runInProcess(["describe", folder.write("few.csv", plant), "--columns", "spede"]);
    expect([code, stderr]).toEqual([3, expect.stringContaining('did you mean "speed"?')]);
  });
});
