import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { redisProgram, redisSkipReason, type RedisServer, startRedis } from "../../test-support/servers/redis.ts";
import {
  type DataFolder,
  makeDataFolder,
  type ServiceProcess,
  startService,
} from "../../test-support/servers/service-process.ts";

const cars = readFileSync(resolve(import.meta.dirname, "../../../../fixtures/cars.csv"));

interface Json {
  readonly [name: string]: unknown;
}

async function asked(url: string, init?: RequestInit): Promise<Json> {
  const response = await fetch(url, init);
  const text = await response.text();
  expect(response.status, text).toBeLessThan(300);
  return JSON.parse(text) as Json;
}

function posted(url: string, body: unknown): Promise<Json> {
  return asked(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

const withoutTime = ({ processing_time_ms: _time, cached: _cached, ...rest }: Json): Json => rest;

interface Place {
  readonly folder: DataFolder;
  readonly environment: Readonly<Record<string, string>>;
}

function uploadTrainPredict(place: () => Place): void {
  let service: ServiceProcess;
  const ids: { dataset?: string; detector?: string; result?: string } = {};
  let rows: Json[] = [];
  let before: Json = {};
  const restart = async () => {
    service = await startService({ dataFolder: place().folder.path, environment: place().environment });
  };
  const predict = (data = rows) => posted(`${service.url}/detection/predict`, { detector_id: ids.detector, data });

  beforeAll(restart);
  afterAll(async () => void (await service.end("SIGKILL")));

  it("stores an uploaded file and says what is in it", async () => {
    const form = new FormData();
    form.append("file", new Blob([cars]), "cars.csv");
    const dataset = await asked(`${service.url}/api/datasets`, { method: "POST", body: form });
    // As the file's own licence note counts them: 392 cars, nine columns.
    expect(dataset).toMatchObject({
      name: "cars.csv",
      file_format: "csv",
      n_samples: 392,
      n_features: 9,
      size_bytes: cars.length,
    });
    ids.dataset = String(dataset["id"]);
    const read = await asked(`${service.url}/api/datasets/${ids.dataset}/rows?limit=20`);
    rows = read["rows"] as Json[];
    expect(rows[0]).toMatchObject({ name: "chevrolet chevelle malibu", horsepower: 130 });
  });

  it("trains a detector on it", async () => {
    const detector = await posted(`${service.url}/api/detectors`, { name: "cars", algorithm_name: "isolation-forest" });
    ids.detector = String(detector["id"]);
    const trained = await posted(`${service.url}/detection/train`, { detector_id: ids.detector, dataset_id: ids.dataset });
    expect(trained).toMatchObject({ model_version: 1, n_samples: 392 });
    expect(trained["training_time_ms"]).toBeGreaterThan(0);
  });

  it("predicts for rows, and answers the same from the cache", async () => {
    before = await predict();
    expect(before["predictions"]).toHaveLength(20);
    const again = await predict();
    expect(again).toMatchObject({ cached: true });
    expect(withoutTime(again)).toEqual(withoutTime(before));
  });

  it("stores the scores of a whole data set and gives them back as a file", async () => {
    const scored = await posted(`${service.url}/detection/predict`, { detector_id: ids.detector, dataset_id: ids.dataset });
    ids.result = String(scored["result_id"]);
    // A tenth of the training rows lies above the threshold.
    expect(scored).toMatchObject({ n_samples: 392, n_anomalies: 40 });
    const csv = await (await fetch(`${service.url}/api/results/${ids.result}?format=csv`)).text();
    expect(csv.split("\n")[0]).toMatch(/anomaly_score,is_anomaly,rank$/);
    expect(csv.trim().split("\n")).toHaveLength(393);
  });

  it("predicts the same after it was killed and started again", async () => {
    expect(await service.end("SIGKILL")).toBe("SIGKILL");
    await restart();
    expect(withoutTime(await predict())).toEqual(withoutTime(before));
    // Rows that were not asked for together before: no cache has them, the model that was stored must answer.
    const computed = await predict(rows.slice(1));
    expect(computed).toMatchObject({ cached: false, model_version: 1 });
    expect(computed["predictions"]).toEqual((before["predictions"] as Json[]).slice(1));
    expect(await asked(`${service.url}/api/datasets/${ids.dataset}`)).toMatchObject({ n_samples: 392 });
    expect(await asked(`${service.url}/api/results/${ids.result}`)).toMatchObject({ detector_id: ids.detector });
  });

  it("trains by a job when asked to, and the detector answers with the new version", async () => {
    const job = await posted(`${service.url}/detection/train`, {
      detector_id: ids.detector,
      dataset_id: ids.dataset,
      background: true,
    });
    const events = await (await fetch(`${service.url}/api/jobs/${String(job["job_id"])}/events`)).text();
    expect(events).toMatch(/event: end\ndata: .*"status":"succeeded"/);
    expect(await predict()).toMatchObject({ model_version: 2 });
  });

  it("stops in order when it is told to", async () => {
    expect(await service.end("SIGTERM")).toBe(0);
    await restart();
    expect(await predict()).toMatchObject({ model_version: 2 });
  });
}

describe("the service on its embedded database", () => {
  const folder = makeDataFolder();
  afterAll(() => folder.remove());
  uploadTrainPredict(() => ({ folder, environment: {} }));
});

describe.skipIf(redisProgram === undefined)(`the service on PostgreSQL and Redis servers${redisSkipReason}`, () => {
  const folder = makeDataFolder();
  let database: TestDatabase;
  let redis: RedisServer;
  let environment: Record<string, string>;
  beforeAll(async () => {
    [database, redis] = await Promise.all([startTestDatabase(), startRedis()]);
    environment = { DATABASE_URL: await database.createDatabase(), REDIS_URL: redis.url };
  });
  afterAll(async () => {
    await Promise.all([database.stop(), redis.close()]);
    await folder.remove();
  });
  uploadTrainPredict(() => ({ folder, environment }));
});
