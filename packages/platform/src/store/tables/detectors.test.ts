import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { addDetector, openTestStore } from "../../../test-support/servers/store.ts";
import { invalidationsDone, takeInvalidations } from "./cache-invalidations.ts";
import { dueBlobRemovals } from "./blob-removals.ts";
import {
  deleteDetector,
  type DetectorChanges,
  detectorById,
  detectorsByAlgorithms,
  insertDetector,
  listDetectors,
  setStatuses,
  updateDetector,
} from "./detectors.ts";
import { newId } from "../../ids/ids.ts";
import { insertVersion } from "./model-versions.ts";
import type { OpenDatabase } from "../postgres/open-database.ts";
import { insertResult } from "./results.ts";
import type { Sql } from "../postgres/sql.ts";
import { beginTraining, endTraining } from "./trainings.ts";

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

const statementsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const before = database.stats().statements.count;
  await work();
  return database.stats().statements.count - before;
};

/** What the write announces: everything from before it is taken away first. */
async function announcedBy(write: (sql: Sql) => Promise<unknown>): Promise<readonly string[]> {
  const takeAll = () => takeInvalidations(database, 100_000);
  const before = await takeAll();
  await invalidationsDone(
    database,
    before.map(({ id }) => id),
  );
  // One that fails is meant to: what it announced is what is asked.
  await database.transaction(write).catch(() => undefined);
  return (await takeAll()).flatMap(({ tags }) => tags);
}

