/** A CSV file comes back in its own dialect: its delimiter, its texts, and scores with its decimal mark. */

import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, runInProcess } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

const rowCount = 60;
const price = (row: number) => 1000 + ((row * 37) % 50) + 0.5 + (row === 7 ? 8000 : 0);
const width = (row: number) => 1 + ((row * 13) % 29) / 4;
const english = (value: number) => value.toLocaleString("en-US", { minimumFractionDigits: 2 });
const german = (value: number) => value.toLocaleString("de-DE", { minimumFractionDigits: 2 });

interface Table {
  readonly delimiter?: string;
  readonly cells: readonly ((row: number) => string)[];
}

function linesOf({ delimiter = ";", cells }: Table): string[] {
  const header = ["price", "width", "site"].slice(0, cells.length).join(delimiter);
  const quoted = (text: string) => (text.includes(delimiter) ? `"${text}"` : text);
  return [header, ...Array.from({ length: rowCount }, (_, row) => cells.map((cell) => quoted(cell(row))).join(delimiter))];
}

interface Detected {
  readonly threshold: number;
  readonly columns: readonly { readonly name: string; readonly kind: string }[];
  readonly top: readonly { readonly row: number; readonly anomaly_score: number }[];
}

async function detect(...words: string[]): Promise<Detected> {
  const { code, stdout, stderr } = await runInProcess(["detect", ...words, "--json", "--seed", "1"]);
  expect([code, stderr]).toEqual([0, expect.not.stringMatching(/[A-Z_]{5,}:/)]);
  return JSON.parse(stdout) as Detected;
}

interface Written {
  readonly found: Detected;
  readonly outputPath: string;
  readonly lines: readonly string[];
}

async function written(name: string, table: Table, output = "out.csv", ...more: string[]): Promise<Written> {
  const outputPath = folder.file(`${name}-${output}`);
  const found = await detect(folder.write(name, `${linesOf(table).join("\n")}\n`), "-o", outputPath, ...more);
  return { found, outputPath, lines: folder.read(`${name}-${output}`).trimEnd().split("\n") };
}

/** The score of row 7, which is the greatest, as the output has it. */
const topOf = ({ lines }: Written, delimiter: string) => lines[8].split(delimiter).at(-3);

const european = { cells: [(row: number) => german(price(row)), (row: number) => german(width(row)), () => "north"] };

