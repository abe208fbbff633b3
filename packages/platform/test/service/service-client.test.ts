import { execFile } from "node:child_process";
import { mkdtempSync, openAsBlob, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { brotliCompressSync } from "node:zlib";
import { tableFromArrays, tableFromIPC, tableToIPC } from "apache-arrow";
import { build } from "esbuild";
import { type Client, createClient, isJob, type Job, ServiceError } from "nomaly/client";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../../../detect/test-support/browser.ts";
import {
  cuts,
  forwards,
  forwardsAndCuts,
  type ScriptedServer,
  startScriptedServer,
} from "../../test-support/servers/scripted-server.ts";
import { makeDataFolder, type ServiceProcess, startService } from "../../test-support/servers/service-process.ts";

const root = resolve(import.meta.dirname, "../../../..");
const cars = join(root, "fixtures/cars.csv");
const entry = join(root, "packages/platform/src/client/index.ts");
const folder = makeDataFolder();
let service: ServiceProcess;
let client: Client;

beforeAll(async () => {
  service = await startService({ dataFolder: folder.path });
  client = createClient({ url: service.url });
});

afterAll(async () => {
  await service.end("SIGTERM");
  await folder.remove();
});

async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const uploadCars = async (name = "cars") => client.datasets.upload(await openAsBlob(cars), { name, fileName: "cars.csv" });

async function trainedOnCars() {
  const { id } = await uploadCars();
  const detector = await client.detectors.create({ name: "cars", contamination: 0.05, options: { seed: 7 } });
  const trained = await client.train({ detector_id: detector.id, dataset_id: id });
  if (isJob(trained)) throw new Error("392 rows are trained on at once");
  return { datasetId: id, detectorId: detector.id, trained };
}

async function errorOf(work: Promise<unknown>): Promise<ServiceError> {
  const error: unknown = await work.catch((caught: unknown) => caught);
  if (error instanceof ServiceError) return error;
  throw new Error(`no ServiceError came, but ${String(error)}`);
}

describe("the client on a running service", () => {
  it("uploads a file, reads it back by page, row and profile, and removes it", async () => {
    const dataset = await uploadCars("to be removed");
    expect(dataset).toMatchObject({ name: "to be removed", file_format: "csv", n_samples: 392, n_features: 9 });
    expect(await client.datasets.get(dataset.id)).toEqual(dataset);
    const { rows } = await client.datasets.rows(dataset.id, { offset: 390, limit: 10 });
    expect(rows).toHaveLength(2);
    const profile = await client.datasets.profile(dataset.id);
    expect(profile.columns.map(({ name }) => name)).toContain("horsepower");
    await client.datasets.remove(dataset.id);
    expect(await errorOf(client.datasets.get(dataset.id))).toMatchObject({ code: "NOT_FOUND", status: 404 });
  });

  it("walks a list over its pages, each thing once", async () => {
    const made = await Promise.all(
      [1, 2, 3, 4, 5].map((n) => client.detectors.create({ name: `page ${n}`, algorithm_name: "knn" })),
    );
    const listed = await collected(client.detectors.list({ algorithm_name: "knn" }, { pageSize: 2 }));
    expect(listed.map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
  });

  it("trains, predicts, explains, and takes numbers as one array", async () => {
    const { datasetId, detectorId, trained } = await trainedOnCars();
    expect(trained).toMatchObject({ detector_id: detectorId, model_version: 1, n_samples: 392 });
    const { rows } = await client.datasets.rows(datasetId, { limit: 3 });
    const predicted = await client.predict({ detector_id: detectorId, data: rows });
    expect(predicted.predictions).toHaveLength(3);
    const { rows: odd } = await client.explain({ detector_id: detectorId, dataset_id: datasetId, top: 2 });
    expect(odd.map(({ reasons }) => reasons[0].column)).toHaveLength(2);
    const numbers = { columns: ["x", "y"], data: Float64Array.from({ length: 200 }, (_, index) => (index * 37) % 101) };
    const { id } = await client.detectors.create({ name: "numbers" });
    await client.train({ detector_id: id, ...numbers });
    const scored = await client.predict({ detector_id: id, ...numbers });
    expect(scored.n_samples).toBe(100);
    const versions = await collected(client.detectors.versions(id));
    expect(versions).toMatchObject([{ model_version: 1, is_live: true }]);
    expect(versions[0].training_summary).toMatchObject({ row_count: 100, fit_ms: expect.any(Number), score_quantiles: {} });
    expect(JSON.stringify(versions[0].training_summary)).not.toMatch(/"[a-z]+[A-Z]\w*":/);
  });

  it("sends and gets Arrow, with the scores that JSON gives", async () => {
    const { id } = await client.detectors.create({ name: "arrow" });
    const columns = {
      x: Float64Array.from({ length: 60 }, (_, row) => row % 7),
      y: Float64Array.from({ length: 60 }, (_, row) => (row * 5) % 11),
    };
    const stream = new Uint8Array(tableToIPC(tableFromArrays(columns), "stream"));
    expect(await client.trainArrow({ detector_id: id, data: stream })).toMatchObject({ n_samples: 60, columns: ["x", "y"] });
    const answer = await client.predictArrow({ detector_id: id, data: stream });
    const scores = [...(tableFromIPC(answer.data).getChild("anomaly_score") ?? [])];
    const { predictions, threshold } = await client.predict({ detector_id: id, data: { x: [...columns.x], y: [...columns.y] } });
    expect(answer).toMatchObject({ model_version: 1, threshold });
    expect(scores).toEqual(predictions.map(({ anomaly_score: score }) => score));
  });

  it("compares detectors and evaluates one against known anomalies", async () => {
    const rows = [...Array.from({ length: 60 }, (_, row) => ({ x: row % 7, y: (row * 5) % 11 })), { x: 90, y: -40 }];
    const labels = rows.map(({ x }) => (x > 50 ? 1 : 0));
    const ids = await Promise.all(
      ["isolation-forest", "knn"].map(async (algorithm_name) => {
        const { id } = await client.detectors.create({ name: algorithm_name, algorithm_name });
        await client.train({ detector_id: id, data: rows });
        return id;
      }),
    );
    expect(await client.evaluate({ detector_id: ids[0], data: rows, labels })).toMatchObject({ roc_auc: 1 });
    const { detectors, agreement } = await client.compare({ detector_ids: ids, data: rows, labels });
    expect(Object.keys(detectors).sort()).toEqual([...ids].sort());
    expect(agreement).toHaveLength(1);
    const unknown = "01890000-0000-7000-8000-000000000000";
    const { results } = await client.batch({ detector_ids: [ids[0], unknown], data: rows });
    expect(results[ids[0]]).toMatchObject({ n_samples: 61 });
    expect(results[unknown]).toMatchObject({ error: { code: "NOT_FOUND" } });
  });

  it("follows a job to its end, and finds it in the list", async () => {
    const { datasetId, detectorId } = await trainedOnCars();
    const { job_id: id } = await client.train({ detector_id: detectorId, dataset_id: datasetId, background: true });
    const seen: Job["status"][] = [];
    const job = await client.jobs.wait(id, { onProgress: ({ status }) => seen.push(status) });
    expect(job).toMatchObject({ status: "succeeded", progress: 1, result: { model_version: 2 } });
    expect(seen.at(-1)).toBe("succeeded");
    expect((await collected(client.jobs.list({ detector_id: detectorId }))).map((one) => one.id)).toEqual([id]);
  });

  it("gives stored scores as a file", async () => {
    const { datasetId, detectorId } = await trainedOnCars();
    const scored = await client.predict({ detector_id: detectorId, dataset_id: datasetId });
    if (isJob(scored)) throw new Error("392 rows are scored at once");
    const resultId = scored.result_id ?? "";
    const csv = await (await client.results.file(resultId, "csv")).text();
    expect(csv.trim().split("\n")).toHaveLength(393);
    const parquet = await client.results.file(resultId, "parquet");
    expect(await parquet.slice(0, 4).text()).toBe("PAR1");
    expect(await collected(client.results.list({ detector_id: detectorId }))).toMatchObject([
      { id: resultId, dataset_id: datasetId },
    ]);
    await client.results.remove(resultId);
    expect(await errorOf(client.results.get(resultId))).toMatchObject({ code: "NOT_FOUND" });
  });

  it("changes a detector only when nobody was faster, if told its etag", async () => {
    const first = await client.detectors.create({ name: "first" });
    const second = await client.detectors.change(first.id, { name: "second" }, { etag: first.etag });
    expect(second.name).toBe("second");
    expect(await errorOf(client.detectors.change(first.id, { name: "third" }, { etag: first.etag }))).toMatchObject({
      code: "CONFLICT",
      field: "if-match",
    });
    expect(await client.detectors.setStatuses({ ids: [first.id], status: "disabled" })).toEqual({ updated: 1, unknown_ids: [] });
    await client.detectors.remove(first.id);
    expect(await errorOf(client.detectors.get(first.id))).toMatchObject({ code: "NOT_FOUND" });
  });

  it("lists algorithms, says how the service is and who changed what", async () => {
    const algorithms = await client.algorithms.list();
    expect(algorithms.map(({ id }) => id)).toContain("isolation-forest");
    const forest = await client.algorithms.get("isolation-forest");
    expect(forest.parameters.map(({ name }) => name)).toContain("n_estimators");
    expect(await client.health.isReady()).toBe(true);
    expect(await client.health.full()).toMatchObject({ status: "ok", database: { status: "ok" } });
    const { value } = await client.audit.list({ pageSize: 1 }).next();
    expect(value).toMatchObject({ actor: "local" });
  });

  it("says what is wrong with a request in the service's words", async () => {
    const { id } = await client.detectors.create({ name: "untrained" });
    const error = await errorOf(client.predict({ detector_id: id, data: [{ x: 1 }] }));
    expect(error).toMatchObject({ code: "CONFLICT", status: 409 });
    expect(error.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(error.message).toBe(`CONFLICT: ${error.detail}`);
  });
});

describe("when the answer is lost after the service did its work", () => {
  let between: ScriptedServer;

  async function through(...script: Parameters<typeof startScriptedServer>[0]): Promise<Client> {
    between = await startScriptedServer(script);
    return createClient({ url: between.url });
  }

  it("a detector, a data set, an upload and a model are made once", async () => {
    const twice = [forwardsAndCuts(service.url), cuts, forwards(service.url)];
    const made = async (make: (lossy: Client) => Promise<{ readonly id: string }>) => {
      const { id } = await make(await through(...twice));
      expect(between.received).toHaveLength(3);
      await between.close();
      return id;
    };
    const detectorId = await made((lossy) => lossy.detectors.create({ name: "made once" }));
    const detectors = await collected(client.detectors.list());
    expect(detectors.filter(({ name }) => name === "made once").map(({ id }) => id)).toEqual([detectorId]);
    const rows = Array.from({ length: 50 }, (_, row) => ({ x: row % 7, y: row % 5 }));
    const datasetId = await made((lossy) => lossy.datasets.create({ name: "rows made once", data: rows }));
    const file = await openAsBlob(cars);
    const uploadId = await made((lossy) => lossy.datasets.upload(file, { name: "file made once", fileName: "cars.csv" }));
    const datasets = await collected(client.datasets.list());
    expect(
      datasets
        .filter(({ name }) => /made once/.test(name))
        .map(({ id }) => id)
        .sort(),
    ).toEqual([datasetId, uploadId].sort());
    const lossy = await through(...twice);
    expect(await lossy.train({ detector_id: detectorId, data: rows })).toMatchObject({ model_version: 1 });
    await between.close();
    expect(await collected(client.detectors.versions(detectorId))).toHaveLength(1);
  });

  it("a job is queued once, a result stored once, a removal done once", async () => {
    const { datasetId, detectorId } = await trainedOnCars();
    const request = { detector_id: detectorId, dataset_id: datasetId };
    const once = [forwardsAndCuts(service.url), forwards(service.url)];
    const training = await (await through(...once)).train({ ...request, background: true });
    await between.close();
    await client.jobs.wait(training.job_id);
    expect(await collected(client.jobs.list({ detector_id: detectorId }))).toHaveLength(1);
    const scored = await (await through(...once)).predict(request);
    await between.close();
    expect(isJob(scored)).toBe(false);
    expect(await collected(client.results.list({ detector_id: detectorId }))).toHaveLength(1);
    await (await through(...once)).datasets.remove(datasetId);
    await between.close();
  });
});

describe("as a bundle", () => {
  const bundled = async (options: object) => {
    const result = await build({ entryPoints: [entry], bundle: true, minify: true, write: false, metafile: true, ...options });
    return { text: result.outputFiles[0].text, inputs: Object.keys(result.metafile.inputs) };
  };

  it("has no dependency and takes under 5 KB compressed", async () => {
    const { text, inputs } = await bundled({ format: "esm", platform: "neutral" });
    expect(inputs.filter((path) => !/src\/client\/[a-z/-]+\.ts$/.test(path))).toEqual([]);
    expect(brotliCompressSync(text).length).toBeLessThan(5 * 1024);
  });

  it("its declarations stand by themselves: no types of Node, of the server or of a schema library", async () => {
    const scratch = mkdtempSync(join(tmpdir(), "nomaly-client-"));
    try {
      const program = `import { createClient, type Predicted } from ${JSON.stringify(join(root, "packages/platform/dist/client/index.js"))};
export const predicted: Promise<Predicted> = createClient({ url: "http://x.test" }).predict({ detector_id: "1", data: [{ x: 1 }] });`;
      writeFileSync(join(scratch, "use.mts"), program);
      const compiler = join(root, "node_modules/typescript/bin/tsc");
      const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "--lib", "es2024,dom"];
      const files = ["--types", "", "--listFiles", join(scratch, "use.mts")];
      const { stdout } = await promisify(execFile)(process.execPath, [compiler, ...options, ...files], { cwd: scratch });
      const own = stdout.split("\n").filter((path) => path.includes("packages/") && !path.includes("node_modules/typescript"));
      expect(own.filter((path) => !path.includes("/dist/client/"))).toEqual([]);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });
});

const browser: Browser | undefined = await launchBrowser();
afterAll(() => browser?.close());

describe.skipIf(browser === undefined)("in a browser (needs Chromium)", () => {
  it("a page of the same server uploads, trains by a job and follows it, and gets errors by code", async () => {
    const page = await (browser as Browser).newPage({ bypassCSP: true });
    await page.goto(`${service.url}/health/live`);
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      format: "iife",
      globalName: "nomaly",
    });
    const program = `${outputFiles[0].text}
      (async (csv) => {
        const client = nomaly.createClient({ url: location.origin });
        const dataset = await client.datasets.upload(new File([csv], "cars.csv"));
        const detector = await client.detectors.create({ name: "from a page" });
        const { job_id } = await client.train({ detector_id: detector.id, dataset_id: dataset.id, background: true });
        const job = await client.jobs.wait(job_id);
        const error = await client.datasets.get("01890000-0000-7000-8000-000000000000").catch((caught) => caught);
        return [dataset.n_samples, detector.etag !== "", job.status, error instanceof nomaly.ServiceError, error.code];
      })(${JSON.stringify(readFileSync(cars, "utf8"))})`;
    expect(await page.evaluate(program)).toEqual([392, true, "succeeded", true, "NOT_FOUND"]);
  });
});
