import { fit, type GivenThreshold, load } from "@nomaly/detect";
import { tableFromArrays, tableToIPC } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../test-support/eventually.ts";
import { startTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { type Reply, someRows, startService, type TestService, trainedDetector } from "../../test-support/servers/service.ts";

const rows = someRows(60);
const absent = "00000000-0000-7000-8000-000000000000";

let database: TestDatabase;
let service: TestService;
/** Another process's caches, on the same database. */
let other: TestService;
beforeAll(async () => {
  database = await startTestDatabase();
  const database_url = await database.createDatabase();
  service = await startService({ database_url });
  other = await startService({ database_url });
});
afterAll(async () => {
  await other.close();
  await service.close();
  await database.stop();
});

const put = (path: string, json: object, headers = {}) => service.ask(`PUT ${path}`, { json, headers });
const post = (path: string, json?: object, headers = {}) =>
  service.ask(`POST ${path}`, { ...(json === undefined ? {} : { json }), headers });
const get = (path: string) => service.ask(`GET ${path}`);
const problem = ({ status, body }: Reply) => [status, body["code"], body["field"]];
const scoresOf = async (id: string, from = service) => {
  const { status, body, bytes } = await from.ask("POST /api/detection/predict", { json: { detector_id: id, data: rows } });
  expect(status, bytes.toString()).toBe(200);
  const predictions = body["predictions"] as readonly { anomaly_score: number; is_anomaly: boolean; rank: number }[];
  return {
    version: body["model_version"],
    scores: predictions.map((row) => row.anomaly_score),
    ranks: predictions.map((row) => row.rank),
    anomalyCount: body["n_anomalies"],
  };
};
const modelOf = async (id: string, query = "") => load((await get(`/api/detectors/${id}/model${query}`)).bytes);
const audit = async () =>
  (await get(`/api/audit?limit=100`)).body["items"] as readonly { action: string; subject_id: string; details: object }[];
const versionsOf = async (id: string) =>
  (await get(`/api/detectors/${id}/versions`)).body["items"] as readonly Record<string, unknown>[];

describe("an older version made the live one", () => {
  it("scores at once, in every process, with its threshold, and is in the audit log", async () => {
    const id = await trainedDetector(service);
    const first = await scoresOf(id);
    await post("/api/detection/train", { detector_id: id, data: someRows(90) });
    const second = await scoresOf(id);
    expect((await scoresOf(id, other)).version).toBe(2);
    const { threshold } = await modelOf(id, "?version=1");
    const activated = await post(`/api/detectors/${id}/versions/1/activate`);
    expect(activated.status, activated.bytes.toString()).toBe(200);
    expect(activated.body).toMatchObject({ model_version: 1, threshold });
    expect(await scoresOf(id)).toEqual(first);
    await eventually("the other process scores with it", async () => (await scoresOf(id, other)).version === 1);
    expect(await scoresOf(id, other)).toEqual(first);
    expect((await versionsOf(id)).map(({ model_version: version, is_live }) => [version, is_live])).toEqual([
      [2, false],
      [1, true],
    ]);
    const entry = (await audit()).find((line) => line.action === "detector.activate" && line.subject_id === id);
    expect(entry?.details).toEqual({ model_version: 1, before: 2 });
    expect((await post(`/api/detectors/${id}/versions/2/activate`)).status).toBe(200);
    expect(await scoresOf(id)).toEqual(second);
    // The next training counts on from the newest version.
    expect((await post("/api/detection/train", { detector_id: id, data: someRows(90) })).body["model_version"]).toBe(3);
  });

  it("is refused for one that is not there, and for an ETag that is out of date", async () => {
    const id = await trainedDetector(service);
    const { headers } = await get(`/api/detectors/${id}`);
    const tag = String(headers.get("etag"));
    expect(problem(await post(`/api/detectors/${id}/versions/7/activate`))).toEqual([404, "NOT_FOUND", "version"]);
    expect(problem(await post(`/api/detectors/${absent}/versions/1/activate`))).toEqual([404, "NOT_FOUND", "detector_id"]);
    expect((await post(`/api/detectors/${id}/versions/0/activate`)).status).toBe(400);
    expect((await post(`/api/detectors/${id}/versions/1/activate`, undefined, { "if-match": tag })).status).toBe(200);
    await service.ask(`PATCH /api/detectors/${id}`, { json: { name: "other" } });
    const late = await post(`/api/detectors/${id}/versions/1/activate`, undefined, { "if-match": tag });
    expect(problem(late)).toEqual([412, "CONFLICT", "if-match"]);
  });

  it("is one of two that are asked for at once", async () => {
    const id = await trainedDetector(service);
    for (let i = 0; i < 2; i++) await post("/api/detection/train", { detector_id: id, data: someRows(80 + i) });
    const tag = String((await get(`/api/detectors/${id}`)).headers.get("etag"));
    const both = await Promise.all([1, 2].map((version) => post(`/api/detectors/${id}/versions/${version}/activate`)));
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    const live = (await get(`/api/detectors/${id}`)).body["model_version"];
    expect([1, 2]).toContain(live);
    expect((await scoresOf(id)).version).toBe(live);
    const tagged = String((await get(`/api/detectors/${id}`)).headers.get("etag"));
    expect(tagged).not.toBe(tag);
    const raced = await Promise.all(
      [1, 3].map((version) => post(`/api/detectors/${id}/versions/${version}/activate`, undefined, { "if-match": tagged })),
    );
    const statuses = raced.map(({ status }) => status).toSorted((a, b) => a - b);
    // Whoever asks for the version that is live already changes nothing.
    expect([[200, 412].join(), [200, 200].join()]).toContain(statuses.join());
  });
});

describe("a threshold moved without training", () => {
  it.each<GivenThreshold>([
    { contamination: 0.01 },
    { method: "percentile", percentile: 70 },
    { method: "iqr", factor: 1 },
    { method: "mad" },
    { method: "extreme-value", risk: 0.01 },
  ])("is the one that a training with it sets: %j", async (threshold) => {
    const id = await trainedDetector(service, { algorithm_name: "knn" });
    const before = await scoresOf(id);
    const moved = await put(`/api/detectors/${id}/threshold`, threshold);
    expect(moved.status, moved.bytes.toString()).toBe(200);
    const model = await fit(someRows(200), { detector: "knn", threshold });
    expect(moved.body).toMatchObject({ model_version: 2, threshold: model.threshold, contamination: 0.1 });
    const { thresholdSpec } = model;
    expect(moved.body["threshold_spec"]).toEqual(thresholdSpec);
    expect((await get(`/api/detectors/${id}`)).body["threshold_spec"]).toEqual(thresholdSpec);
    const after = await scoresOf(id);
    expect([after.scores, after.ranks]).toEqual([before.scores, before.ranks]);
    expect(after.anomalyCount).toBe(model.predict(rows).labels.reduce((sum, label) => sum + label, 0));
    expect((await get(`/api/detectors/${id}/model`)).bytes.equals(model.save())).toBe(true);
    const [version] = await versionsOf(id);
    expect(version).toMatchObject({ origin: "threshold", based_on: 1, is_live: true, training_summary: { row_count: 200 } });
  });

  it("may be a score, and the version before can be made live again", async () => {
    const id = await trainedDetector(service);
    const before = await scoresOf(id);
    const moved = await put(`/api/detectors/${id}/threshold`, { value: 0.99 });
    expect(moved.body).toMatchObject({ threshold: 0.99, threshold_spec: { method: "fixed", value: 0.99 } });
    expect((await scoresOf(id)).anomalyCount).toBe(0);
    const restored = await post(`/api/detectors/${id}/versions/1/activate`);
    expect(restored.body["threshold_spec"]).toEqual({ method: "contamination", contamination: 0.1 });
    expect(await scoresOf(id)).toEqual(before);
  });

  it("is told as it is made, not as the settings for the next training are", async () => {
    const created = (await post("/api/detectors", { name: "told", contamination: 0.2 })).body;
    const id = String(created["id"]);
    expect([created["contamination"], created["threshold_spec"]]).toEqual([0.2, null]);
    await post("/api/detection/train", { detector_id: id, data: someRows(80) });
    await service.ask(`PATCH /api/detectors/${id}`, { json: { contamination: 0.3 } });
    const told = { contamination: 0.3, threshold_spec: { method: "contamination", contamination: 0.2 } };
    expect((await get(`/api/detectors/${id}`)).body).toMatchObject(told);
    const listed = (await get("/api/detectors?limit=100")).body["items"] as readonly { id: string }[];
    expect(listed.find((detector) => detector.id === id)).toMatchObject(told);
    const several = (await get("/api/detectors?limit=100&algorithm_name=isolation-forest,knn")).body["items"];
    expect((several as readonly { id: string }[]).find((detector) => detector.id === id)).toMatchObject(told);
  });

  it("is refused when the method is none, its parameter out of range, the ETag out of date, or there is no model", async () => {
    const id = await trainedDetector(service);
    expect(problem(await put(`/api/detectors/${id}/threshold`, { contamination: 0.9 }))).toEqual([400, "PARAM", "contamination"]);
    expect((await put(`/api/detectors/${id}/threshold`, { method: "none" })).status).toBe(400);
    expect((await put(`/api/detectors/${id}/threshold`, {})).status).toBe(400);
    expect(problem(await put(`/api/detectors/${id}/threshold`, { value: 1 }, { "if-match": '"old"' }))).toEqual([
      412,
      "CONFLICT",
      "if-match",
    ]);
    const { body } = await post("/api/detectors", { name: "new" });
    expect(problem(await put(`/api/detectors/${String(body["id"])}/threshold`, { value: 1 }))).toEqual([
      409,
      "CONFLICT",
      "detector_id",
    ]);
    expect((await get(`/api/detectors/${id}`)).body["model_version"]).toBe(1);
  });
});

describe("a detector that learns further", () => {
  const learner = () => trainedDetector(service, { algorithm_name: "half-space-trees", hyperparameters: { window_size: 50 } });
  const more = Array.from({ length: 120 }, (_, i) => ({ x: Math.sin(i) * 0.1, y: Math.cos(i) * 0.1 }));
  const columns = { x: more.map(({ x }) => x), y: more.map(({ y }) => y) };

  it.each<[string, (id: string) => Promise<Reply>]>([
    ["objects", (id) => post("/api/detection/update", { detector_id: id, data: more })],
    [
      "arrays",
      (id) => post("/api/detection/update", { detector_id: id, data: more.map(({ x, y }) => [x, y]), columns: ["x", "y"] }),
    ],
    ["columns", (id) => post("/detection/update", { detector_id: id, data: columns })],
    [
      "a body that a worker reads",
      (id) => post("/api/detection/update", { detector_id: id, data: more.map((row) => ({ ...row, note: "x".repeat(3000) })) }),
    ],
    [
      "Arrow",
      (id) =>
        service.ask(`POST /api/detection/update?detector_id=${id}`, {
          bytes: tableToIPC(tableFromArrays({ x: Float64Array.from(columns.x), y: Float64Array.from(columns.y) }), "stream"),
          headers: { "content-type": "application/vnd.apache.arrow.stream" },
        }),
    ],
    [
      "a data set",
      async (id) => {
        const { body } = await post("/api/datasets", { name: "more", data: more });
        return post("/api/detection/update", { detector_id: id, dataset_id: body["id"] });
      },
    ],
  ])("has the scores that the library's model has after the same rows, as %s", async (_form, send) => {
    const id = await learner();
    const model = await modelOf(id);
    model.update(more);
    const answer = await send(id);
    expect(answer.status, answer.bytes.toString()).toBe(200);
    expect(answer.body).toMatchObject({ model_version: 2, based_on: 1, n_samples: 120, threshold: model.threshold });
    expect((await scoresOf(id)).scores).toEqual([...model.score(rows)]);
    expect((await get(`/api/detectors/${id}/model`)).bytes.equals(model.save())).toBe(true);
    expect((await versionsOf(id))[0]).toMatchObject({ origin: "updated", based_on: 1 });
  });

  it("learns by a job from a data set, once", async () => {
    const id = await learner();
    const model = await modelOf(id);
    model.update(more);
    const { body } = await post("/api/datasets", { name: "more", data: more });
    const accepted = await post("/api/detection/update", { detector_id: id, dataset_id: body["id"], background: true });
    expect(accepted.status).toBe(202);
    const job = () => get(`/api/jobs/${String(accepted.body["job_id"])}`);
    await eventually("the job ends", async () => (await job()).body["status"] === "succeeded");
    expect((await job()).body["result"]).toMatchObject({ model_version: 2, n_samples: 120 });
    expect((await scoresOf(id)).scores).toEqual([...model.score(rows)]);
  });

  it("loses no update of many at once: each that is taken builds upon the one before", async () => {
    const id = await learner();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => post("/api/detection/update", { detector_id: id, data: more.slice(i, i + 1 + i) })),
    );
    const taken = answers.flatMap(({ status, body }, i) => (status === 200 ? [{ i, body }] : []));
    const refused = answers.filter(({ status }) => status !== 200);
    for (const answer of refused) expect(problem(answer)).toEqual([409, "CONFLICT", "model_version"]);
    expect(taken.length).toBeGreaterThan(1);
    const inOrder = taken.toSorted((a, b) => Number(a.body["model_version"]) - Number(b.body["model_version"]));
    expect(inOrder.map(({ body }) => body["based_on"])).toEqual(inOrder.map((_, at) => at + 1));
    const model = await modelOf(id, "?version=1");
    for (const { i } of inOrder) model.update(more.slice(i, i + 1 + i));
    expect((await get(`/api/detectors/${id}/model`)).bytes.equals(model.save())).toBe(true);
  });

  it("learns once from a request that is sent again under its key", async () => {
    const id = await learner();
    const headers = { "idempotency-key": `update-${id}` };
    const [first, again] = [
      await post("/api/detection/update", { detector_id: id, data: more }, headers),
      await post("/api/detection/update", { detector_id: id, data: more }, headers),
    ];
    expect(again.body).toEqual(first.body);
    expect(await versionsOf(id)).toHaveLength(2);
  });

  it("is told from others, which are refused before their rows are read; rows that do not fit change nothing", async () => {
    const forest = await trainedDetector(service);
    const refused = await post("/api/detection/update", { detector_id: forest, data: more });
    expect(problem(refused)).toEqual([422, "UNSUPPORTED", "detector_id"]);
    expect(refused.body["detail"]).toContain("half-space-trees");
    const id = await learner();
    expect(problem(await post("/api/detection/update", { detector_id: id, data: [{ x: 1 }] }))).toEqual([422, "COLUMN", "y"]);
    const bad = await post("/api/detection/update", { detector_id: id, data: [...more, { x: null, y: 1 }] });
    expect([bad.status, bad.body["code"], bad.body["row_index"]]).toEqual([422, "COLUMN", 120]);
    expect(problem(await post("/api/detection/update", { detector_id: absent, data: more }))).toEqual([
      404,
      "NOT_FOUND",
      "detector_id",
    ]);
    expect(await versionsOf(id)).toHaveLength(1);
  });
});
