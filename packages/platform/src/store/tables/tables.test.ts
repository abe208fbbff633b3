import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { addDetector, openTestStore } from "../../../test-support/servers/store.ts";
import { apiKeyById, apiKeyUsed, insertApiKey, listApiKeys, revokeApiKey } from "./api-keys.ts";
import { insertAuditEntry, listAuditEntries } from "./audit-log.ts";
import { blobRemovalsDone, dueBlobRemovals, scheduleBlobRemovals } from "./blob-removals.ts";
import { announce, invalidationsDone, takeInvalidations } from "./cache-invalidations.ts";
import { datasetById, deleteDataset, insertDataset, listDatasets, type NewDataset } from "./datasets.ts";
import { lockedTotalBytes } from "./stored-bytes.ts";
import { updateDetector } from "./detectors.ts";
import { claimKey, deleteOldKeys, earlierResponse, storeResponse } from "./idempotency.ts";
import { idTime, newId } from "../../ids/ids.ts";
import {
  insertVersion,
  listVersions,
  liveVersion,
  type NewModelVersion,
  storedModel,
  versionByNumber,
} from "./model-versions.ts";
import type { OpenDatabase } from "../postgres/open-database.ts";
import { deleteResult, insertResult, listResults, type NewResult, resultById, resultBytes } from "./results.ts";

let server: TestDatabase;
let database: OpenDatabase;
beforeAll(async () => {
  server = await startTestDatabase();
  ({ database } = await openTestStore(server));
});
afterAll(async () => {
  await database.close();
  await server.stop();
});

function dataset(changes: Partial<NewDataset> = {}): NewDataset {
  const id = newId();
  const columns = [{ name: "a", type: "number" }];
  const own = { name: "pumps", nSamples: 10, nFeatures: 1, sizeBytes: 100, checksum: "c" };
  return { id, fileFormat: "csv", columns, blobKey: `datasets/${id}`, ...own, ...changes };
}

function version(detectorId: string, changes: Partial<NewModelVersion> = {}): NewModelVersion {
  const content = { fileBytes: new Uint8Array([1, 2, 3]) };
  return {
    id: newId(),
    detectorId,
    datasetId: null,
    jobId: null,
    content,
    sizeBytes: 3,
    checksum: "c",
    trainingSummary: {},
    ...changes,
  };
}

function result(detectorId: string, changes: Partial<NewResult> = {}): NewResult {
  const content = { fileBytes: new Uint8Array([9]) };
  return {
    id: newId(),
    detectorId,
    datasetId: null,
    modelVersion: 1,
    jobId: null,
    summary: { anomalies: 2 },
    content,
    sizeBytes: 1,
    ...changes,
  };
}

describe("model versions", () => {
  const insert = (one: NewModelVersion) => database.transaction((sql) => insertVersion(sql, one));

  it("of one detector get numbers without gap or double when many trainings end at once", async () => {
    const id = await addDetector(database);
    const made = await Promise.all(Array.from({ length: 10 }, () => insert(version(id))));
    expect(made.map(({ row }) => row.version).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect((await listVersions(database, id, { limit: 3, before: 9 })).map((row) => row.version)).toEqual([8, 7, 6]);
  });

  it("of one job are one, however often it is tried", async () => {
    const id = await addDetector(database);
    const jobId = newId();
    const made = await Promise.all(Array.from({ length: 4 }, () => insert(version(id, { jobId }))));
    expect(new Set(made.map(({ row }) => row.id)).size).toBe(1);
    expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await listVersions(database, id, { limit: 10 })).toHaveLength(1);
  });

  it("give their bytes back, and the live one is the one the detector names", async () => {
    const id = await addDetector(database);
    expect(await liveVersion(database, id)).toBeUndefined();
    await insert(version(id, { content: { fileBytes: new Uint8Array([1]) } }));
    const second = await insert(version(id, { content: { fileBytes: new Uint8Array([2]) } }));
    await insert(version(id, { content: { blobKey: "models/3" } }));
    await database.transaction((sql) => updateDetector(sql, id, { modelVersion: 2 }));
    const live = await liveVersion(database, id);
    expect(live).toEqual(second.row);
    expect([...((await storedModel(database, second.row.id))?.fileBytes ?? [])]).toEqual([2]);
    expect(await versionByNumber(database, id, 2)).toEqual(second.row);
    expect(await versionByNumber(database, id, 4)).toBeUndefined();
    const [newest] = await listVersions(database, id, { limit: 1 });
    expect(newest.blobKey).toBe("models/3");
    expect(await storedModel(database, newest.id)).toEqual({ fileBytes: null, blobKey: "models/3", isForeign: false });
    expect(await storedModel(database, newId())).toBeUndefined();
  });

  it("of a detector that is gone are refused", async () => {
    await expect(insert(version(newId()))).rejects.toMatchObject({ code: "NOT_FOUND", field: "detector_id" });
  });
});

