import { tableFromIPC } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient, type FileOptions } from "../../src/client/index.ts";
import { startService, type TestService, trainedDetector } from "../../test-support/servers/service.ts";

type Row = Readonly<Record<string, unknown>>;

/** More rows than DuckDB reads at once, with every score many times, and names that the query could take for its own. */
const rowCount = 5000;
const given = Array.from({ length: rowCount }, (_, row) => ({
  x: row % 40,
  y: (row % 3) / 2,
  row,
  ROW: row % 7 === 0 ? null : `text ${row}`,
  when: new Date(Date.UTC(2024, 0, 1) + row * 60_000).toISOString(),
}));

let service: TestService;
let detector: string;
let dataset: string;
let result: string;
let all: readonly Row[];

beforeAll(async () => {
  service = await startService();
  detector = await trainedDetector(service, { options: { seed: 1 } });
  dataset = await stored("rows.json", JSON.stringify(given));
  const scored = await service.ask("POST /api/detection/predict", { json: { detector_id: detector, dataset_id: dataset } });
  result = String(scored.body["result_id"]);
  all = rowsOf((await fetched("ndjson")).toString());
  expect(new Set(all.map((row) => row["is_anomaly"])).size, "the rows tell nothing if all are anomalous, or none").toBe(2);
});
afterAll(() => service.close());

async function stored(name: string, content: string | Buffer): Promise<string> {
  const form = new FormData();
  form.append("file", new Blob([typeof content === "string" ? content : new Uint8Array(content)]), name);
  const { status, body, bytes } = await service.ask("POST /api/datasets", { form });
  expect(status, bytes.toString()).toBe(201);
  return String(body["id"]);
}

async function fetched(format: string, query = "", id = result): Promise<Buffer> {
  const { status, bytes } = await service.ask(`GET /api/results/${id}?format=${format}${query}`);
  expect(status, bytes.toString().slice(0, 500)).toBe(200);
  return bytes;
}

const rowsOf = (ndjson: string) =>
  ndjson
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);
const placesOf = (rows: readonly Row[]) => rows.map((row) => Number(row["row"]));

/** What is to come, from the file with all rows. JavaScript's sort keeps the order of equal scores. */
function expectedRows({ onlyAnomalies = false, sort, limit, sample }: FileOptions): readonly Row[] {
  const chosen = onlyAnomalies ? all.filter((row) => row["is_anomaly"] === true) : all;
  const byScore = (one: Row, other: Row) => Number(other["anomaly_score"]) - Number(one["anomaly_score"]);
  const ordered = sort === undefined ? chosen : chosen.toSorted(byScore);
  if (sample === undefined || sample >= ordered.length) return ordered.slice(0, limit);
  const places = Array.from({ length: sample }, (_, index) => Math.ceil((index * ordered.length) / sample));
  return [...new Set(places)].map((place) => ordered[place]);
}

async function rowsOfParquet(bytes: Buffer): Promise<readonly Row[]> {
  const id = await stored("selected.parquet", bytes);
  const rows: Row[] = [];
  for (let offset = 0; ; offset += 1000) {
    const { body } = await service.ask(`GET /api/datasets/${id}/rows?limit=1000&offset=${offset}`);
    const page = body["rows"] as readonly Row[];
    rows.push(...page);
    if (page.length < 1000) return rows;
  }
}

