import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, detect, fit, load } from "@nomaly/detect";
import { tableFromArrays, tableFromIPC, tableToIPC } from "apache-arrow";
import { afterAll, describe, expect, it } from "vitest";
import { openSource } from "../files/duckdb/source.ts";
import { createTemporaryFiles } from "../files/local/temporary.ts";
import { createCompute } from "./compute.ts";
import { encodePredictions } from "./rows/encode-predictions.ts";
import { rowsGiven } from "./rows/parse-rows.ts";
import type { PredictBodyOutcome } from "./work.ts";

const folder = mkdtempSync(join(tmpdir(), "compute-test-"));
const random = createRandom(7);
const names = ["a", "b", "c"];
const rows = Array.from({ length: 3000 }, () => names.map(() => random.normal()));
const objects = rows.map(([a, b, c]) => ({ a, b, c }));
const mixed = objects.map((row, index) => ({ ...row, colour: index % 3 === 0 ? "red" : "blue", fresh: index % 2 === 0 }));
const detectors = ["isolation-forest", "knn", "hbos", "mcd"] as const;
const models = new Map<string, Uint8Array>();
for (const detector of detectors) models.set(detector, (await fit(rows.slice(0, 500), { detector })).save());
models.set("named", (await fit(mixed.slice(0, 500), { detector: "hbos" })).save());
let loadCount = 0;
const compute = createCompute({
  workerCount: 1,
  temporaryFolder: folder,
  async loadModel(versionId) {
    loadCount++;
    return { bytes: models.get(versionId) as Uint8Array, isForeign: versionId.startsWith("foreign") };
  },
});
afterAll(async () => {
  await compute.close();
  expect(readdirSync(folder).filter((name) => name.startsWith("nomaly-"))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

const modelOf = (versionId: string) => load(models.get(versionId) as Uint8Array);
let bodyCount = 0;
function bodyOfBytes(bytes: Uint8Array, format: "json" | "arrow" = "json") {
  const path = join(folder, `body-${++bodyCount}`);
  writeFileSync(path, bytes);
  return { kind: "body" as const, format, path, sizeBytes: bytes.length };
}
const bodyOf = (content: unknown) => bodyOfBytes(Buffer.from(JSON.stringify(content)));
const answerOf = ({ fragment, fragmentPath }: PredictBodyOutcome) => fragment ?? readFileSync(String(fragmentPath));

describe("scores are the library's, bit for bit", () => {
  it.each(detectors)("%s: a few rows on the spot, many in a worker", async (versionId) => {
    const expected = modelOf(versionId).predict(rows);
    const many = await compute.predict({ model: { versionId }, input: rowsGiven(rows, undefined) });
    expect(many.where).toBe("worker");
    expect([many.scores, many.labels, many.ranks]).toEqual([expected.scores, expected.labels, expected.ranks]);
    const few = await compute.predict({ model: { versionId }, input: rowsGiven(rows.slice(0, 3), undefined) });
    expect(few.where).toBe("on the spot");
    expect([few.scores, few.ranks]).toEqual([expected.scores.slice(0, 3), expected.ranks.slice(0, 3)]);
  });

  it("a few rows in a worker when the model came from outside", async () => {
    models.set("foreign", models.get("hbos") as Uint8Array);
    const { where, scores } = await compute.predict({
      model: { versionId: "foreign" },
      input: rowsGiven(rows.slice(0, 3), undefined),
    });
    expect([where, scores]).toEqual(["worker", modelOf("hbos").score(rows).slice(0, 3)]);
  });

  it("texts and flags, on the spot and in a worker", async () => {
    const expected = modelOf("named").predict(mixed);
    const many = await compute.predict({ model: { versionId: "named" }, input: rowsGiven(mixed, undefined) });
    const few = await compute.predict({ model: { versionId: "named" }, input: rowsGiven(mixed.slice(0, 4), undefined) });
    expect([many.where, few.where]).toEqual(["worker", "on the spot"]);
    expect([many.scores, few.scores]).toEqual([expected.scores, expected.scores.slice(0, 4)]);
  });

  it("reasons, on the spot and in a worker", async () => {
    const expected = modelOf("named").explain(mixed.slice(0, 1500));
    const many = await compute.predict({
      model: { versionId: "named" },
      input: rowsGiven(mixed.slice(0, 1500), undefined),
      explain: true,
    });
    expect(many.explained).toEqual({ meaning: expected.meaning, rows: expected.rows.map((row) => row.reasons) });
    expect(many.scores).toEqual(Float64Array.from(expected.rows, (row) => row.score));
    const few = await compute.predict({
      model: { versionId: "named" },
      input: rowsGiven(mixed.slice(0, 1), undefined),
      explain: { top: 1 },
    });
    expect(few.explained?.rows).toEqual([expected.rows[0].reasons.slice(0, 1)]);
  });

  it("a body of JSON, whose other fields say which model", async () => {
    const outcome = await compute.predictBody({
      body: bodyOf({ detector_id: "knn", data: rows, explain: false }),
      plan: async (fields) => {
        expect(fields).toEqual({ detector_id: "knn", explain: false });
        return { model: { versionId: String(fields["detector_id"]) } };
      },
      reply: "json",
    });
    const expected = modelOf("knn").predict(rows);
    expect(Buffer.from(answerOf(outcome)).toString()).toBe(encodePredictions(expected));
    expect(outcome).toMatchObject({ rowCount: 3000, anomalyCount: expected.labels.filter((label) => label === 1).length });
  });

  it("an Arrow stream, answered by one", async () => {
    const columns = { a: 0, b: 1, c: 2 };
    const arrays = Object.fromEntries(
      Object.entries(columns).map(([name, at]) => [name, Float64Array.from(rows, (row) => row[at])]),
    );
    const bytes = tableToIPC(
      tableFromArrays({ ...arrays, colour: mixed.map((row) => row.colour), fresh: mixed.map((row) => row.fresh) }),
      "stream",
    );
    const body = bodyOfBytes(bytes, "arrow");
    const outcome = await compute.predictBody({ body, plan: { model: { versionId: "named" } }, reply: "arrow" });
    const table = tableFromIPC(answerOf(outcome));
    const expected = modelOf("named").predict(mixed);
    expect(table.schema.fields.map(({ name }) => name)).toEqual(["anomaly_score", "is_anomaly", "rank"]);
    expect(table.getChild("anomaly_score")?.toArray()).toEqual(expected.scores);
    expect(table.getChild("rank")?.toArray()).toEqual(expected.ranks);
    expect([...(table.getChild("is_anomaly") ?? [])]).toEqual(Array.from(expected.labels, (label) => label === 1));
  });

  it("a file, written again as Parquet with all its columns", async () => {
    const lines = mixed.map((row, index) => `${index},${row.a},${row.b},${row.c},${row.colour},${row.fresh}`);
    const path = join(folder, "mixed.csv");
    writeFileSync(path, ["id,a,b,c,colour,fresh", ...lines].join("\n"));
    const outputPath = join(folder, "results", "scored.parquet");
    const done: number[] = [];
    const input = { kind: "file" as const, path, name: "mixed", format: "csv" as const, rowCount: 3000 };
    const outcome = await compute.scoreFile(
      { model: { versionId: "named" }, input, outputPath },
      { progress: (share) => done.push(share) },
    );
    const expected = modelOf("named").predict(mixed);
    expect(outcome).toMatchObject({ rowCount: 3000, addedColumns: ["anomaly_score", "is_anomaly", "rank"] });
    expect(outcome.anomalyCount).toBe(expected.labels.filter((label) => label === 1).length);
    expect(outcome.scoreQuantiles.max).toBe(Math.max(...expected.scores));
    expect(done.at(-1)).toBe(1);
    expect(await columnsOf(outputPath)).toEqual({
      names: ["id", "a", "b", "c", "colour", "fresh", "anomaly_score", "is_anomaly", "rank"],
      scores: expected.scores,
      ranks: expected.ranks,
    });
  });
});

async function columnsOf(path: string) {
  const temporary = createTemporaryFiles(folder);
  const signal = new AbortController().signal;
  const source = await openSource(path, { threadCount: 1, temporary, stdin: process.stdin, signal });
  const scores: number[] = [];
  const ranks: number[] = [];
  for await (const batch of source.batches(["anomaly_score", "rank"])) {
    scores.push(...(batch.columns[0].values as Float64Array));
    ranks.push(...(batch.columns[1].values as Float64Array));
  }
  source.close();
  temporary.removeAll();
  return { names: source.columns.map(({ name }) => name), scores: Float64Array.from(scores), ranks: Float64Array.from(ranks) };
}

describe("models are the library's, byte for byte", () => {
  const options = { detector: "isolation-forest", params: { nEstimators: 20 }, seed: 5, contamination: 0.05 } as const;

  it("fitted on rows of a request", async () => {
    const expected = await detect(rows, options);
    const { modelBytes, summary } = await compute.train({ input: rowsGiven(rows, undefined), options });
    expect(modelBytes).toEqual(expected.model.save());
    expect(summary).toMatchObject({
      detectorId: "isolation-forest",
      rowCount: 3000,
      fittedRowCount: 3000,
      threshold: expected.model.threshold,
      anomalyCount: 150,
      anomalyShare: 0.05,
      sizeBytes: modelBytes?.length,
      params: { nEstimators: 20 },
    });
  });

  it("fitted on a body, with a label that is not learned from", async () => {
    const labelled = mixed.map((row, index) => ({ ...row, label: index % 10 }));
    const { modelBytes, summary } = await compute.train({
      input: bodyOf({ detector_id: "x", data: labelled }),
      options: async (fields) => ({ ...options, label: fields["detector_id"] === "x" ? "label" : "other" }),
    });
    expect(modelBytes).toEqual((await fit(labelled, { ...options, exclude: ["label"] })).save());
    expect(summary.columns.map(({ name }) => name)).toEqual(["a", "b", "c", "colour", "fresh"]);
  });

  it("fitted on a file, or on a sample of it", async () => {
    const path = join(folder, "plain.csv");
    writeFileSync(path, ["a,b,c,label", ...rows.map((row, index) => `${row.join()},${index % 10}`)].join("\n"));
    const input = { kind: "file" as const, path, name: "plain", format: "csv" as const };
    const whole = await compute.train({ input, options: { ...options, label: "label" } });
    expect(whole.modelBytes).toEqual((await fit(objects, options)).save());
    const sampled = await compute.train({ input, options: { ...options, label: "label", fitRowCountMax: 1000 } });
    expect(sampled.summary).toMatchObject({ rowCount: 3000, fittedRowCount: 1000 });
    const left = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /^nomaly-.*\//.test(name));
    expect(left).toEqual([]);
  });
});

describe("what is wrong is told as it is", () => {
  it("in rows, options and files, by coded errors with the field", async () => {
    const input = rowsGiven(
      [
        [1, 2],
        [3, 4],
        [5, 7],
      ],
      undefined,
    );
    await expect(compute.train({ input, options: { detector: "knm" } })).rejects.toMatchObject({
      code: "UNKNOWN_DETECTOR",
      field: "detector",
    });
    await expect(compute.train({ input, options: { params: { trees: 3 } } })).rejects.toMatchObject({
      code: "PARAM",
      field: "trees",
    });
    await expect(compute.predict({ model: { versionId: "knn" }, input: rowsGiven([[1, 2]], undefined) })).rejects.toMatchObject({
      code: "SHAPE",
    });
    const wide = rowsGiven(
      rows.map((row) => [...row, Number.POSITIVE_INFINITY]),
      undefined,
    );
    await expect(compute.train({ input: wide, options: {} })).rejects.toMatchObject({ code: "NOT_FINITE", rowIndex: 0 });
    const file = { kind: "file" as const, path: join(folder, "absent"), name: "my data", format: "csv" as const };
    await expect(compute.train({ input: file, options: {} })).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    const path = join(folder, "gap.csv");
    writeFileSync(path, "a,b\n1,2\n3,\n5,6\n");
    const gap = { ...file, path };
    await expect(compute.train({ input: gap, options: {} })).rejects.toThrow(/^my data: .*missing/);
    await expect(compute.train({ input: gap, options: { label: "lebal" } })).rejects.toMatchObject({
      code: "COLUMN",
      field: "label",
    });
  });

  it.each([
    ["no JSON", "{", "REQUEST", "body"],
    ["an array", "[]", "REQUEST", "body"],
    ["no rows", "{}", "REQUEST", "data"],
    ["an object as a cell", '{"data":[{"a":{"toString":1}}]}', "COLUMN", "data[0].a"],
    ["brackets without end", `{"data":[[1]],"x":${"[".repeat(300_000)}${"]".repeat(300_000)}}`, "REQUEST", "body"],
    ["more empty rows than there may be", `{"data":[${"[],".repeat(1_001_001)}[]]}`, "TOO_LARGE", "body"],
    ["a number beyond float64", '{"data":[[1,2,1e400]]}', "NOT_FINITE", "data[0][2]"],
  ])("in a body of %s", async (_, text, code, field) => {
    const body = bodyOfBytes(Buffer.from(text));
    await expect(compute.predictBody({ body, plan: { model: { versionId: "knn" } }, reply: "json" })).rejects.toMatchObject({
      code,
      field,
    });
  });

  it("in bytes that are no Arrow stream", async () => {
    const body = bodyOfBytes(Buffer.from("ARROW? no"), "arrow");
    await expect(compute.predictBody({ body, plan: { model: { versionId: "knn" } }, reply: "json" })).rejects.toMatchObject({
      code: "REQUEST",
    });
  });

  it("by whoever chooses the model of a body, and the worker goes on", async () => {
    const choosing = compute.predictBody({
      body: bodyOf({ data: rows }),
      plan: () => Promise.reject(new Error("no such detector")),
      reply: "json",
    });
    await expect(choosing).rejects.toThrow("no such detector");
    const next = await compute.predict({ model: { versionId: "knn" }, input: rowsGiven(rows, undefined) });
    expect(next.scores.length).toBe(3000);
  });
});

describe("models in memory", () => {
  it("are loaded once for all that ask at the same time, and again after they were dropped", async () => {
    models.set("fresh", models.get("hbos") as Uint8Array);
    const before = loadCount;
    const asked = Array.from({ length: 5 }, () => compute.models.get({ versionId: "fresh" }));
    const [first, ...others] = await Promise.all(asked);
    expect(others.every((model) => model === first)).toBe(true);
    expect(loadCount).toBe(before + 1);
    compute.models.drop(["fresh"]);
    await compute.models.get({ versionId: "fresh" });
    expect(loadCount).toBe(before + 2);
  });

  it("take no more bytes than allowed: the one not used for longest goes", async () => {
    const bytes = models.get("hbos") as Uint8Array;
    const small = createCompute({ loadModel: async () => ({ bytes, isForeign: false }), modelBytesMax: bytes.length * 7 });
    for (const versionId of ["1", "2", "3"]) await small.models.get({ versionId });
    expect(small.models.stats()).toMatchObject({ loaded: 2, evictions: 1, misses: 3, hits: 0 });
    await small.close();
  });

  it("that cannot be had are not remembered as missing", async () => {
    let fails = true;
    const flaky = createCompute({
      loadModel: () =>
        fails
          ? Promise.reject(new Error("storage is away"))
          : Promise.resolve({ bytes: models.get("hbos") as Uint8Array, isForeign: false }),
    });
    await expect(flaky.models.get({ versionId: "x" })).rejects.toThrow("storage is away");
    fails = false;
    expect((await flaky.models.get({ versionId: "x" })).detectorId).toBe("hbos");
    await flaky.close();
  });
});