describe("data sets", () => {
  it("come back as they were stored, also beyond what 32 bits count", async () => {
    const one = dataset({ sizeBytes: 5_000_000_000, nSamples: 3_000_000_000 });
    const stored = await insertDataset(database, one);
    expect(stored).toMatchObject(one);
    expect(await datasetById(database, one.id)).toEqual(stored);
    await database.transaction((sql) => deleteDataset(sql, one.id));
  });

  it("are removed with their blob scheduled and the caches told", async () => {
    const one = dataset();
    await insertDataset(database, one);
    expect(await database.transaction((sql) => deleteDataset(sql, one.id))).toBe(true);
    expect(await database.transaction((sql) => deleteDataset(sql, one.id))).toBe(false);
    expect(await datasetById(database, one.id)).toBeUndefined();
    expect(await dueBlobRemovals(database, 0, 1000)).toContain(one.blobKey);
    const tags = (await takeInvalidations(database, 1000)).flatMap((row) => row.tags);
    // By the removal that found it: storing one makes nothing old.
    expect(tags.filter((tag) => tag === `dataset:${one.id}`)).toHaveLength(1);
  });

  it("do not pass a quota together", async () => {
    const quotaBytes = (await database.transaction(lockedTotalBytes)) + 250;
    const upload = () =>
      database.transaction(async (sql) => {
        const one = dataset({ sizeBytes: 100 });
        if ((await lockedTotalBytes(sql)) + one.sizeBytes > quotaBytes) return false;
        await insertDataset(sql, one);
        return true;
      });
    const stored = await Promise.all(Array.from({ length: 6 }, upload));
    expect(stored.filter(Boolean)).toHaveLength(2);
  });

  it("are listed page by page", async () => {
    const { database: own } = await openTestStore(server);
    try {
      for (let count = 0; count < 5; count++) await insertDataset(own, dataset({ id: newId(count), name: `${count}` }));
      const first = await listDatasets(own, { limit: 3 });
      const rest = await listDatasets(own, { limit: 3, after: first[2] });
      expect([...first, ...rest].map(({ name }) => name)).toEqual(["4", "3", "2", "1", "0"]);
    } finally {
      await own.close();
    }
  });
});