describe("an output in CSV", () => {
  it("of a file with semicolons and decimal commas has both, and reads as that file", async () => {
    const output = await written("european.csv", european);
    const { found, lines, outputPath } = output;
    expect(lines[0]).toBe("price;width;site;anomaly_score;is_anomaly;rank");
    expect(lines.map((line) => line.split(";").slice(0, 3).join(";"))).toEqual(linesOf(european));
    for (const line of lines.slice(1)) expect(line).toMatch(/;\d+(,\d+)?(e-\d+)?;(true|false);\d(,\d+)?$/);
    expect(topOf(output, ";")).toBe(String(found.top[0].anomaly_score).replace(".", ","));
    const again = await detect(outputPath, "-o", folder.file("again.csv"));
    expect([again.columns, again.threshold, again.top]).toEqual([found.columns, found.threshold, found.top]);
    expect(folder.read("again.csv").trimEnd().split("\n")).toEqual(lines);
  });

  it("has numbers for scores, for whoever reads the columns as such", async () => {
    const { outputPath, found } = await written("european.csv", european);
    const described = await runInProcess(["describe", outputPath, "--json"]);
    const { columns } = JSON.parse(described.stdout) as { columns: readonly { name: string }[] };
    const scores = columns.find(({ name }) => name === "anomaly_score");
    expect(scores).toMatchObject({ kind: "number", max: String(found.top[0].anomaly_score) });
  });

  it("has points where most columns of the file have them, whatever cuts it", async () => {
    const programs = { cells: [(row: number) => String(price(row)), (row: number) => String(width(row)), () => "north"] };
    const output = await written("programs.csv", programs);
    expect(topOf(output, ";")).toBe(String(output.found.top[0].anomaly_score));
    const thousands = { cells: [(row: number) => english(price(row)), (row: number) => String(row % 10)] };
    expect(topOf(await written("thousands.csv", thousands), ";")).toContain(".");
    const dollars = { cells: [(row: number) => `$${price(row).toFixed(2)}`, (row: number) => String(row % 10)] };
    expect(topOf(await written("dollars.csv", dollars), ";")).toContain(".");
  });

  it("has commas beside times with parts of a second, which have a point everywhere", async () => {
    const time = (row: number) => `2024-01-${String((row % 28) + 1).padStart(2, "0")} 10:00:00.${100 + row}`;
    const output = await written("times.csv", { cells: [(row) => german(price(row)), time, time] });
    expect(topOf(output, ";")).toBe(String(output.found.top[0].anomaly_score).replace(".", ","));
  });

  it("has commas where a file cut at semicolons has no decimals, or an option says so", async () => {
    const whole = { cells: [(row: number) => String(Math.round(price(row))), (row: number) => String(row % 10)] };
    expect(topOf(await written("whole.csv", whole), ";")).toContain(",");
    expect(topOf(await written("whole.csv", whole, "points.csv", "--thousands", ","), ";")).toContain(".");
    const bars = await written("bars.csv", { ...whole, delimiter: "|" });
    expect(topOf(bars, "|")).toContain(".");
    expect(topOf(await written("bars.csv", { ...whole, delimiter: "|" }, "commas.csv", "--decimal-comma"), "|")).toContain(",");
  });

  it("has quotes around decimal commas where the file is cut at commas", async () => {
    const { lines, found, outputPath } = await written(
      "clash.csv",
      { ...european, delimiter: "," },
      "out.csv",
      "--decimal-comma",
    );
    const score = String(found.top[0].anomaly_score).replace(".", ",");
    expect(lines[8]).toMatch(new RegExp(`^"9.009,50","[\\d,]+",north,"${score}",true,`));
    const again = await detect(outputPath, "--decimal-comma");
    expect([again.columns, again.threshold, again.top]).toEqual([found.columns, found.threshold, found.top]);
  });

  it("has the delimiter that its name asks for, and keeps the decimal mark", async () => {
    expect((await written("european.csv", european, "out.tsv")).lines[0]).toContain("price\twidth\tsite\tanomaly_score");
    expect(topOf(await written("european.csv", european, "out.tsv"), "\t")).toContain(",");
    const tabs = { ...european, delimiter: "\t" };
    expect(topOf(await written("tabs.tsv", tabs), ";")).toContain(",");
    expect(topOf(await written("tabs.csv", tabs), "\t")).toContain(",");
  });

  it("of another format, or with a delimiter of several letters, is cut at commas", async () => {
    const odd = { delimiter: "~~", cells: [(row: number) => String(price(row)), (row: number) => String(width(row))] };
    expect((await written("odd.csv", odd, "out.csv", "--delimiter", "~~")).lines[0]).toContain("price,width,anomaly_score");
    const rows = Array.from({ length: rowCount }, (_, row) => JSON.stringify({ price: price(row), width: width(row) }));
    const output = folder.file("json.csv");
    await detect(folder.write("rows.ndjson", rows.join("\n")), "-o", output);
    expect(folder.read("json.csv").split("\n")[0]).toBe("price,width,anomaly_score,is_anomaly,rank");
  });

  it("with names that differ only in case is in the dialect of the file, too", async () => {
    const lines = linesOf(european);
    const path = folder.write("case.csv", [lines[0].replace("width", "Price"), ...lines.slice(1)].join("\n"));
    await detect(path, "-o", folder.file("case-out.csv"));
    expect(folder.read("case-out.csv").split("\n")[0]).toBe("price;Price;site;anomaly_score;is_anomaly;rank");
    expect(folder.read("case-out.csv").split("\n")[8]).toMatch(/^9\.009,50;\S+;north;\d+,\d+;true;/);
  });
});

it("the output of a model that scores a file is in the dialect of that file", async () => {
  const model = folder.file("model.nomaly");
  const input = folder.write("fitted.csv", linesOf(european).join("\n"));
  expect((await runInProcess(["fit", input, "-m", model])).code).toBe(0);
  const output = folder.file("scored.csv");
  expect((await runInProcess(["score", input, "-m", model, "-o", output])).code).toBe(0);
  expect(folder.read("scored.csv").split("\n")[8]).toMatch(/^9\.009,50;\S+;north;\d+,\d+;true;/);
});
