import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { tableFromArrays, tableFromIPC, tableToIPC } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Json, startService, type TestService } from "../../test-support/servers/service.ts";

const rows = Array.from({ length: 60 }, (_, row) => ({ speed: 10 + (row % 7), SPEED: 1000 - (row % 5) }));
const names = ["speed", "SPEED"];
let service: TestService;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "nomaly-columns-"));
  service = await startService();
});
afterAll(async () => {
  await service.close();
  rmSync(folder, { recursive: true, force: true });
});

/** DuckDB cannot write such names: they are put in their places in the finished file, where they are as long. */
async function parquet(): Promise<Uint8Array> {
  const [lines, path] = [join(folder, "rows.csv"), join(folder, "rows.parquet")];
  writeFileSync(lines, csv().replace("SPEED", "other"));
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run(`COPY (SELECT * FROM '${lines}') TO '${path}' (FORMAT parquet, COMPRESSION uncompressed)`);
  connection.closeSync();
  return Buffer.from(readFileSync(path).toString("latin1").replaceAll("other", "SPEED"), "latin1");
}

function csv(): string {
  return `${names.join(",")}\n${rows.map(({ speed, SPEED }) => `${speed},${SPEED}`).join("\n")}\n`;
}

const columnsOfRows = () => ({ speed: rows.map(({ speed }) => speed), SPEED: rows.map(({ SPEED }) => SPEED) });
const forms: Readonly<Record<string, () => Promise<Uint8Array | string> | Uint8Array | string>> = {
  "rows.csv": csv,
  "rows.json": () => JSON.stringify(rows),
  "rows.ndjson": () => rows.map((row) => JSON.stringify(row)).join("\n"),
  "rows.arrow": () => tableToIPC(tableFromArrays(columnsOfRows()), "file"),
  "rows.parquet": parquet,
};

async function upload(fileName: string): Promise<Json> {
  const form = new FormData();
  const content = await forms[fileName]();
  form.append("file", new Blob([content as BlobPart]), fileName);
  return (await service.ask("POST /api/datasets", { form })).body;
}

async function scored(asked: object): Promise<string> {
  const made = await service.ask("POST /api/detectors", { json: { name: "both", algorithm_name: "knn" } });
  const trained = await service.ask("POST /api/detection/train", { json: { detector_id: made.body["id"], data: rows } });
  expect(trained.body["columns"]).toEqual(names);
  const { status, body } = await service.ask("POST /detection/predict", { json: { detector_id: made.body["id"], ...asked } });
  expect([status, body["n_samples"]]).toEqual([200, rows.length]);
  return String(body["result_id"]);
}

async function expectResult(id: string): Promise<void> {
  const get = (format: string) => service.ask(`GET /api/results/${id}?format=${format}`);
  const lines = (await get("csv")).bytes.toString().split("\n");
  expect(lines[0]).toBe("speed,SPEED,anomaly_score,is_anomaly,rank");
  expect(lines[1]).toMatch(/^10(\.0)?,1000(\.0)?,/);
  expect(lines).toHaveLength(rows.length + 2);
  const table = tableFromIPC((await get("arrow")).bytes);
  expect(table.schema.fields.map(({ name }) => name)).toEqual(["speed", "SPEED", "anomaly_score", "is_anomaly", "rank"]);
  expect(Number(table.getChild("SPEED")?.get(1))).toBe(999);
}

describe("columns whose names differ only in case", () => {
  it.each(Object.keys(forms))("keep their names in %s, its rows, its profile and its scores", async (fileName) => {
    const dataset = await upload(fileName);
    expect((dataset["columns"] as readonly { name: string }[])?.map(({ name }) => name)).toEqual(names);
    const read = await service.ask(`GET /api/datasets/${String(dataset["id"])}/rows?limit=2`);
    expect(read.body["rows"]).toEqual(rows.slice(0, 2));
    const profile = (await service.ask(`GET /api/datasets/${String(dataset["id"])}/profile`)).body;
    const described = profile["columns"] as readonly { name: string; quartiles: readonly number[] }[];
    expect(described.map(({ name, quartiles }) => [name, quartiles[1]])).toEqual([
      ["speed", 13],
      ["SPEED", 998],
    ]);
    await expectResult(await scored({ dataset_id: dataset["id"] }));
  });

  it("keep their names in rows of a request that are kept, as a data set and as a result", async () => {
    const { body } = await service.ask("POST /api/datasets", { json: { name: "both", data: columnsOfRows() } });
    expect((body["columns"] as readonly { name: string }[]).map(({ name }) => name)).toEqual(names);
    const id = await scored({ data: rows, keep: true });
    await expectResult(id);
  });

  it("are both of use to a label", async () => {
    const labelled = rows.map(({ speed }, row) => ({ x: speed, LABEL: row === 0 ? 1 : 0, label: row % 2 }));
    const { body } = await service.ask("POST /api/datasets", { json: { name: "labelled", data: labelled } });
    const made = await service.ask("POST /api/detectors", { json: { name: "one", options: { columns: ["x"] } } });
    const detector = made.body["id"];
    await service.ask("POST /api/detection/train", { json: { detector_id: detector, dataset_id: body["id"] } });
    for (const [label, count] of [
      ["LABEL", 1],
      ["label", rows.length / 2],
    ] as const) {
      const json = { detector_id: detector, dataset_id: body["id"], label_column: label };
      const { confusion } = (await service.ask("POST /api/detection/evaluate", { json })).body as {
        confusion: Record<string, number>;
      };
      expect(confusion["true_positives"] + confusion["false_negatives"]).toBe(count);
    }
  });
});

it("gives back whole numbers of JSON and CSV as numbers, which a detector takes again", async () => {
  const numbers = rows.map((_, row) => ({ id: row, amount: ((row * row) % 37) * 1e12 + 7 }));
  const sent = await service.ask("POST /api/datasets", { json: { name: "whole", data: numbers } });
  const read = await service.ask(`GET /api/datasets/${String(sent.body["id"])}/rows?limit=60`);
  expect(read.body["rows"]).toEqual(numbers);
  const made = await service.ask("POST /api/detectors", { json: { name: "whole" } });
  const train = { detector_id: made.body["id"], dataset_id: sent.body["id"] };
  const trained = await service.ask("POST /api/detection/train", { json: train });
  expect([trained.status, trained.body["detail"]]).toEqual([200, undefined]);
  const predict = { detector_id: made.body["id"], data: read.body["rows"] };
  expect((await service.ask("POST /detection/predict", { json: predict })).status).toBe(200);
});
