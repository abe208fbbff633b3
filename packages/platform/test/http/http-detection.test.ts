import { tableFromArrays, tableFromIPC, tableToIPC } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../test-support/eventually.ts";
import {
  type Json,
  type Reply,
  someRows,
  startService,
  type TestService,
  trainedDetector,
} from "../../test-support/servers/service.ts";

const arrowType = "application/vnd.apache.arrow.stream";
const rows = someRows(40);
/** The last row of `someRows` is the anomaly. */
const labels = rows.map((_, index) => (index === rows.length - 1 ? 1 : 0));

let service: TestService;
let forest: string;
let neighbours: string;
let dataset: string;

beforeAll(async () => {
  service = await startService();
  forest = await trainedDetector(service);
  neighbours = await trainedDetector(service, { algorithm_name: "knn" });
  const labelled = rows.map((row, index) => ({ ...row, known: labels[index] === 1 ? "fraud" : "normal" }));
  const stored = await service.ask("POST /api/datasets", { json: { name: "rows", data: labelled } });
  dataset = String(stored.body["id"]);
});
afterAll(() => service.close());

const post = (path: string, json: object, headers = {}) => service.ask(`POST ${path}`, { json, headers });
const scoresOf = ({ body }: Reply) =>
  (body["predictions"] as readonly { anomaly_score: number }[]).map((row) => row.anomaly_score);

async function endedJob(accepted: Reply): Promise<Json> {
  expect(accepted.status, accepted.bytes.toString()).toBe(202);
  let job: Json = {};
  await eventually("the job ends", async () => {
    job = (await service.ask(`GET ${String(accepted.headers.get("location"))}`)).body;
    return ["succeeded", "failed"].includes(String(job["status"]));
  });
  return job;
}

describe("rows in every form", () => {
  it("gives the same scores for objects, arrays with columns, columns by name, and an Arrow stream", async () => {
    const [x, y] = [rows.map((row) => row.x), rows.map((row) => row.y)];
    const objects = scoresOf(await post("/detection/predict", { detector_id: forest, data: rows }));
    expect(objects).toHaveLength(rows.length);
    const arrays = { detector_id: forest, data: rows.map((row) => [row.y, row.x]), columns: ["y", "x"] };
    expect(scoresOf(await post("/detection/predict", arrays))).toEqual(objects);
    expect(scoresOf(await post("/detection/predict", { detector_id: forest, data: { x, y } }))).toEqual(objects);
    const bytes = tableToIPC(tableFromArrays({ x: Float64Array.from(x), y: Float64Array.from(y) }), "stream");
    const stream = { bytes, headers: { "content-type": arrowType } };
    expect(scoresOf(await service.ask(`POST /detection/predict?detector_id=${forest}`, stream))).toEqual(objects);
    const both = { bytes, headers: { "content-type": arrowType, accept: arrowType } };
    const reply = await service.ask(`POST /detection/predict?detector_id=${forest}`, both);
    expect(reply.headers.get("nomaly-model-version")).toBe("1");
    const scores = tableFromIPC(reply.bytes).getChild("anomaly_score")?.toArray() as Float64Array | undefined;
    expect([...(scores ?? [])]).toEqual(objects);
    const lacking = await service.ask("POST /detection/predict", stream);
    expect([lacking.status, lacking.body["field"]]).toEqual([400, "detector_id"]);
  });

  it("trains on an Arrow stream", async () => {
    const bytes = tableToIPC(
      tableFromArrays({ x: Float64Array.from(rows, ({ x }) => x), y: Float64Array.from(rows, ({ y }) => y) }),
    );
    const reply = await service.ask(`POST /detection/train?detector_id=${neighbours}`, {
      bytes,
      headers: { "content-type": arrowType },
    });
    expect([reply.status, reply.body["model_version"], reply.body["columns"]]).toEqual([200, 2, ["x", "y"]]);
  });

  it("answers the next prediction with what was just trained", async () => {
    for (const version of [3, 4, 5]) {
      expect((await post("/detection/train", { detector_id: neighbours, data: rows })).body["model_version"]).toBe(version);
      const next = await post("/detection/predict", { detector_id: neighbours, data: rows });
      expect(next.body["model_version"]).toBe(version);
    }
  });
});

