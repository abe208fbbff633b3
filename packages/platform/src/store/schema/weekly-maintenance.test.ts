import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { startTestDatabase, type TestDatabase, withClient } from "../../../test-support/servers/postgres.ts";
import { openTestDatabase } from "../../../test-support/servers/store.ts";
import { withSql } from "../../../test-support/servers/watched.ts";
import { prepareQueue } from "../../jobs/prepare-queue.ts";
import { createWeeklyCare } from "../../main/upkeep/weekly-care.ts";
import type { ServiceContext } from "../../services/core/context.ts";
import { indexBloat } from "../watch/index-bloat.ts";
import { indexFaults } from "./index-faults.ts";
import { migrate } from "./migrate.ts";
import { ourTables, tableNames } from "./our-tables.ts";
import { isWeeklyDue, weeklyMaintenance } from "./weekly-maintenance.ts";

let server: TestDatabase;
let url: string;
beforeAll(async () => (server = await startTestDatabase()));
afterAll(() => server.stop());
beforeEach(async () => {
  url = await server.createDatabase();
  await migrate(url);
});

const run = (text: string) => withClient(url, async (client) => (await client.query<Record<string, unknown>>(text)).rows);

/** 40,000 detectors under names that are all different, of which one in 20 stays. */
const bloat = `
insert into detectors (id, name, algorithm_name, contamination, options)
  select gen_random_uuid(), 'd' || n, 'algorithm-' || n, 0.1, '{}' from generate_series(1, 40000) n;
delete from detectors where right(name, 2) not in ('00', '20', '40', '60', '80')`;

/** What reading all its pages finds: the share of its leaves that entries take, in %. */
async function density(index: string): Promise<number> {
  const [{ density: found }] = await run(`select avg_leaf_density::float8 as density from pgstatindex('${index}')`);
  return Number(found);
}

describe("our tables", () => {
  it("are all that the migrations make, with the partitions, and those of the queue; no others", async () => {
    const database = openTestDatabase({ url });
    await prepareQueue(database, { url, leaseSeconds: 10 });
    await database.close();
    const made = await run(
      "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition order by relname",
    );
    expect(made.map(({ name }) => name)).toEqual(tableNames);
    await run("create table another as select 1 as a; create schema other; create table other.detectors as select 1 as a");
    const ours = (await withSql(url, ourTables)).map(({ name }) => name);
    expect(ours).toContain("public.detectors");
    expect(ours).toContain("public.detection_results_default");
    expect(ours.some((name) => name.startsWith("pgboss."))).toBe(true);
    expect(ours.filter((name) => /another|other\.|detection_results$/.test(name))).toEqual([]);
  });
});

