import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type OpenContext, openContext, someCall } from "../../../test-support/servers/open-context.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { addDetector } from "../../../test-support/servers/store.ts";
import type { ModelSummary } from "../../compute/work.ts";
import { newId } from "../../ids/ids.ts";
import { dueBlobRemovals } from "../../store/tables/blob-removals.ts";
import { insertDataset, deleteDataset } from "../../store/tables/datasets.ts";
import { deleteDetector, updateDetector } from "../../store/tables/detectors.ts";
import { insertVersion, listVersions } from "../../store/tables/model-versions.ts";
import { deleteResult, insertResult } from "../../store/tables/results.ts";
import { maintain } from "../../store/schema/maintain.ts";
import { createDataset } from "../datasets/datasets.ts";
import { storeLive } from "../detectors/new-version.ts";
import { removeOldVersions } from "./maintenance.ts";
import { usage } from "./usage.ts";

let server: TestDatabase;
let open: OpenContext;
beforeAll(async () => void (server = await startTestDatabase()));
afterAll(() => server.stop());
beforeEach(async () => void (open = await openContext(await server.createDatabase(), { versions_kept: "2" })));
afterEach(() => open.close());

const { signal } = new AbortController();

async function addVersion(detectorId: string, sizeBytes = 10): Promise<number> {
  const { database } = open.context;
  const own = { id: newId(), detectorId, datasetId: null, jobId: null, checksum: "c", trainingSummary: {} };
  const { row } = await database.transaction((sql) =>
    insertVersion(sql, { ...own, content: { blobKey: `model-${own.id}` }, sizeBytes }),
  );
  await database.transaction((sql) => updateDetector(sql, detectorId, { modelVersion: row.version, isFitted: true }));
  return row.version;
}

const addResult = async (detectorId: string, sizeBytes: number, time?: number): Promise<string> => {
  const id = newId(time);
  const own = {
    id,
    detectorId,
    datasetId: null,
    modelVersion: 1,
    jobId: null,
    summary: {},
    content: { blobKey: `result-${id}` },
  };
  await open.context.database.transaction((sql) => insertResult(sql, { ...own, sizeBytes }));
  return id;
};

const addDataset = async (sizeBytes: number): Promise<string> => {
  const id = newId();
  const own = { id, name: "d", fileFormat: "csv", nSamples: 1, nFeatures: 1, checksum: "c", columns: [], blobKey: id } as const;
  await insertDataset(open.context.database, { ...own, sizeBytes });
  return id;
};

describe("what is stored", () => {
  it("is counted when it is added and when it is removed, also with its detector", async () => {
    const { context } = open;
    const { database } = context;
    const detectorId = await addDetector(database);
    const dataset = await addDataset(1000);
    await addVersion(detectorId, 200);
    const result = await addResult(detectorId, 30);
    await addResult(detectorId, 4);
    expect(await usage(context)).toMatchObject({
      used_bytes: 1234,
      datasets: { count: 1, size_bytes: 1000 },
      model_versions: { count: 1, size_bytes: 200 },
      results: { count: 2, size_bytes: 34 },
      largest_datasets: [{ id: dataset, size_bytes: 1000 }],
      largest_detectors: [{ id: detectorId, size_bytes: 200, n_versions: 1 }],
    });
    await database.transaction((sql) => deleteResult(sql, result));
    expect((await usage(context)).used_bytes).toBe(1204);
    await database.transaction((sql) => deleteDetector(sql, detectorId));
    await database.transaction((sql) => deleteDataset(sql, dataset));
    const nothing = { count: 0, size_bytes: 0 };
    expect(await usage(context)).toMatchObject({ used_bytes: 0, datasets: nothing, model_versions: nothing, results: nothing });
  });

  it("is counted right when results leave by their age, as rows and with their month", async () => {
    const { context } = open;
    const detectorId = await addDetector(context.database);
    await maintain({ url: context.databaseUrl, resultRetentionDays: 36_500, now: new Date("2031-05-10T00:00:00Z") });
    await addResult(detectorId, 1, Date.UTC(2031, 4, 10));
    await addResult(detectorId, 20, Date.UTC(2031, 6, 1));
    await addResult(detectorId, 300, Date.UTC(2031, 6, 30));
    const now = new Date("2031-07-31T00:00:00Z");
    const outcome = await maintain({ url: context.databaseUrl, resultRetentionDays: 10, now });
    expect(outcome).toMatchObject({ droppedPartitions: expect.arrayContaining(["detection_results_2031_05"]), deletedRows: 1 });
    expect((await usage(context)).results).toEqual({ count: 1, size_bytes: 300 });
  });

  it("refuses more than the quota: models and results count as data sets do", async () => {
    const { context } = open;
    const detectorId = await addDetector(context.database);
    await addVersion(detectorId, 500);
    await addResult(detectorId, 490);
    // Two rows of eight bytes: {"x":1} and the end of the line.
    const store = (quotaBytes: number) => {
      const config = { ...context.config, quotaBytes };
      return createDataset({ ...context, config }, someCall(), { name: "d", data: [{ x: 1 }, { x: 2 }] });
    };
    await expect(store(990 + 15)).rejects.toMatchObject({ code: "QUOTA", field: "quota_bytes" });
    expect((await store(990 + 16)).value.size_bytes).toBe(16);
  });

  it("refuses a model that is made without training when it would pass the quota", async () => {
    const { context } = open;
    const detectorId = await addDetector(context.database);
    const usedBytes = (await usage(context)).used_bytes;
    const summary = { sizeBytes: 50, threshold: 0.5 } as ModelSummary;
    const content = { fileBytes: new Uint8Array(50) };
    const made = { summary, content, checksum: "c", origin: "imported", isForeign: true } as const;
    const store = (quotaBytes: number) => context.database.transaction((sql) => storeLive(sql, detectorId, made, { quotaBytes }));
    await expect(store(usedBytes + 49)).rejects.toMatchObject({ code: "QUOTA" });
    expect((await store(usedBytes + 50)).row.version).toBe(1);
  });
});

