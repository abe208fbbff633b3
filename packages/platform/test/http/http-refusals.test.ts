import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Json,
  type Reply,
  someRows,
  startService,
  type TestService,
  trainedDetector,
} from "../../test-support/servers/service.ts";

const rows = someRows(40);

let service: TestService;
let detector: string;
let dataset: string;

beforeAll(async () => {
  const allowed = "hooks.example.com:8443,*.hooks.example.org,127.0.0.1:9+private+http";
  service = await startService({ http_allowed_hosts: allowed, train_inline_values: "100" });
  detector = await trainedDetector(service);
  const stored = await service.ask("POST /api/datasets", { json: { name: "rows", data: rows } });
  dataset = String(stored.body["id"]);
});
afterAll(() => service.close());

const post = (path: string, json: object) => service.ask(`POST ${path}`, { json });
const told = ({ status, body }: Reply) => [status, body["code"], body["field"]];

/** As JSON of more than is read on the thread that serves. */
const postLarge = (path: string, json: object) =>
  service.ask(`POST ${path}`, {
    bytes: JSON.stringify(json).replace("{", `{${" ".repeat(300_000)}`),
    headers: { "content-type": "application/json" },
  });

describe("rows and a data set in one request", () => {
  it.each(["/detection/predict", "/detection/train"])("are refused by %s however large the body is", async (path) => {
    const both = { detector_id: detector, data: rows, dataset_id: dataset };
    expect(told(await post(path, both))).toEqual([400, "REQUEST", "dataset_id"]);
    expect(told(await postLarge(path, both))).toEqual([400, "REQUEST", "dataset_id"]);
  });
});

describe("a webhook", () => {
  const asked = (url: string) => post("/detection/train", { detector_id: detector, dataset_id: dataset, webhook_url: url });

  it.each([
    "https://hooks.example.com:8443/done",
    "https://HOOKS.example.com:8443/done",
    "https://one.hooks.example.org/",
    "http://127.0.0.1:9/done",
  ])("may go to %s, which the settings allow", async (url) => {
    expect((await asked(url)).status).toBe(202);
  });

  it.each([
    "https://hooks.example.com/done",
    "http://hooks.example.com:8443/done",
    "https://hooks.example.org/",
    "ftp://hooks.example.com:8443/done",
    "https://me:secret@hooks.example.com:8443/done",
    "https://127.0.0.1/",
  ])("may not go to %s", async (url) => {
    expect(told(await asked(url))).toEqual([400, "REQUEST", "webhook_url"]);
  });

  it("must be a URL", async () => {
    expect(told(await asked("http://a:99999/"))).toEqual([400, "REQUEST", "webhook_url"]);
  });

  it("makes a job of work on a data set", async () => {
    const webhook = { dataset_id: dataset, webhook_url: "http://127.0.0.1:9/done" };
    const replies = [
      await post("/detection/train", { detector_id: detector, ...webhook }),
      await post("/detection/predict", { detector_id: detector, ...webhook }),
      await post("/api/detection/batch", { detector_ids: [detector], ...webhook }),
    ];
    expect(replies.map(({ status }) => status)).toEqual([202, 202, 202]);
  });
});

describe("what only jobs take", () => {
  it.each([
    ["/detection/train", () => ({ detector_id: detector })],
    ["/detection/predict", () => ({ detector_id: detector })],
    ["/api/detection/batch", () => ({ detector_ids: [detector] })],
  ] as const)("is refused by %s where no job is made", async (path, whose) => {
    const webhook = { webhook_url: "http://127.0.0.1:9/done" };
    const ofRows = { ...whose(), data: rows };
    expect(told(await post(path, { ...ofRows, background: true }))).toEqual([400, "REQUEST", "background"]);
    expect(told(await post(path, { ...ofRows, ...webhook }))).toEqual([400, "REQUEST", "webhook_url"]);
    const atOnce = { ...whose(), dataset_id: dataset, background: false, ...webhook };
    expect(told(await post(path, atOnce))).toEqual([400, "REQUEST", "webhook_url"]);
  });

  it.each(["/detection/train", "/detection/predict"])("is refused by %s in a large body", async (path) => {
    const ofRows = { detector_id: detector, data: rows };
    expect(told(await postLarge(path, { ...ofRows, background: true }))).toEqual([400, "REQUEST", "background"]);
    const webhook = { webhook_url: "http://127.0.0.1:9/done" };
    expect(told(await postLarge(path, { ...ofRows, ...webhook }))).toEqual([400, "REQUEST", "webhook_url"]);
  });
});

describe("judging a data set", () => {
  const tooLarge = [413, "TOO_LARGE", "dataset_id"];

  it("is done at once up to the size that a training may have, and refused beyond", async () => {
    const labels = rows.map((_, index) => (index === 39 ? 1 : 0));
    const small = { detector_id: detector, dataset_id: dataset };
    expect((await post("/api/detection/explain", small)).status).toBe(200);
    expect((await post("/api/detection/evaluate", { ...small, labels })).status).toBe(200);
    const stored = await post("/api/datasets", { name: "more rows", data: someRows(51) });
    const large = { detector_id: detector, dataset_id: stored.body["id"] };
    const refused = await post("/api/detection/explain", large);
    expect(told(refused)).toEqual(tooLarge);
    expect(refused.body["detail"]).toMatch(/sample/);
    expect(told(await post("/api/detection/evaluate", { ...large, label_column: "x" }))).toEqual(tooLarge);
  });

  it("counts for each of the detectors that are compared", async () => {
    const other = await trainedDetector(service);
    const two = { detector_ids: [detector, other] };
    expect(told(await post("/api/detection/compare", { ...two, dataset_id: dataset }))).toEqual(tooLarge);
    const stored = await post("/api/datasets", { name: "fewer rows", data: someRows(25) });
    expect((await post("/api/detection/compare", { ...two, dataset_id: stored.body["id"] })).status).toBe(200);
  });
});

describe("detectors of several algorithms", () => {
  it("come in pages, newest first", async () => {
    const names = ["knn", "hbos", "knn", "ecod", "hbos"];
    const made: string[] = [];
    for (const algorithm_name of names) {
      made.unshift(String((await post("/api/detectors", { name: "listed", algorithm_name })).body["id"]));
    }
    const seen: string[] = [];
    let next: string | null = "";
    while (next !== null && seen.length < 20) {
      const { body }: Reply = await service.ask(`GET /api/detectors?algorithm_name=knn,hbos,ecod&limit=2${next}`);
      const items = body["items"] as readonly Json[];
      expect(items.length).toBeLessThanOrEqual(2);
      seen.push(...items.map((item) => String(item["id"])));
      next = body["next_cursor"] === null ? null : `&cursor=${body["next_cursor"] as string}`;
    }
    expect(seen).toEqual(made);
  });
});
