import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { addDetector, openTestStore } from "../../../test-support/servers/store.ts";
import { newId } from "../../ids/ids.ts";
import { apiKeyTag, datasetTag, detectorsTag, detectorTag } from "../../ids/tags.ts";
import type { OpenDatabase } from "../postgres/open-database.ts";
import type { Database, Sql } from "../postgres/sql.ts";
import * as apiKeys from "./api-keys.ts";
import { takeInvalidations } from "./cache-invalidations.ts";
import * as datasets from "./datasets.ts";
import * as detectors from "./detectors.ts";
import * as versions from "./model-versions.ts";
import * as trainings from "./trainings.ts";

let server: TestDatabase;
let database: OpenDatabase;
beforeAll(async () => {
  server = await startTestDatabase();
  ({ database } = await openTestStore(server));
  // In place of the queue's view: a training without a lease belongs to a job.
  await database.query("create table jobs (id uuid, name text, status text)");
});
afterAll(async () => {
  await database.close();
  await server.stop();
});

/** What `work` leaves in a transaction: its tags, sorted. */
const announcedBy = (work: (sql: Sql) => Promise<unknown>): Promise<readonly string[]> =>
  database.transaction(async (sql) => {
    await work(sql);
    return [...(sql.announced?.tags ?? [])].sort();
  });

/** What a statement that has transactions of its own left stored. */
async function storedBy(work: (on: Database) => Promise<unknown>): Promise<readonly string[]> {
  const before = new Set((await takeInvalidations(database, 10_000)).map(({ id }) => id));
  await work(database);
  const made = (await takeInvalidations(database, 10_000)).filter(({ id }) => !before.has(id));
  return made.flatMap(({ tags }) => tags).sort();
}

const ofDetector = (id: string) => [detectorTag(id), detectorsTag].sort();

interface Left {
  readonly tags: readonly string[];
  readonly expected: readonly string[];
}
type Writes<Table> = { readonly [Name in keyof Table]?: () => Promise<Left> };

const nothing = (work: (sql: Sql) => Promise<unknown>) => async () => ({ tags: await announcedBy(work), expected: [] });

const detectorWrites: Writes<typeof detectors> = {
  async insertDetector() {
    const id = newId();
    const row = { id, name: "d", algorithmName: "knn", contamination: 0.1, options: {}, hyperparameters: {} };
    return { tags: await announcedBy((sql) => detectors.insertDetector(sql, row)), expected: ofDetector(id) };
  },
  async updateDetector() {
    const id = await addDetector(database);
    return { tags: await announcedBy((sql) => detectors.updateDetector(sql, id, { name: "e" })), expected: ofDetector(id) };
  },
  async deleteDetector() {
    const id = await addDetector(database);
    return { tags: await announcedBy((sql) => detectors.deleteDetector(sql, id)), expected: ofDetector(id) };
  },
  async setStatuses() {
    const [one, two] = [await addDetector(database), await addDetector(database)];
    const tags = await announcedBy((sql) => detectors.setStatuses(sql, [one.toUpperCase(), two, newId()], "disabled"));
    return { tags, expected: [detectorTag(one), detectorTag(two), detectorsTag].sort() };
  },
};

const begun = async (leaseSeconds: number | undefined) => {
  const training = { id: newId(), detectorId: await addDetector(database), leaseSeconds };
  return { training, tags: await announcedBy((sql) => trainings.beginTraining(sql, training)) };
};

const trainingWrites: Writes<typeof trainings> = {
  async beginTraining() {
    const { training, tags } = await begun(60);
    return { tags, expected: ofDetector(training.detectorId) };
  },
  async endTraining() {
    const { training } = await begun(60);
    const tags = await announcedBy((sql) => trainings.endTraining(sql, training, { failure: { code: "COLUMN", detail: "no" } }));
    return { tags, expected: ofDetector(training.detectorId) };
  },
  // A lease is shown nowhere.
  renewTrainings: nothing((sql) => trainings.renewTrainings(sql, [newId()], 60)),
  async endLapsedTrainings() {
    const { training } = await begun(-1);
    return { tags: await storedBy(trainings.endLapsedTrainings), expected: ofDetector(training.detectorId) };
  },
  async endUnrecordedTrainings() {
    const id = await addDetector(database);
    await database.query("update detectors set status = 'training' where id = $1", [id]);
    return { tags: await storedBy(trainings.endUnrecordedTrainings), expected: ofDetector(id) };
  },
};

const newDataset = () => {
  const id = newId();
  const sizes = { nSamples: 1, nFeatures: 1, sizeBytes: 1 };
  return { id, name: "d", fileFormat: "csv", checksum: "c", columns: [], blobKey: id, ...sizes } as const;
};

const datasetWrites: Writes<typeof datasets> = {
  // Nothing was cached of what was not there.
  insertDataset: nothing((sql) => datasets.insertDataset(sql, newDataset())),
  async deleteDataset() {
    const { id } = await datasets.insertDataset(database, newDataset());
    return { tags: await announcedBy((sql) => datasets.deleteDataset(sql, id)), expected: [datasetTag(id)] };
  },
};

const newKey = () => ({ id: newId(), name: "k", keyHash: new Uint8Array(32), scopes: ["read"], expiresAt: null });

const apiKeyWrites: Writes<typeof apiKeys> = {
  async insertApiKey() {
    const key = newKey();
    return { tags: await announcedBy((sql) => apiKeys.insertApiKey(sql, key)), expected: [apiKeyTag(key.id)] };
  },
  async revokeApiKey() {
    const { id } = await apiKeys.insertApiKey(database, newKey());
    return { tags: await announcedBy((sql) => apiKeys.revokeApiKey(sql, id)), expected: [apiKeyTag(id)] };
  },
  // When a key was used is not cached.
  apiKeyUsed: nothing((sql) => apiKeys.apiKeyUsed(sql, newId())),
};

const versionWrites: Writes<typeof versions> = {
  // It answers only when `updateDetector` names it.
  insertVersion: async () => {
    const own = { id: newId(), detectorId: await addDetector(database), datasetId: null, jobId: null };
    const bytes = { content: { fileBytes: new Uint8Array(1) }, sizeBytes: 1, checksum: "c", trainingSummary: {} };
    return { tags: await announcedBy((sql) => versions.insertVersion(sql, { ...own, ...bytes })), expected: [] };
  },
};

/** Which only ask. One that is in neither list is new: whether it writes is to be said here. */
const reads = {
  detectors: ["detectorById", "lockDetector", "listDetectors", "detectorsByAlgorithms", "untrainedAmong"],
  trainings: ["isUnderWay"],
  datasets: ["datasetById", "listDatasets"],
  "api keys": ["apiKeyById", "listApiKeys"],
  "model versions": ["versionOfJob", "liveVersion", "storedModel", "versionByNumber", "listVersions"],
};

describe.each([
  ["detectors", detectors, detectorWrites],
  ["trainings", trainings, trainingWrites],
  ["datasets", datasets, datasetWrites],
  ["api keys", apiKeys, apiKeyWrites],
  ["model versions", versions, versionWrites],
] as const)("the statements of %s", (table, statements, writes) => {
  it("are all known as ones that write or ones that only ask", () => {
    const functions = Object.entries(statements).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
    expect(functions.sort()).toEqual([...Object.keys(writes), ...reads[table]].sort());
  });

  it.each(Object.entries(writes))("leave in the transaction what caches must forget: %s", async (_name, write) => {
    const { tags, expected } = await write();
    expect(tags).toEqual(expected);
  });
});