describe("explain", () => {
  it("tells of the rows of highest score what each column added, for rows and for a data set alike", async () => {
    const ofRows = await post("/api/detection/explain", { detector_id: forest, data: rows, top: 3 });
    const ofFile = await post("/api/detection/explain", { detector_id: forest, dataset_id: dataset, top: 3 });
    expect(ofRows.status, ofRows.bytes.toString()).toBe(200);
    const explained = ofRows.body["rows"] as readonly { row: number; anomaly_score: number; reasons: readonly Json[] }[];
    expect(explained[0].row).toBe(rows.length - 1);
    expect(explained.map((row) => row.reasons.length)).toEqual([2, 2, 2]);
    expect(explained.map((row) => row.anomaly_score)).toEqual(
      explained.map((row) => row.anomaly_score).toSorted((a, b) => b - a),
    );
    expect(ofRows.body["meaning"]).toBe("sums-to-score-less-baseline");
    expect(ofFile.body["rows"]).toEqual(ofRows.body["rows"]);
  });

  it("tells of auto what each member says of a row, in explanations and in predictions that are explained", async () => {
    const auto = await trainedDetector(service, { algorithm_name: "auto" });
    const asked = { detector_id: auto, data: rows };
    const explained = (await post("/api/detection/explain", { ...asked, top: 2 })).body["rows"] as readonly { votes: Json[] }[];
    expect(explained[0].votes.map(({ algorithm, looks_at: looksAt }) => `${String(algorithm)}: ${String(looksAt)}`)).toEqual([
      "isolation-forest: single values",
      "knn: neighbours",
      "knn: neighbours",
      "cblof: clusters",
      "mcd: relations",
    ]);
    // The last of the 200 training rows is far from all others, so every member ranks it first: (200 - 1/2) / 200.
    for (const vote of explained[0].votes) expect(vote).toMatchObject({ is_anomaly: true, rank: 199.5 / 200 });
    const predicted = (await post("/api/detection/predict", { ...asked, explain: true })).body["predictions"] as Json[];
    expect(predicted.at(-1)?.["votes"]).toEqual(explained[0].votes);
    const others = (await post("/api/detection/predict", { detector_id: forest, data: rows, explain: true })).body;
    expect((others["predictions"] as Json[])[0]).not.toHaveProperty("votes");
  });
});

describe("evaluate", () => {
  it("measures against labels in the request and in a column of a data set alike", async () => {
    const given = await post("/api/detection/evaluate", { detector_id: forest, data: rows, labels });
    const column = await post("/api/detection/evaluate", { detector_id: forest, dataset_id: dataset, label_column: "known" });
    // One anomaly among 40 rows, far from all others: every ranking measure is 1.
    expect(given.body).toMatchObject({ n_samples: 40, roc_auc: 1, average_precision: 1, precision_at_n: 1, recall: 1 });
    const { processing_time_ms: _one, ...figures } = given.body;
    const { processing_time_ms: _other, ...others } = column.body;
    expect(others).toEqual(figures);
  });

  it("says that it needs labels, which row's is none, and that both kinds must be there", async () => {
    const ask = (rest: object) => post("/api/detection/evaluate", { detector_id: forest, data: rows.slice(0, 2), ...rest });
    const replies = [
      await ask({}),
      await ask({ labels: [0, 0] }),
      await ask({ labels: [0] }),
      await ask({ label_column: "none" }),
    ];
    expect(replies.map(({ status, body }) => [status, body["code"], body["field"]])).toEqual([
      [422, "LABEL", "labels"],
      [422, "LABEL", "labels"],
      [422, "SHAPE", "labels"],
      [422, "COLUMN", "label_column"],
    ]);
    const labelled = ["yes", "perhaps", "no"].map((known) => ({ x: 1, y: 1, known }));
    const reply = await post("/api/detection/evaluate", { detector_id: forest, data: labelled, label_column: "known" });
    expect([reply.body["code"], reply.body["row_index"]]).toEqual(["LABEL", 1]);
  });
});