describe("results", () => {
  it("are found by their id alone, in one partition", async () => {
    const detectorId = await addDetector(database);
    const one = result(detectorId);
    expect(await insertResult(database, one)).toBe(true);
    const found = await resultById(database, one.id);
    expect(found).toMatchObject({ id: one.id, summary: { anomalies: 2 }, createdAt: idTime(one.id), blobKey: null });
    expect([...((await resultBytes(database, one.id)) ?? [])]).toEqual([9]);
    const { rows } = await database.query<{ "QUERY PLAN": string }>(
      "explain select from detection_results where id = $1 and created_at = $2",
      [one.id, idTime(one.id)],
    );
    const scans = rows.filter((row) => row["QUERY PLAN"].includes("Scan"));
    expect(scans.map((row) => row["QUERY PLAN"]).join()).not.toContain("default");
    expect(scans).toHaveLength(1);
  });

  it("under one id are stored once", async () => {
    const one = result(await addDetector(database));
    expect(await Promise.all([insertResult(database, one), insertResult(database, one)])).toContain(false);
    expect(await insertResult(database, one)).toBe(false);
  });

  it("of any time are taken", async () => {
    const detectorId = await addDetector(database);
    for (const time of [0, Date.UTC(2019, 1, 1), Date.UTC(2100, 1, 1), 2 ** 48 - 1]) {
      const one = result(detectorId, { id: newId(time) });
      expect(await insertResult(database, one)).toBe(true);
      expect((await resultById(database, one.id))?.createdAt.getTime()).toBe(time);
    }
  });

  it("are listed by detector, data set and time, page by page", async () => {
    const [detectorId, other] = [await addDetector(database), await addDetector(database)];
    const { id: datasetId } = await insertDataset(database, dataset());
    const start = Date.UTC(2026, 0, 1);
    for (let day = 0; day < 6; day++) {
      const id = newId(start + day * 86_400_000);
      await insertResult(database, result(detectorId, { id, modelVersion: day, datasetId: day % 2 === 0 ? datasetId : null }));
      await insertResult(database, result(other, { modelVersion: 99 }));
    }
    const days = async (filter: Parameters<typeof listResults>[1]) =>
      (await listResults(database, filter)).map((row) => row.modelVersion);
    expect(await days({ limit: 10, detectorId })).toEqual([5, 4, 3, 2, 1, 0]);
    const [, second] = await listResults(database, { limit: 2, detectorId });
    expect(await days({ limit: 2, detectorId, after: second })).toEqual([3, 2]);
    expect(await days({ limit: 10, datasetId })).toEqual([4, 2, 0]);
    expect(
      await days({ limit: 10, detectorId, from: new Date(start + 86_400_000), to: new Date(start + 3 * 86_400_000) }),
    ).toEqual([2, 1]);
    expect(await days({ limit: 10, detectorId: "no id" })).toEqual([]);
  });

  it("stay when their data set goes, and leave with their blob scheduled", async () => {
    const { id: datasetId } = await insertDataset(database, dataset());
    const one = result(await addDetector(database), { datasetId, content: { blobKey: "results/1" } });
    await insertResult(database, one);
    await database.transaction((sql) => deleteDataset(sql, datasetId));
    expect((await resultById(database, one.id))?.datasetId).toBeNull();
    expect(await insertResult(database, result(one.detectorId, { datasetId }))).toBe(true);
    expect(await deleteResult(database, one.id)).toBe(true);
    expect(await deleteResult(database, one.id)).toBe(false);
    expect(await dueBlobRemovals(database, 0, 1000)).toContain("results/1");
  });

  it("of a detector that is gone are refused", async () => {
    await expect(insertResult(database, result(newId()))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("API keys", () => {
  const key = () => ({
    id: newId(),
    name: "ci",
    keyHash: new Uint8Array(32).fill(7),
    scopes: ["read", "score"],
    expiresAt: null,
  });

  it("come back, are revoked once, and the caches are told", async () => {
    const one = key();
    const announcedCount = async () =>
      (await takeInvalidations(database, 1000)).filter(({ tags }) => tags.includes(`api-key:${one.id}`)).length;
    await database.transaction((sql) => insertApiKey(sql, one));
    expect(await announcedCount()).toBe(1);
    expect(await apiKeyById(database, one.id)).toMatchObject({ name: "ci", scopes: ["read", "score"], revokedAt: null });
    expect(await database.transaction((sql) => revokeApiKey(sql, one.id))).toBe(true);
    expect(await announcedCount()).toBe(2);
    const revokedAt = (await apiKeyById(database, one.id))?.revokedAt;
    await database.transaction((sql) => revokeApiKey(sql, one.id));
    expect((await apiKeyById(database, one.id))?.revokedAt).toEqual(revokedAt);
    expect(await database.transaction((sql) => revokeApiKey(sql, newId()))).toBe(false);
    expect((await listApiKeys(database)).map(({ id }) => id)).toContain(one.id);
    expect(await announcedCount()).toBe(3);
  });

  it("write their use once a minute", async () => {
    const one = key();
    await insertApiKey(database, one);
    await apiKeyUsed(database, one.id);
    const first = (await apiKeyById(database, one.id))?.lastUsedAt;
    expect(first).toBeInstanceOf(Date);
    await apiKeyUsed(database, one.id);
    expect((await apiKeyById(database, one.id))?.lastUsedAt).toEqual(first);
  });
});

describe("idempotency keys", () => {
  const request = (key: string, requestHash = "h") => ({ actor: "local", key, requestHash });

  it("let one of many equal requests do the work, and give the others its answer", async () => {
    let done = 0;
    const ask = () =>
      database.transaction(async (sql) => {
        const stored = await claimKey(sql, request("many"));
        if (stored !== undefined) return stored;
        done++;
        await storeResponse(sql, request("many"), { status: 201, response: { id: "first" } });
        return { status: 201, response: { id: "first" } };
      });
    const answers = await Promise.all(Array.from({ length: 5 }, ask));
    expect(done).toBe(1);
    for (const answer of answers) expect(answer).toEqual({ status: 201, response: { id: "first" } });
  });

  it("are free again when the request that used them failed", async () => {
    const failing = database.transaction(async (sql) => {
      await claimKey(sql, request("failing"));
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await database.transaction((sql) => claimKey(sql, request("failing")))).toBeUndefined();
  });

  it("are refused for another request, and forgotten when they are old", async () => {
    await database.transaction(async (sql) => {
      await claimKey(sql, request("other"));
      await storeResponse(sql, request("other"), { status: 201, response: null });
    });
    expect(await earlierResponse(database, request("other"))).toEqual({ status: 201, response: null });
    expect(await earlierResponse(database, request("not yet"))).toBeUndefined();
    await expect(earlierResponse(database, request("other", "another hash"))).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(claimKey(database, request("other", "another hash"))).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await deleteOldKeys(database, 1)).toBe(0);
    await database.query("update idempotency_keys set created_at = now() - interval '2 hours' where key = 'other'");
    expect(await deleteOldKeys(database, 1)).toBe(1);
  });
});

describe("the log and the outboxes", () => {
  it("list audit entries newest first, page by page", async () => {
    const entry = { actor: "local", subjectKind: "detector", subjectId: null, requestId: null };
    for (const action of ["a", "b", "c"]) await insertAuditEntry(database, { ...entry, action, details: { action } });
    const first = await listAuditEntries(database, { limit: 2 });
    const rest = await listAuditEntries(database, { limit: 2, before: first[1].id });
    expect([...first, ...rest].map(({ details }) => details)).toEqual([{ action: "c" }, { action: "b" }, { action: "a" }]);
  });

  it("keep what the cache must forget until somebody has done it", async () => {
    const { database: own } = await openTestStore(server);
    try {
      await own.transaction((sql) => announce(sql, ["detector:a", "detectors"]));
      await own.transaction((sql) => announce(sql, []));
      const kept = await takeInvalidations(own, 10);
      expect(kept.map(({ tags }) => tags)).toEqual([["detector:a", "detectors"]]);
      await invalidationsDone(
        own,
        kept.map(({ id }) => id),
      );
      expect(await takeInvalidations(own, 10)).toEqual([]);
    } finally {
      await own.close();
    }
  });

  it("keep blobs until they are removed", async () => {
    await scheduleBlobRemovals(database, ["x", "x", "y"]);
    await scheduleBlobRemovals(database, ["y"]);
    await eventually("they are due", async () => (await dueBlobRemovals(database, 1, 1000)).includes("y"));
    await blobRemovalsDone(database, ["x"]);
    const due = await dueBlobRemovals(database, 0, 1000);
    expect(due).toContain("y");
    expect(due).not.toContain("x");
  });
});