describe.each<[string, string, FileOptions]>([
  ["only the anomalies", "&only_anomalies=true", { onlyAnomalies: true }],
  ["all rows, the highest score first", "&sort=score", { sort: "score" }],
  ["only the anomalies, the highest score first", "&only_anomalies=true&sort=score", { onlyAnomalies: true, sort: "score" }],
  ["the first rows", "&limit=7", { limit: 7 }],
  ["the rows with the highest scores", "&sort=score&limit=40", { sort: "score", limit: 40 }],
  ["a sample of the rows", "&sample=7", { sample: 7 }],
  ["rows of all scores", "&sort=score&sample=300", { sort: "score", sample: 300 }],
  ["some anomalies", "&only_anomalies=true&sample=11", { onlyAnomalies: true, sample: 11 }],
  ["all rows where a sample would have more", "&sample=9999", { sample: 9999 }],
  ["all rows where only_anomalies is false", "&only_anomalies=false", { onlyAnomalies: false }],
])("%s", (_, query, options) => {
  it("come as NDJSON and CSV, with all their values", async () => {
    const expected = expectedRows(options);
    expect(rowsOf((await fetched("ndjson", query)).toString())).toEqual(expected);
    const [header, ...lines] = (await fetched("csv", query)).toString().trimEnd().split("\n");
    expect(header).toBe("x,y,row,ROW,when,anomaly_score,is_anomaly,rank");
    const cells = lines.map((line) => line.split(","));
    expect(cells.map((line) => Number(line[2]))).toEqual(placesOf(expected));
    expect(cells.map((line) => Number(line[5]))).toEqual(expected.map((row) => row["anomaly_score"]));
    const safe = (await fetched("csv", `${query}&spreadsheet_safe=true`)).toString().trimEnd().split("\n");
    expect(safe.slice(1)).toEqual(lines);
  });

  it("come as Arrow and Parquet, with all their values", async () => {
    const expected = expectedRows(options);
    const table = tableFromIPC(await fetched("arrow", query));
    expect(table.schema.fields.map(({ name }) => name)).toEqual(Object.keys(expected[0]));
    expect(Array.from(table.getChild("row") ?? [], Number)).toEqual(placesOf(expected));
    expect([...(table.getChild("ROW") ?? [])]).toEqual(expected.map((row) => row["ROW"]));
    const parquet = await rowsOfParquet(await fetched("parquet", query));
    expect(placesOf(parquet)).toEqual(placesOf(expected));
    expect(parquet.map((row) => row["anomaly_score"])).toEqual(expected.map((row) => row["anomaly_score"]));
    expect(parquet.map((row) => row["ROW"])).toEqual(expected.map((row) => row["ROW"]));
  });

  it("are given to the client", async () => {
    const blob = await createClient({ url: service.url }).results.file(result, "ndjson", options);
    expect(rowsOf(await blob.text())).toEqual(expectedRows(options));
  });
});

it("a CSV with decimal commas has the cells of the plain one, its numbers with a comma, and is CSV only", async () => {
  const plain = (await fetched("csv")).toString().split("\n");
  const commas = (await fetched("csv", "&decimal_comma=true")).toString().split("\n");
  expect(plain[2]).toMatch(/^1,0\.5,1,/);
  expect(commas[2]).toMatch(/^1;0,5;1;/);
  // No text of these rows holds one of the marks.
  expect(commas).toEqual(plain.map((line) => line.replaceAll(",", ";").replaceAll(".", ",")));
  const blob = await createClient({ url: service.url }).results.file(result, "csv", { decimalComma: true });
  expect(await blob.text()).toBe(commas.join("\n"));
  const { status, body } = await service.ask(`GET /api/results/${result}?format=ndjson&decimal_comma=true`);
  expect([status, body["code"], body["field"]]).toEqual([400, "REQUEST", "decimal_comma"]);
});

it("chosen rows as Parquet have the columns, names and types of all rows", async () => {
  const columnsOf = async (bytes: Buffer) =>
    (await service.ask(`GET /api/datasets/${await stored("some.parquet", bytes)}`)).body["columns"];
  const columns = await columnsOf(await fetched("parquet"));
  expect(await columnsOf(await fetched("parquet", "&only_anomalies=true&sort=score"))).toEqual(columns);
});

it("a result of few rows, which were sent with a request, is chosen from alike", async () => {
  const kept = await service.ask("POST /api/detection/predict", {
    json: { detector_id: detector, data: given.slice(0, 200).map(({ x, y, row }) => ({ x, y, row })), keep: true },
  });
  const id = String(kept.body["result_id"]);
  const rows = rowsOf((await fetched("ndjson", "", id)).toString());
  const sorted = rows.toSorted((one, other) => Number(other["anomaly_score"]) - Number(one["anomaly_score"]));
  const chosen = sorted.filter((row) => row["is_anomaly"] === true);
  expect(rowsOf((await fetched("ndjson", "&only_anomalies=true&sort=score", id)).toString())).toEqual(chosen);
  expect([chosen.length > 0, chosen.length < rows.length]).toEqual([true, true]);
});

