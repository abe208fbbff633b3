import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startService } from "../../../test-support/servers/service.ts";
import { eventually } from "../../../test-support/eventually.ts";
import { startTestDatabase, type TestDatabase, withClient } from "../../../test-support/servers/postgres.ts";
import { schemaFingerprint } from "../../../test-support/schema-fingerprint.ts";
import { indexFaults } from "./index-faults.ts";
import { migrate } from "./migrate.ts";
import { rebuildIndexes } from "./rebuild-indexes.ts";
import { monthOf } from "./result-partitions.ts";

const timeout = 60_000;

let server: TestDatabase;
let url: string;
let whole: readonly string[];
beforeAll(async () => (server = await startTestDatabase()));
afterAll(() => server.stop());
beforeEach(async () => {
  url = await server.createDatabase();
  await migrate(url);
  whole = await schema();
});

/** Indexes of months go by what they are on: those that PostgreSQL makes itself have other names than ours. */
async function schema(): Promise<readonly string[]> {
  const lines = await schemaFingerprint(url);
  return lines.map((line) => line.replace(/(^index detection_results_\S+ .*INDEX) \S+ ON/, "$1 ON")).toSorted();
}

const run = (text: string) => withClient(url, async (client) => (await client.query<Record<string, unknown>>(text)).rows);
const faults = () =>
  withClient(url, async (client) => {
    const sql = { query: async (text: string, values: readonly unknown[] = []) => client.query(text, [...values]) };
    return (await indexFaults(sql as Parameters<typeof indexFaults>[0])).map(({ name, kind }) => `${name}: ${kind}`);
  });

/** A row of `table` that is being written, for as long as `work` runs: concurrent builds wait for its transaction. */
async function whileWriting(work: () => Promise<void>): Promise<void> {
  await withClient(url, async (writer) => {
    await writer.query("begin; insert into datasets select gen_random_uuid(), 'a', 'csv', 1, 1, 1, '', '[]', 'k'");
    try {
      await work();
    } finally {
      await writer.query("rollback");
    }
  });
}

/** Begins to build concurrently, and is killed while the build waits for a writer. */
async function killedBuild(statement: string): Promise<void> {
  await whileWriting(async () => {
    const building = expect(run(statement)).rejects.toThrow(/terminat/);
    const ended = async () => {
      const text = `select pg_terminate_backend(pid) from pg_stat_activity
        where query = $1 and wait_event = 'virtualxid' and datname = current_database()`;
      return withClient(url, async (client) => (await client.query(text, [statement])).rowCount === 1);
    };
    await eventually("the build waits, and is killed", ended);
    await building;
  });
}

/** An index of one month, which belongs to the index of the table. */
async function monthIndex(): Promise<string> {
  const text = `select c.relname as name from pg_inherits h join pg_class c on c.oid = h.inhrelid join pg_index i on i.indexrelid = c.oid
    where h.inhparent = 'idx_detection_results_detector'::regclass and i.indrelid = '${monthOf(new Date(), 0).partition}'::regclass`;
  return String((await run(text))[0]["name"]);
}

describe("an index that is not as it should be is found and rebuilt, whatever migrations are recorded:", () => {
  const mended = async () => {
    await migrate(url);
    const { failed } = await rebuildIndexes(url);
    expect(failed).toEqual([]);
    expect(await faults()).toEqual([]);
    expect(await schema()).toEqual(whole);
  };

  it("none is faulty after the migrations", async () => {
    expect(await faults()).toEqual([]);
    expect(await rebuildIndexes(url)).toEqual({ isOurs: true, mended: [], failed: [] });
  });

  it("INVALID, as a killed concurrent build leaves it", async () => {
    await run("drop index idx_datasets_size");
    await killedBuild("create index concurrently idx_datasets_size on datasets (n_samples)");
    expect(await faults()).toEqual(["idx_datasets_size: invalid"]);
    await mended();
  });

  it("missing, as after somebody's drop", async () => {
    await run("drop index idx_detectors_created");
    await run("drop index idx_detection_results_detector");
    expect(await faults()).toEqual(["idx_detectors_created: missing", "idx_detection_results_detector: missing"]);
    await mended();
  });

  it("of the months, when its build ended before the first of them", async () => {
    await run("drop index idx_detection_results_timestamp");
    await run("create index idx_detection_results_timestamp on only detection_results (created_at)");
    expect(await faults()).toEqual(["idx_detection_results_timestamp: invalid"]);
    await mended();
  });

  it("of one month alone, INVALID", async () => {
    const name = await monthIndex();
    await run(`update pg_index set indisvalid = false where indexrelid = '${name}'::regclass`);
    expect(await faults()).toEqual([`${name}: invalid`]);
    await mended();
  });

  it("of one month, and of the table with it", async () => {
    const names = `'${await monthIndex()}'::regclass, 'idx_detection_results_detector'::regclass`;
    await run(`update pg_index set indisvalid = false where indexrelid in (${names})`);
    await mended();
  });

  it("left over by a killed reindex", async () => {
    await killedBuild("reindex index concurrently idx_datasets_created");
    expect(await faults()).toEqual(["idx_datasets_created_ccnew: left over"]);
    await mended();
  });

  it("under our name on another column", async () => {
    await run("drop index idx_datasets_size; create index idx_datasets_size on datasets (n_features)");
    expect(await faults()).toEqual(["idx_datasets_size: on other columns"]);
    await mended();
  });

  it("by one process at a time", async () => {
    await run("drop index idx_datasets_size");
    await whileWriting(async () => {
      const first = rebuildIndexes(url);
      await eventually("the first builds", async () => (await faults()).includes("idx_datasets_size: invalid"));
      expect(await rebuildIndexes(url)).toEqual({ isOurs: false, mended: [], failed: [] });
      await run(`select pg_cancel_backend(pid) from pg_stat_activity
        where query like 'create index concurrently%' and pid <> pg_backend_pid() and datname = current_database()`);
      expect(await first).toMatchObject({ mended: [], failed: [{ name: "idx_datasets_size" }] });
    });
    await mended();
  });
});

describe("a service that starts on a database with an INVALID index", () => {
  it("is up before the index is rebuilt, says degraded with its name meanwhile, and ok afterwards", { timeout }, async () => {
    await run("drop index idx_datasets_size");
    await killedBuild("create index concurrently idx_datasets_size on datasets (n_samples)");
    const database = async () => (await service.ask("GET /health/full")).body["database"] as { status: string; detail?: string };
    let service = { ask: async () => Promise.reject(new Error("not started")) } as unknown as Awaited<
      ReturnType<typeof startService>
    >;
    await whileWriting(async () => {
      service = await startService({ database_url: url });
      expect(await database()).toMatchObject({
        status: "degraded",
        detail: expect.stringMatching(/idx_datasets_size is (invalid|missing)/),
      });
    });
    try {
      await eventually("the index is whole", async () => (await database()).status === "ok", 30_000);
      expect(await schema()).toEqual(expect.arrayContaining([...whole]));
    } finally {
      await service.close();
    }
  });
});