describe("the weekly maintenance", () => {
  it(
    "vacuums and analyses every table of ours, and builds again what is bloated: idx_detectors_algorithm among it",
    { timeout: 60_000 },
    async () => {
      await run(`create extension pgstattuple; ${bloat}`);
      const before = await density("idx_detectors_algorithm");
      await run("vacuum detectors");
      expect(await density("idx_detectors_algorithm")).toBeLessThan(before / 2);
      const outcome = await weeklyMaintenance({ url });
      expect(outcome).toMatchObject({ isOurs: true, failed: [], mended: [] });
      const rebuilt = outcome.reindexed.map(({ index }) => index);
      expect(rebuilt).toContain("public.idx_detectors_algorithm");
      expect(await density("idx_detectors_algorithm")).toBeGreaterThan(80);
      for (const { bytes_before: large, bytes_after: small } of outcome.reindexed) expect(small).toBeLessThan(large / 2);
      const tables = await run(
        "select schemaname || '.' || relname as name from pg_stat_user_tables where last_vacuum is not null and last_analyze is not null",
      );
      expect(tables.map(({ name }) => String(name)).toSorted()).toEqual([...outcome.vacuumed].toSorted());
      expect(outcome.vacuumed.at(-1)).toBe("public.installation");
      // Again: nothing is bloated any more.
      expect((await weeklyMaintenance({ url })).reindexed).toEqual([]);
    },
  );

  it("builds an INVALID index again and goes on after a failure, which it reports", async () => {
    await run("update pg_index set indisvalid = false where indexrelid = 'idx_datasets_size'::regclass");
    // ANALYZE computes what indexes are on.
    await run(`insert into datasets select gen_random_uuid(), 'a', 'csv', 1, 1, 1, '', '[]', 'k';
      create function odd(integer) returns integer immutable language sql return 1; create index on datasets (odd(n_features));
      create or replace function odd(integer) returns integer immutable language plpgsql as $$ begin raise 'refused'; end $$`);
    const { mended, vacuumed, failed } = await weeklyMaintenance({ url });
    expect(mended).toEqual(["idx_datasets_size"]);
    expect(failed).toMatchObject([{ name: "public.datasets", error: { code: "DATABASE" } }]);
    expect(vacuumed).not.toContain("public.datasets");
    expect(vacuumed).toContain("public.detectors");
    expect(await withSql(url, indexFaults)).toEqual([]);
  });

  it("is of one process at a time, and an index that is being built again meanwhile is no fault", async () => {
    await run(bloat);
    await withClient(url, async (writer) => {
      await run("analyze detectors");
      await writer.query(
        "begin; insert into detectors (id, name, algorithm_name, contamination, options) values (gen_random_uuid(), 'w', 'w', 0.1, '{}')",
      );
      const first = weeklyMaintenance({ url });
      const isWaiting = async () =>
        (
          await run(
            "select from pg_stat_activity where query like 'reindex%' and wait_event_type = 'Lock' and datname = current_database()",
          )
        ).length === 1;
      await eventually("a rebuild waits for the writer", isWaiting);
      const invalid = await run("select indexrelid::regclass::text as name from pg_index where not indisvalid");
      expect(invalid).toMatchObject([{ name: expect.stringContaining("_ccnew") }]);
      expect(await withSql(url, indexFaults)).toEqual([]);
      expect(await weeklyMaintenance({ url })).toEqual({ isOurs: false, vacuumed: [], reindexed: [], mended: [], failed: [] });
      await writer.query("rollback");
      expect((await first).failed).toEqual([]);
    });
  });

  it("ends with its signal", async () => {
    await run(bloat);
    await withClient(url, async (writer) => {
      await writer.query("begin; lock table detectors in share update exclusive mode");
      const ending = new AbortController();
      const running = weeklyMaintenance({ url, signal: ending.signal });
      const isWaiting = async () =>
        (
          await run(
            "select from pg_stat_activity where query like 'vacuum%' and wait_event_type = 'Lock' and datname = current_database()",
          )
        ).length === 1;
      await eventually("vacuum waits for the lock", isWaiting);
      ending.abort();
      await expect(running).rejects.toMatchObject({ code: "ABORTED" });
    });
  });

  it("is due a week after the installation and after the last one, and then done once", async () => {
    const database = openTestDatabase({ url });
    const said: unknown[] = [];
    const log = { info: (...words: unknown[]) => void said.push(words), warn: (...words: unknown[]) => void said.push(words) };
    let now = 0;
    const look = createWeeklyCare({ database, databaseUrl: url, log } as unknown as ServiceContext, () => now);
    const { signal } = new AbortController();
    try {
      expect(await isWeeklyDue(database)).toBe(false);
      await look(signal);
      expect(said).toEqual([]);
      await run("update installation set made_at = now() - interval '7 days 1 minute'");
      expect(await isWeeklyDue(database)).toBe(true);
      await look(signal);
      expect(said).toMatchObject([
        [{ tables: (await ourTables(database)).length, indexes: [] }, "the weekly maintenance of the database is done"],
      ]);
      await eventually("PostgreSQL knows of the vacuum", async () => !(await isWeeklyDue(database)));
      // Still due, as for a role that may not vacuum: not before a day.
      await run("select pg_stat_reset()");
      await look(signal);
      now = 24 * 3_600_000 - 1;
      await look(signal);
      expect(said).toHaveLength(1);
      now++;
      await look(signal);
      expect(said).toHaveLength(2);
    } finally {
      await database.close();
    }
  });
});

describe("the bloat of indexes", () => {
  it("is none in new ones, also where keys are equal, and near what reading their pages finds in emptied ones", async () => {
    await run(`create extension pgstattuple; insert into detectors (id, name, algorithm_name, contamination, options)
      select gen_random_uuid(), 'd' || n, (array['knn', 'pca', 'ecod'])[1 + n % 3], 0.1, '{}' from generate_series(1, 40000) n;
      reindex table detectors`);
    await run("vacuum analyze detectors");
    const bloated = async () => (await withSql(url, indexBloat)).filter(({ table }) => table === "detectors");
    const fresh = await bloated();
    const empty = (await withSql(url, indexBloat)).filter(({ table }) => table === "trainings");
    expect(empty.map(({ needed_bytes: needed, bloat_percent: percent }) => [needed, percent])).toContainEqual([null, null]);
    expect(fresh.length).toBeGreaterThan(2);
    for (const { index, bloat_percent: percent } of fresh) expect(percent, index).toBeLessThan(15);
    await run("delete from detectors where right(name, 1) <> '7'");
    await run("vacuum analyze detectors");
    for (const { index, bloat_percent: percent } of await bloated()) {
      const [{ density: found, empty }] = await run(`select avg_leaf_density::float8 as density,
        (empty_pages + deleted_pages) / leaf_pages::float8 as empty from pgstatindex('${index}')`);
      // A new index is filled to 90 %.
      if (Number(empty) < 0.01) expect(Math.abs((percent ?? 0) - 100 * (1 - Number(found) / 90)), index).toBeLessThan(15);
    }
  });
});