it("a result without any anomaly gives a file without rows in every format", async () => {
  await service.ask(`PUT /api/detectors/${detector}/threshold`, { json: { value: 10 } });
  const scored = await service.ask("POST /api/detection/predict", { json: { detector_id: detector, dataset_id: dataset } });
  const id = String(scored.body["result_id"]);
  const query = "&only_anomalies=true&sort=score";
  expect((await fetched("csv", query, id)).toString()).toBe("x,y,row,ROW,when,anomaly_score,is_anomaly,rank\n");
  expect((await fetched("ndjson", query, id)).toString().trim()).toBe("");
  const table = tableFromIPC(await fetched("arrow", query, id));
  expect([table.numRows, table.schema.fields.length]).toEqual([0, 8]);
  const parquet = await fetched("parquet", query, id);
  expect([parquet.subarray(0, 4).toString(), parquet.subarray(-4).toString()]).toEqual(["PAR1", "PAR1"]);
});

it.each([
  ["format=csv&only_anomalies=yes", "only_anomalies", 'only_anomalies must be boolean, got "yes"'],
  ["format=csv&sort=rank", "sort", 'sort must be one of score, got "rank"'],
  [
    "only_anomalies=true",
    "only_anomalies",
    "only_anomalies is about the rows of the result: it needs a format (csv, ndjson, parquet, arrow)",
  ],
  ["format=json&sort=score", "sort", "sort is about the rows of the result: it needs a format (csv, ndjson, parquet, arrow)"],
  ["limit=5", "limit", "limit is about the rows of the result: it needs a format (csv, ndjson, parquet, arrow)"],
  ["sample=5", "sample", "sample is about the rows of the result: it needs a format (csv, ndjson, parquet, arrow)"],
  ["format=csv&limit=5&sample=5", "sample", "give either limit, the first rows, or sample, rows from all over"],
  ["format=csv&limit=0", "limit", "limit must be >= 1, got 0"],
  ["format=csv&only_anomaly=true", "only_anomaly", 'the querystring has no field "only_anomaly"; did you mean "only_anomalies"?'],
])("%s is refused by name", async (query, field, detail) => {
  const { status, body } = await service.ask(`GET /api/results/${result}?${query}`);
  expect([status, body["code"], body["field"], body["detail"]]).toEqual([400, "REQUEST", field, detail]);
});

describe("a result as Arrow", () => {
  const fileType = "application/vnd.apache.arrow.file";
  const streamType = "application/vnd.apache.arrow.stream";

  it.each([
    ["format=arrow", {}],
    ["", { accept: fileType }],
    ["", { accept: streamType }],
    ["format=arrow&only_anomalies=true", { accept: streamType }],
  ])("is a file, and is sent under the media type of one: %s %o", async (query, headers) => {
    const { bytes, headers: answered } = await service.ask(`GET /api/results/${result}?${query}`, { headers });
    expect(answered.get("content-type")).toBe(fileType);
    // The mark of a file (columnar format, "IPC File Format"), which a stream does not have.
    expect([bytes.subarray(0, 6).toString(), bytes.subarray(-6).toString()]).toEqual(["ARROW1", "ARROW1"]);
  });

  it("has this media type in the description and in the client's answer", async () => {
    const { body } = await service.ask("GET /openapi.json");
    const paths = body["paths"] as Record<string, { get: { responses: { 200: { content: object } } } }>;
    const { content } = paths["/api/results/{id}"].get.responses[200];
    expect(Object.keys(content)).toContain(fileType);
    expect(Object.keys(content)).not.toContain(streamType);
    expect((await createClient({ url: service.url }).results.file(result, "arrow")).type).toBe(fileType);
  });
});
