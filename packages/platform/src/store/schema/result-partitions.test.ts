import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestDatabase, type TestDatabase, withClient } from "../../../test-support/servers/postgres.ts";
import { addDetector, openTestStore } from "../../../test-support/servers/store.ts";
import { dueBlobRemovals } from "../tables/blob-removals.ts";
import { newId } from "../../ids/ids.ts";
import { maintain } from "./maintain.ts";
import type { OpenDatabase } from "../postgres/open-database.ts";
import { insertResult, resultById } from "../tables/results.ts";
import { monthOf } from "./result-partitions.ts";

let server: TestDatabase;
beforeAll(async () => (server = await startTestDatabase()));
afterAll(() => server.stop());

const partitionOf = async (database: OpenDatabase, id: string): Promise<string> => {
  const text = "select tableoid::regclass::text as name from detection_results where id = $1";
  return (await database.query<{ name: string }>(text, [id])).rows[0].name;
};

async function withStore(work: (database: OpenDatabase, url: string) => Promise<void>): Promise<void> {
  const { database, url } = await openTestStore(server);
  try {
    await work(database, url);
  } finally {
    await database.close();
  }
}

async function addResult(database: OpenDatabase, detectorId: string, time: number, blobKey: string): Promise<string> {
  const id = newId(time);
  const rest = { datasetId: null, modelVersion: 1, jobId: null, summary: {}, sizeBytes: 1 };
  await insertResult(database, { id, detectorId, content: { blobKey }, ...rest });
  return id;
}

describe("the months of results", () => {
  it("begin and end in UTC, over the end of a year too", () => {
    expect(monthOf(new Date("2026-11-30T23:59:59.999Z"), 2)).toEqual({
      partition: "detection_results_2027_01",
      from: "2027-01-01T00:00:00.000Z",
      to: "2027-02-01T00:00:00.000Z",
    });
  });

  it("take what the default partition had of them, with indexes and autovacuum like the others", () =>
    withStore(async (database, url) => {
      const now = new Date("2031-05-10T00:00:00Z");
      const detectorId = await addDetector(database);
      const early = await addResult(database, detectorId, Date.UTC(2031, 5, 1), "early");
      expect(await partitionOf(database, early)).toBe("detection_results_default");
      const outcome = await maintain({ url, resultRetentionDays: 36_500, now });
      const months = ["detection_results_2031_05", "detection_results_2031_06", "detection_results_2031_07"];
      expect(outcome).toMatchObject({ madePartitions: months, droppedPartitions: [], deletedRows: 0 });
      expect(await partitionOf(database, early)).toBe("detection_results_2031_06");
      expect(await resultById(database, early)).toMatchObject({ id: early, detectorId });
      const text = `select array_to_string(array_agg(distinct array_to_string(array(select attname::text from unnest(indkey::int2[]) with ordinality k(n, p)
        join pg_attribute a on a.attrelid = indrelid and a.attnum = k.n order by p), ',')), ' ') as columns,
        (select reloptions[1] from pg_class where oid = 'detection_results_2031_06'::regclass) as setting
        from pg_index where indrelid = 'detection_results_2031_06'::regclass and indisvalid`;
      const { rows } = await database.query<{ columns: string; setting: string }>(text);
      expect(rows[0].columns.split(" ").sort()).toEqual([
        "created_at",
        "dataset_id",
        "detector_id",
        "detector_id,created_at",
        "id,created_at",
      ]);
      expect(rows[0].setting).toBe("autovacuum_vacuum_scale_factor=0.05");
      expect((await maintain({ url, resultRetentionDays: 36_500, now })).madePartitions).toEqual([]);
    }));

  it("are made once when two processes do it at once, while others write", () =>
    withStore(async (database, url) => {
      const now = new Date("2032-01-01T00:00:00Z");
      const detectorId = await addDetector(database);
      let isOver = false;
      const ids: string[] = [];
      const writing = (async () => {
        while (!isOver) ids.push(await addResult(database, detectorId, Date.UTC(2032, ids.length % 3, 2), `w${ids.length}`));
      })();
      const outcomes = await Promise.all([1, 2, 3].map(() => maintain({ url, resultRetentionDays: 36_500, now })));
      isOver = true;
      await writing;
      expect(outcomes.flatMap(({ madePartitions }) => madePartitions)).toHaveLength(3);
      expect(ids.length).toBeGreaterThan(0);
      for (const id of ids) expect(await partitionOf(database, id)).toMatch(/_2032_0[123]$/);
    }));

  it("whose tables are locked for long are left to the next time, and their rows are taken all the same", () =>
    withStore(async (database, url) => {
      const now = new Date("2034-01-01T00:00:00Z");
      const detectorId = await addDetector(database);
      await withClient(url, async (holder) => {
        await holder.query("begin; lock table detection_results_default in access share mode");
        const outcome = await maintain({ url, resultRetentionDays: 36_500, now });
        expect(outcome.madePartitions).toEqual([]);
        const id = await addResult(database, detectorId, Date.UTC(2034, 0, 2), "waits");
        expect(await partitionOf(database, id)).toBe("detection_results_default");
        await holder.query("rollback");
      });
      expect((await maintain({ url, resultRetentionDays: 36_500, now })).madePartitions).toHaveLength(3);
    }));

  it("are dropped when all of them is too old, the rest is deleted by row, and every blob is scheduled", () =>
    withStore(async (database, url) => {
      const day = 86_400_000;
      await maintain({ url, resultRetentionDays: 36_500, now: new Date("2033-01-15T00:00:00Z") });
      const detectorId = await addDetector(database);
      const old = await addResult(database, detectorId, Date.UTC(2033, 0, 20), "january");
      const partly = await addResult(database, detectorId, Date.UTC(2033, 1, 5), "february 5");
      const kept = await addResult(database, detectorId, Date.UTC(2033, 1, 20), "february 20");
      const ancient = await addResult(database, detectorId, Date.UTC(2001, 0, 1), "default");
      const now = new Date(Date.UTC(2033, 1, 10) + 30 * day);
      const outcome = await maintain({ url, resultRetentionDays: 30, now });
      expect(outcome.droppedPartitions).toContain("detection_results_2033_01");
      expect(outcome.deletedRows).toBe(2);
      for (const id of [old, partly, ancient]) expect(await resultById(database, id)).toBeUndefined();
      expect(await resultById(database, kept)).toBeDefined();
      const due = await dueBlobRemovals(database, 0, 100);
      expect([...due].sort()).toEqual(["default", "february 5", "january"]);
      expect((await maintain({ url, resultRetentionDays: 30, now })).deletedRows).toBe(0);
    }));
});