describe("old versions", () => {
  const versionsOf = async (detectorId: string) =>
    (await listVersions(open.context.database, detectorId, { limit: 100 })).map(({ version }) => version);
  const age = (seconds: number) =>
    open.context.database.query(
      `update model_versions set created_at = created_at - make_interval(secs => $1), retired_at = retired_at - make_interval(secs => $1)`,
      [seconds],
    );

  it("are removed beyond the last ones, never the live one, with their blobs scheduled", async () => {
    const { context } = open;
    const detectorId = await addDetector(context.database);
    const other = await addDetector(context.database);
    for (let count = 0; count < 5; count++) await addVersion(detectorId);
    await addVersion(other);
    await addVersion(other);
    await context.database.transaction((sql) => updateDetector(sql, detectorId, { modelVersion: 2 }));
    await age(3601);
    expect(await removeOldVersions(context, signal)).toBe(2);
    expect([await versionsOf(detectorId), await versionsOf(other)]).toEqual([
      [5, 4, 2],
      [2, 1],
    ]);
    expect(await dueBlobRemovals(context.database, 0, 100)).toHaveLength(2);
    expect(await removeOldVersions(context, signal)).toBe(0);
  });

  it("stay for an hour after they were live", async () => {
    const { context } = open;
    const detectorId = await addDetector(context.database);
    for (let count = 0; count < 3; count++) await addVersion(detectorId);
    await context.database.transaction((sql) => updateDetector(sql, detectorId, { modelVersion: 1 }));
    await age(7200);
    await context.database.transaction((sql) => updateDetector(sql, detectorId, { modelVersion: 3 }));
    expect(await removeOldVersions(context, signal)).toBe(0);
    await age(3601);
    expect(await removeOldVersions(context, signal)).toBe(1);
    expect(await versionsOf(detectorId)).toEqual([3, 2]);
  });

  it("stay while a job works with the detector", async () => {
    const { context } = open;
    const detectorId = await addDetector(context.database);
    for (let count = 0; count < 3; count++) await addVersion(detectorId);
    await age(3601);
    const asked = { dataset_id: newId(), actor: "test", request_id: "test" };
    const job = await context.database.transaction((sql) =>
      context.queue.enqueue(sql, "batch", { ...asked, detector_ids: [newId(), detectorId] }),
    );
    await context.database.query("update pgboss.job set state = 'active' where id = $1", [job]);
    expect(await removeOldVersions(context, signal)).toBe(0);
    await context.database.query("update pgboss.job set state = 'completed' where id = $1", [job]);
    expect(await removeOldVersions(context, signal)).toBe(1);
  });
});
