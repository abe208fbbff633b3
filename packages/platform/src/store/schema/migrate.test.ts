import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFaultProxy } from "../../../test-support/faults/fault-proxy.ts";
import { startTestDatabase, type TestDatabase, withClient } from "../../../test-support/servers/postgres.ts";
import { migrate } from "./migrate.ts";

let server: TestDatabase;
beforeAll(async () => (server = await startTestDatabase()));
afterAll(() => server.stop());

/** All that a migration makes, as lines: columns, indexes with their validity, constraints, settings, finished numbers. */
async function schemaOf(url: string): Promise<readonly string[]> {
  const text = `
    select format('column %s.%s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull) as line
      from pg_attribute a join pg_class c on c.oid = a.attrelid where c.relnamespace = 'public'::regnamespace and a.attnum > 0
      and not a.attisdropped and c.relkind in ('r', 'p')
    union all select format('index %s valid %s', pg_get_indexdef(i.indexrelid), i.indisvalid)
      from pg_index i join pg_class c on c.oid = i.indexrelid where c.relnamespace = 'public'::regnamespace
    union all select format('constraint %s %s', conrelid::regclass, pg_get_constraintdef(oid))
      from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'
    union all select format('settings %s %s', relname, reloptions) from pg_class where reloptions is not null
      and relnamespace = 'public'::regnamespace
    union all select format('partition %s of %s', inhrelid::regclass, inhparent::regclass) from pg_inherits
    union all select format('migration %s', number) from schema_migrations
    order by line`;
  return withClient(url, async (client) => (await client.query<{ line: string }>(text)).rows.map(({ line }) => line));
}

const indexes: Readonly<Record<string, string>> = {
  idx_detectors_algorithm: "detectors (algorithm_name)",
  idx_detectors_created: "detectors (created_at)",
  idx_detectors_algo_fitted: "detectors (algorithm_name, is_fitted)",
  idx_datasets_size: "datasets (n_samples)",
  idx_datasets_format_size: "datasets (file_format, n_samples)",
  idx_detection_results_timestamp: "detection_results (created_at)",
  idx_detection_results_detector: "detection_results (detector_id)",
  idx_detection_results_detector_created: "detection_results (detector_id, created_at)",
  idx_detection_results_dataset: "detection_results (dataset_id)",
};

describe("migrating", () => {
  it("makes every named index on its columns, valid, and those of detection_results on each partition", async () => {
    const url = await server.createDatabase();
    await migrate(url);
    const text = `select c.relname as name, i.indisvalid as valid, pg_get_indexdef(i.indexrelid) as definition,
        (select count(*)::integer from pg_inherits h join pg_index p on p.indexrelid = h.inhrelid and p.indisvalid
          where h.inhparent = i.indexrelid) as partitions
      from pg_index i join pg_class c on c.oid = i.indexrelid where c.relname = any($1)`;
    const { rows } = await withClient(url, (client) => client.query(text, [Object.keys(indexes)]));
    for (const [name, on] of Object.entries(indexes)) {
      const found = rows.find((row) => row.name === name);
      expect(found?.definition.replace(/ USING btree|public\.|ONLY /g, "")).toBe(`CREATE INDEX ${name} ON ${on}`);
      // Three months and the default partition.
      expect(found).toMatchObject({ valid: true, partitions: on.startsWith("detection_results") ? 4 : 0 });
    }
  });

  it("sets the autovacuum scale factors, for results on each partition", async () => {
    const url = await server.createDatabase();
    await migrate(url);
    const text =
      "select relname, reloptions[1] as setting from pg_class where reloptions is not null and relkind = 'r' and relnamespace = 'public'::regnamespace";
    const { rows } = await withClient(url, (client) => client.query<{ relname: string; setting: string }>(text));
    const factors = new Map(rows.map(({ relname, setting }) => [relname, Number(setting.split("=")[1])]));
    expect(factors.get("detectors")).toBe(0.1);
    expect(factors.get("datasets")).toBe(0.1);
    const partitions = [...factors.keys()].filter((name) => name.startsWith("detection_results_"));
    expect(partitions).toHaveLength(4);
    for (const name of partitions) expect(factors.get(name)).toBe(0.05);
  });

  it("twice changes nothing", async () => {
    const url = await server.createDatabase();
    await migrate(url);
    const before = await schemaOf(url);
    await migrate(url);
    expect(await schemaOf(url)).toEqual(before);
  });

  it("by two processes at once, one waits for the other", async () => {
    const url = await server.createDatabase();
    await Promise.all([migrate(url), migrate(url), migrate(url)]);
    const clean = await server.createDatabase();
    await migrate(clean);
    expect(await schemaOf(url)).toEqual(await schemaOf(clean));
  });

  it("cut off after any number of bytes and repeated gives the same schema", async () => {
    const clean = await server.createDatabase();
    await migrate(clean);
    const wanted = await schemaOf(clean);
    const { hostname, port } = new URL(server.url);
    const proxy = await startFaultProxy({ host: hostname, port: Number(port) });
    try {
      const throughProxy = (url: string) => Object.assign(new URL(url), { hostname: proxy.host, port: String(proxy.port) }).href;
      const url = await server.createDatabase();
      let cuts = 0;
      // Each attempt gets a little further than the one before; what it did is never undone.
      for (let byteCount = 200; ; byteCount += 170) {
        proxy.cutAfterBytes(byteCount);
        const isDone = await migrate(throughProxy(url)).then(
          () => true,
          () => false,
        );
        if (isDone) break;
        cuts++;
      }
      expect(cuts).toBeGreaterThan(5);
      expect(await schemaOf(url)).toEqual(wanted);
    } finally {
      await proxy.close();
    }
  });

  it("refuses a database that a newer version has made", async () => {
    const url = await server.createDatabase();
    await migrate(url);
    await withClient(url, (client) => client.query("insert into schema_migrations values (9999, 'later')"));
    await expect(migrate(url)).rejects.toMatchObject({ code: "CONFLICT", message: expect.stringContaining("9999") });
  });
});