describe("compare", () => {
  it("tells how detectors agree, and that this does not say who is right", async () => {
    const { body } = await post("/api/detection/compare", { detector_ids: [forest, neighbours], data: rows });
    const [pair] = body["agreement"] as readonly Json[];
    expect([pair["first"], pair["second"], body["n_top"]]).toEqual([forest, neighbours, 4]);
    expect(pair["top_overlap"]).toBeGreaterThan(0);
    expect(body["note"]).toMatch(/not which of them is right/);
    expect((body["detectors"] as Record<string, Json>)[forest]["figures"]).toBeUndefined();
  });

  it("gives figures for each with labels, and the error of one beside the answer of the other", async () => {
    const unknown = "0197f7a2-5d1c-7a3e-9a54-3c8f1f0b7d11";
    const { body } = await post("/api/detection/compare", { detector_ids: [forest, unknown], data: rows, labels });
    const detectors = body["detectors"] as Record<string, { figures: Json; error: Json }>;
    expect(detectors[forest].figures["roc_auc"]).toBe(1);
    expect(detectors[unknown].error["code"]).toBe("NOT_FOUND");
  });
});

describe("jobs", () => {
  it("scores a data set with many detectors in the background, each with its result or its error", async () => {
    const unknown = "0197f7a2-5d1c-7a3e-9a54-3c8f1f0b7d11";
    const ask = { detector_ids: [forest, neighbours, unknown], dataset_id: dataset, background: true };
    const job = await endedJob(await post("/api/detection/batch", ask));
    const { results } = job["result"] as { results: Record<string, Json> };
    expect(results[unknown]["error"]).toMatchObject({ code: "NOT_FOUND" });
    for (const id of [forest, neighbours]) {
      const result = await service.ask(`GET /api/results/${String(results[id]["result_id"])}`);
      expect([result.status, result.body["detector_id"], result.body["dataset_id"]]).toEqual([200, id, dataset]);
    }
  });

  it("keeps the reasons of the rows of highest score with a result that was asked for them", async () => {
    const ask = { detector_id: forest, dataset_id: dataset, background: true, explain: true };
    const job = await endedJob(await post("/detection/predict", ask));
    const { result_id: id } = job["result"] as Json;
    const { body } = await service.ask(`GET /api/results/${String(id)}`);
    const { explanation } = body["summary"] as { explanation: { rows: readonly { row: number }[] } };
    expect(explanation.rows[0].row).toBe(rows.length - 1);
    const listed = await service.ask(`GET /api/results?detector_id=${forest}`);
    const other = (listed.body["items"] as readonly { id: string; summary: Json }[]).find((item) => item.id === id);
    expect(other?.summary, "a list has the figures alone").toEqual({ ...(body["summary"] as Json), explanation: undefined });
  });

  it("gives a result's rows as CSV, Parquet and Arrow", async () => {
    const kept = await post("/detection/predict", { detector_id: forest, data: rows, keep: true });
    const place = `GET /api/results/${String(kept.body["result_id"])}`;
    expect((await service.ask(`${place}?format=csv`)).bytes.toString().split("\n")[0]).toBe("x,y,anomaly_score,is_anomaly,rank");
    expect((await service.ask(`${place}?format=parquet`)).bytes.subarray(0, 4).toString()).toBe("PAR1");
    const arrow = await service.ask(place, { headers: { accept: arrowType } });
    expect(tableFromIPC(arrow.bytes).numRows).toBe(rows.length);
  });

  it("refuses to retry a job that has succeeded, and says that there is no other", async () => {
    const job = await endedJob(await post("/detection/predict", { detector_id: forest, dataset_id: dataset, background: true }));
    const refused = await service.ask(`POST /api/jobs/${String(job["id"])}/retry`);
    expect([refused.status, refused.body["code"]]).toEqual([409, "CONFLICT"]);
    expect((await service.ask("POST /api/jobs/0197f7a2-5d1c-7a3e-9a54-3c8f1f0b7d11/retry")).status).toBe(404);
  });
});

