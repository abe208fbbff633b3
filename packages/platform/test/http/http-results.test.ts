import { readdirSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { tableFromIPC } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startService, type TestService, trainedDetector } from "../../test-support/servers/service.ts";

/** Enough for several pieces of an answer in every format. */
const rowCount = 120_000;
let service: TestService;
let result: string;

beforeAll(async () => {
  service = await startService();
  const detector = await trainedDetector(service, { options: { seed: 1 } });
  const lines = Array.from({ length: rowCount }, (_, row) => `${row % 50},${(row % 7) / 2},"text ${row}"`);
  const form = new FormData();
  form.append("file", new Blob([["x,y,t", ...lines].join("\n")]), "many.csv");
  const stored = await service.ask("POST /api/datasets", { form });
  const json = { detector_id: detector, dataset_id: stored.body["id"] };
  const scored = await service.ask("POST /api/detection/predict", { json });
  result = String(scored.body["result_id"]);
});
afterAll(() => service.close());

const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith("nomaly-result-"));
const fetched = async (format: string) => (await service.ask(`GET /api/results/${result}?format=${format}`)).bytes;

describe("a large result", () => {
  it("has the same rows in every format", async () => {
    const arrow = tableFromIPC(await fetched("arrow"));
    const csv = (await fetched("csv")).toString().trimEnd().split("\n");
    const ndjson = (await fetched("ndjson")).toString().trimEnd().split("\n");
    expect([arrow.numRows, csv.length - 1, ndjson.length]).toEqual([rowCount, rowCount, rowCount]);
    expect(csv[0]).toBe("x,y,t,anomaly_score,is_anomaly,rank");
    for (const row of [0, 1, 65_536, rowCount - 1]) {
      const { x, y, t, anomaly_score: score } = JSON.parse(ndjson[row]) as Readonly<Record<string, unknown>>;
      expect([x, y, t]).toEqual([row % 50, (row % 7) / 2, `text ${row}`]);
      expect(csv[row + 1].split(",").slice(0, 4)).toEqual([String(x), expect.stringMatching(/^\d/), t, String(score)]);
      expect([arrow.get(row)?.["t"], arrow.get(row)?.["anomaly_score"]]).toEqual([t, score]);
    }
  });

  it("leaves nothing behind when it was sent, and when its client goes away", async () => {
    await fetched("csv");
    await vi.waitUntil(() => folders().length === 0, { timeout: 20_000, interval: 20 });
    for (const format of ["csv", "ndjson", "arrow", "parquet"]) {
      await new Promise<void>((left, failed) => {
        const asking = get(`${service.url}/api/results/${result}?format=${format}`, (answer) => {
          answer.once("data", () => {
            answer.destroy();
            left();
          });
        });
        asking.once("error", failed);
      });
    }
    await vi.waitUntil(() => folders().length === 0, { timeout: 20_000, interval: 20 });
    expect((await service.ask("GET /health/ready")).status).toBe(200);
  });

  it("is sent to others while slow clients read nothing", async () => {
    const slow = await Promise.all(
      Array.from(
        { length: 5 },
        () =>
          new Promise<() => void>((opened, failed) => {
            const asking = get(`${service.url}/api/results/${result}?format=csv`, (answer) => {
              answer.pause();
              opened(() => answer.destroy());
            });
            asking.once("error", failed);
          }),
      ),
    );
    expect((await fetched("csv")).toString().trimEnd().split("\n")).toHaveLength(rowCount + 1);
    for (const leave of slow) leave();
    await vi.waitUntil(() => folders().length === 0, { timeout: 20_000, interval: 20 });
  });
});