describe("detectors", () => {
  it("come back as they were stored", async () => {
    const id = newId();
    const detector = {
      id,
      name: "pumps 'north'",
      algorithmName: "isolation-forest",
      contamination: 0.05,
      options: { scaling: "standard", columns: ["a", "b"] },
      hyperparameters: { trees: 100, limits: [1, 2], label: null },
    };
    const stored = await database.transaction((sql) => insertDetector(sql, detector));
    expect(stored).toMatchObject({ ...detector, status: "created", isFitted: false, threshold: null, modelVersion: null });
    expect(stored.createdAt).toBeInstanceOf(Date);
    expect(await detectorById(database, id)).toEqual(stored);
  });

  it("under what is no id are not there, and the database is not asked", async () => {
    expect(await statementsOf(async () => expect(await detectorById(database, "1; drop table")).toBeUndefined())).toBe(0);
  });

  it("change only in what is named, with a later time each time", async () => {
    const id = await addDetector(database);
    const before = await detectorById(database, id);
    const first = await database.transaction((sql) =>
      updateDetector(sql, id, { threshold: 2.5, isFitted: true, modelVersion: 3 }),
    );
    const second = await database.transaction((sql) =>
      updateDetector(sql, id, { hyperparameters: { metric: "l1" }, status: "ready" }),
    );
    expect(first).toEqual({ ...before, threshold: 2.5, isFitted: true, modelVersion: 3, updatedAt: first?.updatedAt });
    expect(second).toMatchObject({ hyperparameters: { metric: "l1" }, status: "ready", threshold: 2.5, name: "pumps" });
    const times = [before, first, second].map((row) => row?.updatedAt.getTime() ?? 0);
    expect(times[1]).toBeGreaterThan(times[0]);
    expect(times[2]).toBeGreaterThan(times[1]);
    expect(await database.transaction((sql) => updateDetector(sql, newId(), { name: "a" }))).toBeUndefined();
  });

  it("have a later time also when they change twice in one transaction", async () => {
    const id = await addDetector(database);
    await database.transaction(async (sql) => {
      const first = await updateDetector(sql, id, { name: "a" });
      const second = await updateDetector(sql, id, { name: "b" });
      expect(second?.updatedAt.getTime()).toBeGreaterThan(first?.updatedAt.getTime() ?? Infinity);
    });
  });

  const plain = { name: "a", algorithmName: "knn", contamination: 0.1, options: {}, hyperparameters: {} };

  it("announce each insert, each change of whatever field, each switch and each removal to the caches", async () => {
    const [id, other] = [newId(), newId()];
    const tags = [`detector:${id}`, "detectors"];
    expect(await announcedBy((sql) => insertDetector(sql, { ...plain, id }))).toEqual(tags);
    const changes: DetectorChanges[] = [
      { name: "b" },
      { hyperparameters: { k: 3 } },
      { options: { seed: 1 } },
      { contamination: 0.2 },
      { status: "ready", isFitted: true, threshold: 1, modelVersion: 1 },
    ];
    for (const change of changes) expect(await announcedBy((sql) => updateDetector(sql, id, change))).toEqual(tags);
    await database.transaction((sql) => insertDetector(sql, { ...plain, id: other }));
    const switched = await announcedBy((sql) => setStatuses(sql, [id, other], "disabled"));
    expect(new Set(switched)).toEqual(new Set([...tags, `detector:${other}`]));
    expect(await announcedBy((sql) => deleteDetector(sql, id))).toEqual(tags);
  });

  it("announce nothing of a write that finds none or is rolled back", async () => {
    const id = newId();
    const undone = async (sql: Sql) => {
      await insertDetector(sql, { ...plain, id });
      throw new Error("changed my mind");
    };
    expect(await announcedBy(undone)).toEqual([]);
    expect(await announcedBy((sql) => updateDetector(sql, id, { name: "b" }))).toEqual([]);
    expect(await announcedBy((sql) => setStatuses(sql, [id], "disabled"))).toEqual([]);
    expect(await announcedBy((sql) => deleteDetector(sql, id))).toEqual([]);
  });

  it("are listed page by page, newest first, none twice and none left out, also when made in one moment", async () => {
    const { database: own } = await openTestStore(server);
    try {
      const start = Date.now();
      await own.transaction(async (sql) => {
        for (let count = 0; count < 25; count++) {
          const isFitted = count % 5 === 0;
          // Ids of one millisecond have no order among themselves.
          const id = newId(start + count);
          await insertDetector(sql, {
            id,
            name: `${count}`,
            algorithmName: "knn",
            contamination: 0.1,
            options: {},
            hyperparameters: {},
          });
          if (isFitted) await updateDetector(sql, id, { isFitted, status: "ready" });
        }
      });
      const seen: string[] = [];
      let after: { createdAt: Date; id: string } | undefined;
      for (
        let page = await listDetectors(own, { limit: 4 });
        page.length > 0;
        page = await listDetectors(own, { limit: 4, after })
      ) {
        seen.push(...page.map(({ name }) => name));
        after = page.at(-1);
        if (seen.length === 8) await addDetector(own, { name: "made meanwhile" });
      }
      expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => `${24 - index}`));
      const fitted = await listDetectors(own, { limit: 100, isFitted: true, status: "ready", algorithmName: "knn" });
      expect(fitted.map(({ name }) => name)).toEqual(["20", "15", "10", "5", "0"]);
      expect(await listDetectors(own, { limit: 100, algorithmName: "lof" })).toEqual([]);
    } finally {
      await own.close();
    }
  });

  it("of many algorithms come with their hyperparameters in one statement, however many they are", async () => {
    for (let count = 0; count < 30; count++) {
      await addDetector(database, { algorithmName: `many-${count % 3}`, hyperparameters: { count, twice: 2 * count } });
    }
    await addDetector(database, { algorithmName: "many-3", hyperparameters: {} });
    const names = ["many-0", "many-1", "many-2", "many-3", "many-none"];
    const count = await statementsOf(async () => {
      const rows = await detectorsByAlgorithms(database, names);
      expect(rows).toHaveLength(31);
      for (const { hyperparameters, algorithmName } of rows.slice(0, 30)) {
        expect(hyperparameters["twice"]).toBe(2 * Number(hyperparameters["count"]));
        expect(algorithmName).toBe(`many-${Number(hyperparameters["count"]) % 3}`);
      }
      expect(rows[30].hyperparameters).toEqual({});
    });
    expect(count).toBe(1);
  });

  it("of no algorithm ask nothing", async () => {
    expect(await statementsOf(async () => expect(await detectorsByAlgorithms(database, [])).toEqual([]))).toBe(0);
  });

  it("change their status by thousands in two statements a thousand, with the unknown ids told", async () => {
    const { database: own } = await openTestStore(server);
    try {
      const text = `insert into detectors (id, name, algorithm_name, contamination, updated_at)
        select gen_random_uuid(), 'a', 'knn', 0.1, '2020-01-01' from generate_series(1, 2500) returning id`;
      const { rows } = await own.query<{ id: string }>(text);
      const ids = rows.map(({ id }) => id);
      const unknown = [newId(), "no id", newId().toUpperCase()];
      const before = own.stats().statements.count;
      const asked = [unknown[0], ...ids, ids[0].toUpperCase(), unknown[1], unknown[2]];
      const outcome = await own.transaction((sql) => setStatuses(sql, asked, "disabled"));
      expect(outcome).toEqual({ updatedCount: 2500, unknownIds: unknown });
      // Three chunks, each locked and changed, and the announcement.
      expect(own.stats().statements.count - before).toBe(7);
      const changed = await own.query("select from detectors where status = 'disabled' and updated_at > '2020-01-02'");
      expect(changed.rowCount).toBe(2500);
      const tags = new Set((await takeInvalidations(own, 10)).flatMap((row) => row.tags));
      for (const id of ids) expect(tags.has(`detector:${id}`)).toBe(true);
    } finally {
      await own.close();
    }
  });

  it("are ready, not in training, when the training ends while it is waited for", async () => {
    const detectorId = await addDetector(database);
    const training = { id: newId(), detectorId, leaseSeconds: 60 };
    await database.transaction(async (sql) => {
      await updateDetector(sql, detectorId, { isFitted: true, status: "ready" });
      await beginTraining(sql, training);
    });
    let change: Promise<unknown> | undefined;
    await database.transaction(async (sql) => {
      await endTraining(sql, training, "ready");
      change = database.transaction((other) => setStatuses(other, [detectorId], "ready"));
      await eventually("the change waits for the detector", async () => {
        const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        return (await database.query(waiting)).rowCount === 1;
      });
    });
    await change;
    expect(await detectorById(database, detectorId)).toMatchObject({ status: "ready" });
  });

  it("take no status outside the closed list", async () => {
    const id = await addDetector(database);
    const work = database.transaction((sql) => setStatuses(sql, [id], "sleeping" as "ready"));
    await expect(work).rejects.toMatchObject({ code: "DATABASE" });
  });

  it("survive two bulk changes of the same ids in opposite order", async () => {
    const ids = [];
    for (let count = 0; count < 50; count++) ids.push(await addDetector(database));
    const change = (order: readonly string[]) => database.transaction((sql) => setStatuses(sql, order, "ready"));
    const outcomes = await Promise.all([change(ids), change([...ids].reverse()), change(ids), change([...ids].reverse())]);
    for (const { updatedCount } of outcomes) expect(updatedCount).toBe(50);
  });

  it("leave with their models and results, whose blobs are scheduled for removal", async () => {
    const id = await addDetector(database);
    const blob = { sizeBytes: 1, checksum: "", datasetId: null, jobId: null };
    await database.transaction((sql) =>
      insertVersion(sql, { ...blob, id: newId(), detectorId: id, content: { blobKey: `model-${id}` }, trainingSummary: {} }),
    );
    const result = { id: newId(), detectorId: id, datasetId: null, modelVersion: 1, jobId: null, summary: {}, sizeBytes: 1 };
    await insertResult(database, { ...result, content: { blobKey: `result-${id}` } });
    expect(await database.transaction((sql) => deleteDetector(sql, id))).toBe(true);
    expect(await database.transaction((sql) => deleteDetector(sql, id))).toBe(false);
    expect(await detectorById(database, id)).toBeUndefined();
    const due = await dueBlobRemovals(database, 0, 1000);
    expect(due).toEqual(expect.arrayContaining([`model-${id}`, `result-${id}`]));
    expect(await dueBlobRemovals(database, 3_600_000, 1000)).toEqual([]);
    for (const table of ["model_versions", "detection_results", "detector_hyperparameters"]) {
      expect((await database.query(`select from ${table} where detector_id = $1`, [id])).rowCount).toBe(0);
    }
  });
});
