import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { createTestFolder, runInProcess } from "../../test-support/run-cli.ts";
import { startService, type TestService } from "../../test-support/servers/service.ts";

/** A cell, and the cell that no spreadsheet runs. */
const cells = [
  ["=1+1", "'=1+1"],
  ['=HYPERLINK("http://evil.example","x")', `'=HYPERLINK("http://evil.example","x")`],
  ["+1+1", "'+1+1"],
  ["-1+1", "'-1+1"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ["\t=1", "'\t=1"],
  ["\r=1", "'\r=1"],
  ["\n=1", "'\n=1"],
  ["＝1+1", "'＝1+1"],
  ["-1.5e3", "-1.5e3"],
  ["+.5", "+.5"],
  ["-", "'-"],
  ["1=1", "1=1"],
  ["'=1", "'=1"],
  ["a-b", "a-b"],
  ["", ""],
] as const;
const rows = cells.flatMap(([cell], kind) =>
  [0, 1, 2].map((turn) => ({ "=name": cell, amount: -(kind + turn * 3) - 0.5, other: (kind * 7 + turn) % 5 })),
);
const inputs = rows.map((row) => row["=name"]);
const safe = cells.flatMap(([, cell]) => [cell, cell, cell]);

/** Records of a CSV text whose fields may hold anything. */
function recordsOf(text: string): string[][] {
  const fields = [...text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)];
  const records: string[][] = [[]];
  for (const [, quoted, plain, end] of fields) {
    records.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === "\n") records.push([]);
  }
  return records.slice(0, -1);
}

const columnOf = (records: readonly (readonly string[])[], name: string) =>
  records.slice(1).map((record) => record[records[0].indexOf(name)]);

function expectSafe(text: string): void {
  const records = recordsOf(text);
  expect(columnOf(records, "'=name")).toEqual(safe);
  expect(columnOf(records, "amount")).toEqual(rows.map(({ amount }) => String(amount)));
  for (const score of columnOf(records, "anomaly_score")) expect(score).toMatch(/^-?\d/);
}

function expectAsGiven(text: string): void {
  const records = recordsOf(text);
  expect(columnOf(records, "=name")).toEqual(inputs);
  expect(columnOf(records, "amount")).toEqual(rows.map(({ amount }) => String(amount)));
}

describe("a result of the service as CSV", () => {
  let service: TestService;
  let result: string;

  beforeAll(async () => {
    service = await startService();
    const made = await service.ask("POST /api/detectors", { json: { name: "safe", options: { columns: ["amount", "other"] } } });
    const detector = made.body["id"];
    await service.ask("POST /api/detection/train", { json: { detector_id: detector, data: rows } });
    const kept = await service.ask("POST /detection/predict", { json: { detector_id: detector, data: rows, keep: true } });
    result = String(kept.body["result_id"]);
  });
  afterAll(() => service.close());

  it("has its cells as they are", async () => {
    expectAsGiven((await service.ask(`GET /api/results/${result}?format=csv`)).bytes.toString());
    expectAsGiven((await service.ask(`GET /api/results/${result}?format=csv&spreadsheet_safe=false`)).bytes.toString());
  });

  it("has no cell that a spreadsheet would run where that is asked for, and the numbers untouched", async () => {
    expectSafe((await service.ask(`GET /api/results/${result}?format=csv&spreadsheet_safe=true`)).bytes.toString());
    const client = createClient({ url: service.url });
    expectSafe(await (await client.results.file(result, "csv", { spreadsheetSafe: true })).text());
  });

  it("is the only one that this can be asked of", async () => {
    for (const query of ["format=parquet&", "format=arrow&", ""]) {
      const { status, body } = await service.ask(`GET /api/results/${result}?${query}spreadsheet_safe=true`);
      expect([status, body["code"], body["field"]]).toEqual([400, "REQUEST", "spreadsheet_safe"]);
    }
  });
});

describe("an output of the command as CSV", () => {
  const folder = createTestFolder();
  const quoted = (text: string) => (/[",\r\n\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = rows.map((row) => [row["=name"], row.amount, row.other].map((cell) => quoted(String(cell))).join(","));
  const input = folder.write("cells.csv", `=name,amount,other\n${lines.join("\n")}\n`);
  afterAll(() => folder.remove());

  it("has its cells as they are", async () => {
    const { code } = await runInProcess(["detect", input, "--missing", "indicator", "-o", folder.file("given.csv")]);
    expect(code).toBe(0);
    expectAsGiven(folder.read("given.csv"));
  });

  it("has no cell that a spreadsheet would run where that is asked for, and the numbers untouched", async () => {
    const { code, stderr } = await runInProcess([
      "detect",
      input,
      "--missing",
      "indicator",
      "--explain",
      "--spreadsheet-safe",
      "-o",
      folder.file("safe.csv"),
    ]);
    expect([code, stderr]).toEqual([0, expect.anything()]);
    expectSafe(folder.read("safe.csv"));
    for (const reasons of columnOf(recordsOf(folder.read("safe.csv")), "reasons")) expect(reasons).not.toMatch(/^[=+\-@\t\r\n]/);
  });

  it("is the only one that this can be asked of", async () => {
    for (const more of [["-o", folder.file("no.parquet")], []]) {
      const { code, stderr } = await runInProcess(["detect", input, "--missing", "indicator", "--spreadsheet-safe", ...more]);
      expect([code, stderr]).toEqual([2, expect.stringContaining("--spreadsheet-safe")]);
    }
  });
});