describe("rows that are kept", () => {
  const predictions = ({ body }: Reply) => body["predictions"];

  it.each([
    [
      "dates as texts, and whole numbers among others",
      { when: (row: number) => `2024-01-${String((row % 9) + 10)}`, size: Number },
    ],
    [
      "texts that look like ids and times",
      { id: (row: number) => `0197f7a2-5d1c-7a3e-9a54-3c8f1f0b7d1${row % 3}`, at: (row: number) => `1${row % 2}:00` },
    ],
    ["names that differ only in case", { x: (row: number) => Math.sin(row), X: (row: number) => Math.cos(row * 3) }],
    [
      "true and false, numbers and missing values",
      { yes: (row: number) => row % 3 === 0, part: (row: number) => (row % 5 === 0 ? null : row / 7) },
    ],
  ] as const)("have the scores that they have without: %s", async (_what, columns) => {
    const table = Array.from({ length: 60 }, (_, row) => ({
      value: Math.tan(row),
      ...Object.fromEntries(Object.entries(columns).map(([name, cellAt]) => [name, cellAt(row)])),
    }));
    const made = await post("/api/detectors", { name: "kept", options: { missing: "median" } });
    const detector_id = made.body["id"];
    const trained = await post("/detection/train", { detector_id, data: table });
    expect(trained.status, trained.bytes.toString()).toBe(200);
    const plain = await post("/detection/predict", { detector_id, data: table });
    const kept = await post("/detection/predict", { detector_id, data: table, keep: true, explain: true });
    expect(kept.status, kept.bytes.toString()).toBe(200);
    const scores = (predictions(kept) as readonly Json[]).map(({ reasons: _reasons, ...scored }) => scored);
    expect(scores).toEqual(predictions(plain));
    const file = await service.ask(`GET /api/results/${String(kept.body["result_id"])}?format=csv`);
    const lines = file.bytes.toString().trim().split("\n");
    expect(lines).toHaveLength(table.length + 1);
    expect(lines[0].toLowerCase()).toContain(Object.keys(columns)[0].toLowerCase());
    expect(lines[0]).toMatch(/,anomaly_score,is_anomaly,rank$/);
  });
});

describe("the same request again under one key", () => {
  it.each([
    ["a detector", "/api/detectors", () => ({ name: "once" }), "id"],
    ["a data set", "/api/datasets", () => ({ name: "once", data: rows }), "id"],
    ["a training", "/detection/train", () => ({ detector_id: neighbours, data: rows }), "model_version"],
    [
      "a training in the background",
      "/detection/train",
      () => ({ detector_id: neighbours, dataset_id: dataset, background: true }),
      "job_id",
    ],
    ["a kept prediction", "/detection/predict", () => ({ detector_id: forest, data: rows, keep: true }), "result_id"],
    ["a scored data set", "/detection/predict", () => ({ detector_id: forest, dataset_id: dataset }), "result_id"],
  ] as const)("makes %s once and answers alike", async (what, path, body, field) => {
    const headers = { "idempotency-key": `key of ${what}` };
    const first = await post(path, body(), headers);
    const again = await post(path, body(), headers);
    expect(first.status, first.bytes.toString()).toBeLessThan(300);
    expect([again.status, again.body[field]]).toEqual([first.status, first.body[field]]);
    const other = await post(path, { ...body(), name: "another", detector_id: forest, explain: true }, headers);
    expect([400, 409]).toContain(other.status);
  });

  it("stores an uploaded file once, and refuses the key for another file", async () => {
    const upload = (content: string) => {
      const form = new FormData();
      form.append("file", new Blob([content]), "a.csv");
      return service.ask("POST /api/datasets", { form, headers: { "idempotency-key": "file" } });
    };
    const first = await upload("x,y\n1,2\n3,4\n");
    const again = await upload("x,y\n1,2\n3,4\n");
    expect([again.status, again.body["id"]]).toEqual([201, first.body["id"]]);
    const other = await upload("x,y\n1,2\n3,5\n");
    expect([other.status, other.body["field"]]).toEqual([409, "idempotency-key"]);
  });

  it("scores a data set with many detectors once for each", async () => {
    const headers = { "idempotency-key": "batch" };
    const ids = async () => {
      const { body } = await post("/api/detection/batch", { detector_ids: [forest, neighbours], dataset_id: dataset }, headers);
      return Object.values(body["results"] as Record<string, Json>).map((result) => result["result_id"]);
    };
    const first = await ids();
    expect(first).toHaveLength(2);
    expect(await ids()).toEqual(first);
  });
});

