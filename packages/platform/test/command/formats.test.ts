import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync, gunzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { tableFromIPC, tableToIPC, tableFromArrays } from "apache-arrow";
import { afterAll, describe, expect, it } from "vitest";
import type { CliResult } from "../../test-support/run-cli.ts";
import { createTestFolder, plantRows, runInProcess, toCsv } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

const rows = plantRows();
const csv = folder.write("plant.csv", toCsv(rows));
const options = ["--label", "label", "--seed", "3"];
const outputFormats = ["csv", "tsv", "json", "ndjson", "parquet", "arrow"] as const;

interface Document {
  readonly row_count: number;
  readonly threshold: number;
  readonly top: readonly { row: number; anomaly_score: number }[];
  readonly columns: readonly { name: string; kind: string }[];
  readonly skipped_columns: readonly { name: string; reason: string }[];
  readonly notes: readonly string[];
}

function succeeded(result: CliResult): CliResult {
  expect([result.code, result.stderr]).toEqual([0, expect.not.stringMatching(/[A-Z]{4,}:/)]);
  return result;
}

async function detectJson(path: string, ...more: string[]): Promise<Document> {
  return JSON.parse(succeeded(await runInProcess(["detect", path, "--json", ...options, ...more])).stdout) as Document;
}

describe("every format comes in and goes out", async () => {
  const expected = await detectJson(csv);

  it.each(outputFormats)("%s holds the same rows, in the same order, with the same scores", async (format) => {
    const path = folder.file(`scored.${format}`);
    succeeded(await runInProcess(["detect", csv, ...options, "-o", path]));
    // The scores of the earlier run are set aside by rule, so the second run gives the same.
    const again = await detectJson(path);
    expect(again.top).toEqual(expected.top);
    expect(again.threshold).toBe(expected.threshold);
    expect(again.columns).toEqual(expected.columns);
  });

  it("CSV keeps every value as the text that it was", async () => {
    const text = 'id,code,"free, text",amount\n001,1.50,"a ""quoted"" word",1e3\n002,2.50,,2e3\n003,0.70,"two\nlines",7\n';
    const path = folder.write("texts.csv", text);
    succeeded(await runInProcess(["detect", path, "-o", folder.file("texts-out.csv"), "--columns", "code,amount"]));
    const lines = folder.read("texts-out.csv");
    expect(lines).toContain('id,code,"free, text",amount,anomaly_score,is_anomaly,rank\n001,1.50,"a ""quoted"" word",1e3,');
    expect(lines).toContain("\n002,2.50,,2e3,");
    expect(lines).toContain('\n003,0.70,"two\nlines",7,');
  });

  it("Parquet keeps types that are not used", async () => {
    const records = rows.map((row) => JSON.stringify({ ...row, tags: [row.site], at: "2024-05-06T07:08:09" }));
    const path = folder.write("nested.ndjson", records.join("\n"));
    const document = await detectJson(path, "-o", folder.file("nested.parquet"));
    expect(document.notes).toEqual([expect.stringMatching(/column tags of type VARCHAR\[\] is kept, but not used/)]);
    succeeded(
      await runInProcess(["detect", folder.file("nested.parquet"), ...options, "-o", folder.file("nested-again.ndjson")]),
    );
    const first = JSON.parse(folder.read("nested-again.ndjson").split("\n")[0]) as Record<string, unknown>;
    expect(first).toMatchObject({ speed: 10, tags: ["north"], at: "2024-05-06 07:08:09", is_anomaly: expect.any(Boolean) });
  });

  it("whole numbers stay whole where a format has types, and fractions far down are not rounded", async () => {
    const body = Array.from({ length: 25_000 }, (_, row) => `${(row * 31) % 97},${(row * 17) % 89}`);
    const path = folder.write("mostly-whole.csv", `a,b\n${body.join("\n")}\n3.75,5\n`);
    succeeded(await runInProcess(["detect", path, "-o", folder.file("mostly-whole.ndjson")]));
    const last = JSON.parse(folder.read("mostly-whole.ndjson").trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
    expect(last).toMatchObject({ a: 3.75, b: 5 });
    expect(folder.read("mostly-whole.ndjson")).toMatch(/"b":5,/);
  });

  it("whole numbers that were not read to score stay whole as well", async () => {
    const body = rows.map((row, index) => `${row.speed},${index},${index === 150 ? 0.5 : index}`);
    const path = folder.write("unread.csv", `speed,whole,broken\n${body.join("\n")}\n`);
    succeeded(await runInProcess(["detect", path, "--columns", "speed", "-o", folder.file("unread.ndjson")]));
    const lines = folder.read("unread.ndjson").split("\n");
    expect(lines[149]).toMatch(/"whole":149,"broken":149\.0,/);
    expect(lines[150]).toMatch(/"whole":150,"broken":0\.5,/);
  });

  it("JSON dates are written as the texts that they were, and learned from as dates", async () => {
    const at = (row: number) => `2024-05-06T07:${String((row * 7) % 60).padStart(2, "0")}:09+02:00`;
    const path = folder.write(
      "dates.ndjson",
      rows.map((row, index) => JSON.stringify({ at: at(index), ...row, in: { day: "2024-05-06" } })).join("\n"),
    );
    for (const format of ["ndjson", "csv"]) {
      const document = await detectJson(path, "-o", folder.file(`dates-out.${format}`));
      expect(document.columns[0]).toEqual({ name: "at", kind: "date" });
      expect(folder.read(`dates-out.${format}`).split("\n")[1]).toContain(at(format === "csv" ? 0 : 1));
    }
    expect(folder.read("dates-out.ndjson")).toContain('"in":{"day":"2024-05-06"}');
  });

  it("CSV dates are written to JSON as the texts that they were", async () => {
    const path = folder.write("days.csv", toCsv(rows.map((row, index) => ({ day: `0${1 + (index % 9)}.05.2024`, ...row }))));
    const document = await detectJson(path, "-o", folder.file("days.ndjson"), "--date-order", "dmy");
    expect(document.columns[0]).toEqual({ name: "day", kind: "date" });
    expect(folder.read("days.ndjson")).toMatch(/^{"day":"01\.05\.2024","speed":10/);
  });

  it("Arrow IPC comes in as file and as stream, dictionaries and dates included", async () => {
    const table = tableFromArrays({
      speed: Float64Array.from(rows, (row) => row.speed),
      power: Int32Array.from(rows, (row) => row.power),
      label: Uint8Array.from(rows, (row) => row.label),
      site: rows.map((row) => row.site),
      day: rows.map((_, row) => new Date(Date.UTC(2024, 0, 1 + ((row * 13) % 28)))),
    });
    for (const kind of ["file", "stream"] as const) {
      const path = folder.write(`in-${kind}.arrow`, tableToIPC(table, kind));
      const document = await detectJson(path);
      expect(document.columns.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
        "speed number",
        "power number",
        "site text",
        "day date",
      ]);
      expect(document.top[0].row).toBe(200);
    }
  });

  it("Arrow IPC goes out so that the Arrow library reads it", async () => {
    succeeded(await runInProcess(["detect", csv, ...options, "-o", folder.file("out.arrow")]));
    const table = tableFromIPC(readFileSync(folder.file("out.arrow")));
    expect(table.schema.fields.map((field) => field.name)).toEqual([
      "speed",
      "power",
      "site",
      "label",
      "anomaly_score",
      "is_anomaly",
      "rank",
    ]);
    expect(table.get(199)?.toJSON()).toMatchObject({ power: 900n, site: "south", is_anomaly: true });
  });
});

describe("CSV as people write it", () => {
  it("comes with any delimiter", async () => {
    for (const [index, delimiter] of [";", "\t", "|"].entries()) {
      const path = folder.write(`delimited-${index}.csv`, toCsv(rows, delimiter));
      expect((await detectJson(path)).top[0].row).toBe(200);
    }
    const odd = folder.write("odd.csv", toCsv(rows, "~~"));
    expect((await detectJson(odd, "--delimiter", "~~")).top[0].row).toBe(200);
  });

  it("comes compressed, and with endings of any case", async () => {
    const path = folder.write("PLANT.CSV.GZ", gzipSync(readFileSync(csv)));
    expect((await detectJson(path)).row_count).toBe(200);
    succeeded(await runInProcess(["detect", path, ...options, "-o", folder.file("out.csv.gz")]));
    expect(
      gunzipSync(readFileSync(folder.file("out.csv.gz")))
        .toString()
        .split("\n"),
    ).toHaveLength(202);
  });

  it("comes without a header", async () => {
    const path = folder.write("bare.csv", rows.map((row) => `${row.speed},${row.power}`).join("\n"));
    const document = JSON.parse(succeeded(await runInProcess(["detect", path, "--json", "--no-header"])).stdout) as Document;
    expect(document.columns.map(({ name }) => name)).toEqual(["column0", "column1"]);
    expect([document.row_count, document.top[0].row]).toEqual([200, 200]);
  });

  it("comes with a byte order mark, carriage returns and no last line end", async () => {
    const path = folder.write("windows.csv", `\ufeff${toCsv(rows).trim().replaceAll("\n", "\r\n")}`);
    const document = await detectJson(path);
    expect(document.columns.map(({ name }) => name)).toEqual(["speed", "power", "site"]);
    expect(document.row_count).toBe(200);
  });

  it("comes with decimal commas", async () => {
    const text = `speed;power\n${rows.map((row) => `${String(row.speed).replace(".", ",")};${row.power},5`).join("\n")}\n`;
    const path = folder.write("comma.csv", text);
    const document = JSON.parse(succeeded(await runInProcess(["detect", path, "--json", "--decimal-comma"])).stdout) as Document;
    expect(document.columns).toEqual([
      { name: "speed", kind: "number" },
      { name: "power", kind: "number" },
    ]);
  });

  it("comes with words of its own for missing", async () => {
    const path = folder.write("dash.csv", `${toCsv(rows)}-,100,north,0\n`);
    const document = await detectJson(path, "--missing-texts", "-", "--missing", "median");
    expect(document.columns[0]).toEqual({ name: "speed", kind: "number" });
  });

  it("has its identifiers left out, and says so", async () => {
    const path = folder.write("ids.csv", toCsv(rows.map((row, index) => ({ ticket: `T-${index * 7}`, number: index, ...row }))));
    const document = await detectJson(path);
    expect(document.skipped_columns.map(({ name }) => name)).toEqual(["ticket", "number"]);
  });
});

describe("numbers too large for a float64", () => {
  it("are said to be compared at its precision", async () => {
    const path = folder.write(
      "large.ndjson",
      rows
        .map((row, index) =>
          JSON.stringify({ ...row, key: 0 }).replace('"key":0', `"key":${9007199254740993n + BigInt(index * index)}`),
        )
        .join("\n"),
    );
    const document = await detectJson(path, "-o", folder.file("large.csv"));
    expect(document.notes).toEqual([expect.stringMatching(/column key holds whole numbers beyond 2\^53/)]);
    // Written as they were.
    expect(folder.read("large.csv").split("\n")[1]).toContain("9007199254740993");
  });
});

it("counts long texts when it decides how many rows fit memory", async () => {
  const database = await DuckDBInstance.create(":memory:");
  const connection = await database.connect();
  const path = folder.file("long.parquet");
  await connection.run(
    `COPY (SELECT i % 7 AS a, i % 5 AS b, i || repeat('x', 100000) AS essay FROM range(1500) r(i)) TO '${path}'`,
  );
  connection.closeSync();
  database.closeSync();
  // 128 MiB hold 1341 rows with a text of 100,000 letters.
  const document = succeeded(await runInProcess(["detect", path, "--json", "-a", "robust-z"]));
  const { fitted_row_count: fitted, row_count: all } = JSON.parse(document.stdout) as Record<string, number>;
  expect([all, fitted]).toEqual([1500, 1341]);
  const without = await runInProcess(["detect", path, "--json", "-a", "robust-z", "--exclude", "essay"]);
  expect(JSON.parse(without.stdout)).toMatchObject({ fitted_row_count: 1500 });
});

describe("standard input and output", () => {
  it("takes rows from a pipe and gives scored rows alone", async () => {
    const { stdout, stderr } = succeeded(
      await runInProcess(["detect", "-", "-o", "-", ...options], { stdin: readFileSync(csv) }),
    );
    const lines = stdout.trim().split("\n");
    expect(lines[0]).toBe("speed,power,site,label,anomaly_score,is_anomaly,rank");
    expect(lines).toHaveLength(201);
    expect(stderr).toMatch(/20 anomalies|anomalies/);
  });

  it("recognises formats by their first bytes", async () => {
    succeeded(await runInProcess(["detect", csv, ...options, "-o", folder.file("p.parquet")]));
    succeeded(await runInProcess(["detect", csv, ...options, "-o", folder.file("a.arrow")]));
    const inputs = [
      readFileSync(folder.file("p.parquet")),
      readFileSync(folder.file("a.arrow")),
      gzipSync(readFileSync(csv)),
      JSON.stringify(rows),
      rows.map((row) => JSON.stringify(row)).join("\n"),
    ];
    for (const stdin of inputs) {
      const { stdout } = succeeded(await runInProcess(["detect", "-", "--json", ...options], { stdin }));
      expect((JSON.parse(stdout) as Document).row_count).toBe(200);
    }
  });

  it("refuses to mix rows and a document on standard output", async () => {
    expect(await runInProcess(["detect", csv, "-o", "-", "--json"])).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("output", () => {
  it("replaces the score columns of an earlier run, does not learn from them, and says both", async () => {
    const scores = { anomaly_score: 5, is_anomaly: 1, rank: 0.5, reasons: "none" };
    const path = folder.write("scored-before.csv", toCsv(rows.map((row) => ({ ...scores, ...row }))));
    const out = folder.file("scored-again.csv");
    const { stdout, stderr } = succeeded(await runInProcess(["detect", path, ...options, "-o", out]));
    expect(stderr).toMatch(/the columns anomaly_score, is_anomaly, rank .* are replaced/);
    expect(stdout).toMatch(/scores of an earlier run are not learned from: anomaly_score, is_anomaly, rank, reasons/);
    expect(folder.read("scored-again.csv").split("\n")[0]).toBe("reasons,speed,power,site,label,anomaly_score,is_anomaly,rank");
    succeeded(await runInProcess(["detect", path, ...options, "--explain", "-o", out]));
    expect(folder.read("scored-again.csv").split("\n")[0]).toBe("speed,power,site,label,anomaly_score,is_anomaly,rank,reasons");
  });

  it("keeps columns of the user's own that are called as ours are, and learns from them", async () => {
    const own = rows.map((row, index) => ({ Rank: index % 9, reasons: ["a", "b"][index % 2], ...row }));
    const [path, out] = [folder.write("own.csv", toCsv(own)), folder.file("own-scored.csv")];
    const document = await detectJson(path, "--explain", "-o", out);
    expect(document.columns.map(({ name }) => name)).toEqual(["Rank", "reasons", "speed", "power", "site"]);
    const header = "Rank,reasons,speed,power,site,label,anomaly_score_2,is_anomaly_2,rank_2,reasons_2";
    expect(folder.read("own-scored.csv").split("\n").slice(0, 2)).toEqual([
      header,
      expect.stringMatching(/^0,a,10,100,north,0,0\.\d/),
    ]);
    // Known again by that name, so that a second run gives the same columns.
    const { stderr } = succeeded(await runInProcess(["detect", out, ...options, "--explain", "-o", out]));
    expect(stderr).toMatch(/scores are written as anomaly_score_2, is_anomaly_2, rank_2, reasons_2/);
    expect(folder.read("own-scored.csv").split("\n")[0]).toBe(header);
  });

  it("overwrites an earlier output only when the new one is complete", async () => {
    const out = folder.write("keep.csv", "old\n");
    const bad = folder.write(
      "late.csv",
      `a,b\n${Array.from({ length: 25_000 }, (_, row) => `${row % 7},${row % 5}`).join("\n")}\noops,4\n`,
    );
    expect((await runInProcess(["detect", bad, "-o", out])).code).toBe(3);
    expect(folder.read("keep.csv")).toBe("old\n");
    succeeded(await runInProcess(["detect", csv, "-o", out]));
    expect(folder.read("keep.csv")).toMatch(/^speed,power/);
  });

  it("may have the letters of a pattern in its name", async () => {
    succeeded(await runInProcess(["detect", csv, ...options, "-o", folder.file("out[1]*?.csv")]));
    expect(folder.read("out[1]*?.csv").split("\n")).toHaveLength(202);
  });

  it("is not written when the labels cannot be compared", async () => {
    const alike = folder.write("alike.csv", toCsv(rows.map((row) => ({ ...row, label: 0 }))));
    const { code } = await runInProcess(["detect", alike, "--label", "label", "-o", folder.file("alike-out.csv")]);
    expect([code, folder.exists("alike-out.csv")]).toEqual([3, false]);
  });

  it("may be the file that is read", async () => {
    const path = folder.write("in-place.csv", toCsv(rows));
    succeeded(await runInProcess(["detect", path, ...options, "-o", path]));
    expect(folder.read("in-place.csv").split("\n")).toHaveLength(202);
  });

  it("says that a disk is full, and leaves nothing", async () => {
    const before = folder.names();
    const result = await runInProcess(["detect", csv, "-o", "/dev/full"]);
    expect(result).toMatchObject({
      code: 4,
      stdout: "",
      stderr: expect.stringMatching(/FILE_WRITE: \/dev\/full cannot be written: the disk is full/),
    });
    expect(folder.names()).toEqual(before);
  });

  it("adds reasons to anomalies with --explain", async () => {
    succeeded(await runInProcess(["detect", csv, ...options, "--explain", "-o", folder.file("reasons.ndjson")]));
    const records = folder
      .read("reasons.ndjson")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { is_anomaly: boolean; reasons: string | null });
    expect(records[199].reasons).toMatch(/^power 900, usual 100 to 116/);
    expect(records.every((record) => record.is_anomaly === (record.reasons !== null))).toBe(true);
  });
});

it("refuses a Parquet file that was cut, wherever", async () => {
  succeeded(await runInProcess(["detect", csv, ...options, "-o", folder.file("whole.parquet")]));
  const bytes = readFileSync(folder.file("whole.parquet"));
  for (const share of [0.1, 0.5, 0.9, 0.99]) {
    writeFileSync(folder.file("cut.parquet"), bytes.subarray(0, Math.floor(bytes.length * share)));
    const { code, stderr } = await runInProcess(["detect", folder.file("cut.parquet")]);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/^nomaly: FILE_FORMAT: .*cut\.parquet is damaged/)]);
  }
});
