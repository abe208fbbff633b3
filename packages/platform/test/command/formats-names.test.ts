import { gunzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { tableFromIPC } from "apache-arrow";
import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, runInProcess } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

const rows = Array.from({ length: 60 }, (_, row) => [10 + (row % 7), 1000 - (row % 5), row % 2 === 0 ? "left" : "ri\"ght, it's"]);
const quoted = (cell: string | number) => (/[",]/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : String(cell));
const input = folder.write("rows.csv", `speed,SPEED,Speed\n${rows.map((row) => row.map(quoted).join(",")).join("\n")}\n`);
const names = ["speed", "SPEED", "Speed", "anomaly_score", "is_anomaly", "rank"];

async function written(name: string, from = input): Promise<string> {
  const path = folder.file(name);
  const { code, stderr } = await runInProcess(["detect", from, "--seed", "2", "-o", path]);
  expect([code, stderr]).toEqual([0, expect.anything()]);
  return path;
}

describe("columns of a file whose names differ only in case", () => {
  it.each([
    ["csv", ","],
    ["tsv", "\t"],
  ])("keep their names and texts in %s", async (format, delimiter) => {
    const path = await written(`out.${format}`);
    const lines = readFileSync(path, "utf8").split("\n");
    expect(lines[0]).toBe(names.join(delimiter));
    expect(lines[1].split(delimiter).slice(0, 3)).toEqual(["10", "1000", "left"]);
    expect(lines).toHaveLength(rows.length + 2);
    const packed = gunzipSync(readFileSync(await written(`out.${format}.gz`))).toString();
    expect(packed).toBe(readFileSync(path, "utf8"));
  });

  it("keep their names and values in JSON, as one text and line by line", async () => {
    const whole = JSON.parse(readFileSync(await written("out.json"), "utf8")) as readonly Record<string, unknown>[];
    const lines = readFileSync(await written("out.ndjson"), "utf8")
      .trim()
      .split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(whole);
    expect(whole.map((row) => [row["speed"], row["SPEED"], row["Speed"]])).toEqual(rows);
    expect(Object.keys(whole[0])).toEqual(names);
  });

  it("keep their names in Arrow", async () => {
    const table = tableFromIPC(readFileSync(await written("out.arrow")));
    expect(table.schema.fields.map(({ name }) => name)).toEqual(names);
    expect(Array.from(table.toArray(), (row: { Speed: unknown }) => row.Speed)).toEqual(rows.map((row) => row[2]));
  });

  it("come back under their names from a Parquet file, in which they have numbers", async () => {
    const again = await written("again.csv", await written("out.parquet"));
    expect(readFileSync(again, "utf8").split("\n")[0]).toBe(names.join(","));
  });
});