describe("tags", () => {
  it("answers 304 while nothing has changed, and 412 when a change meets another", async () => {
    const made = await post("/api/detectors", { name: "tagged" });
    const place = `/api/detectors/${String(made.body["id"])}`;
    const tag = String(made.headers.get("etag"));
    expect((await service.ask(`GET ${place}`, { headers: { "if-none-match": `"other", ${tag}` } })).status).toBe(304);
    const changed = await service.ask(`PATCH ${place}`, { json: { name: "b" }, headers: { "if-match": tag } });
    expect(changed.status).toBe(200);
    for (const method of ["PATCH", "DELETE"]) {
      const asked = { headers: { "if-match": tag }, ...(method === "PATCH" ? { json: { name: "c" } } : {}) };
      const late = await service.ask(`${method} ${place}`, asked);
      expect([late.status, late.body["code"], late.body["field"]]).toEqual([412, "CONFLICT", "if-match"]);
    }
    expect((await service.ask(`GET ${place}`, { headers: { "if-none-match": tag } })).body["name"]).toBe("b");
    const ofDataset = (await service.ask(`GET /api/datasets/${dataset}`)).headers.get("etag");
    const unchanged = await service.ask(`GET /api/datasets/${dataset}`, {
      headers: { "if-none-match": `W/${String(ofDataset)}` },
    });
    expect(unchanged.status).toBe(304);
  });
});

describe("numbers for Prometheus", () => {
  it("counts requests by route, method and status, and shows every part", async () => {
    await service.ask("GET /api/detectors/0197f7a2-5d1c-7a3e-9a54-3c8f1f0b7d11");
    const { bytes, headers } = await service.ask("GET /metrics");
    expect(headers.get("content-type")).toMatch(/^text\/plain; version=0.0.4/);
    const text = bytes.toString();
    for (const part of [
      'nomaly_http_request_duration_seconds_count{route="/api/detectors/:id",method="GET",status="404"} ',
      "nomaly_database_pool_in_use ",
      "nomaly_database_statements_count_total ",
      'nomaly_cache_kind_level1_hits_total{kind="results"} ',
      'nomaly_queue_job_succeeded_total{job="predict"} ',
      "nomaly_compute_queued_rows ",
      "nomaly_admission_admitted_total ",
      "process_cpu_seconds_total ",
    ]) {
      expect(text).toContain(`\n${part}`);
    }
  });
});

it("a body over 256 KiB that comes again is answered from the cache, for the model that is in service, and another one is not", async () => {
  const detector = await trainedDetector(service);
  const body = (count: number) => ({
    detector_id: detector,
    columns: ["x", "y"],
    data: Array.from({ length: count }, (_, row) => [Math.sin(row), Math.cos(row)]),
  });
  const cachedOf = async (count: number) => (await post("/detection/predict", body(count))).body["cached"];
  const first = await post("/detection/predict", body(10_000));
  expect([first.status, first.body["cached"], JSON.stringify(body(10_000)).length > 256 * 1024]).toEqual([200, false, true]);
  const again = await post("/detection/predict", body(10_000));
  expect([again.body["cached"], scoresOf(again)]).toEqual([true, scoresOf(first)]);
  expect(await cachedOf(10_001)).toBe(false);
  await post("/detection/train", { detector_id: detector, data: rows.slice(5) });
  const trainedAgain = await post("/detection/predict", body(10_000));
  expect([trainedAgain.body["cached"], trainedAgain.body["model_version"]]).toEqual([false, 2]);
});

it("the same Arrow stream is scored by the detector, and explained as, that each request asks for", async () => {
  const other = await trainedDetector(service, { algorithm_name: "hbos" });
  const many = Array.from({ length: 20_000 }, (_, row) => row);
  const columns = { x: Float64Array.from(many, Math.sin), y: Float64Array.from(many, Math.cos) };
  const bytes = tableToIPC(tableFromArrays(columns), "stream");
  const predict = async (detector: string) => {
    const stream = { bytes, headers: { "content-type": arrowType } };
    const reply = await service.ask(`POST /detection/predict?detector_id=${detector}`, stream);
    expect(reply.status).toBe(200);
    return reply.body;
  };
  const first = await predict(forest);
  const second = await predict(other);
  expect([first["detector_id"], second["detector_id"]]).toEqual([forest, other]);
  expect(second["predictions"]).not.toEqual(first["predictions"]);
  const again = await predict(other);
  expect([again["cached"], again["predictions"]]).toEqual([true, second["predictions"]]);
});
