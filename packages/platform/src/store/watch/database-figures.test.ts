import type { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { startTestServer, type TestServer, withClient } from "../../../test-support/servers/postgres.ts";
import { modestUrl, watchedServer, withSql } from "../../../test-support/servers/watched.ts";
import { databaseFigures } from "./database-figures.ts";

let server: TestServer;
beforeAll(async () => (server = await watchedServer()));
afterAll(() => server.stop());

async function watchedDatabase(): Promise<string> {
  const url = await server.createDatabase();
  await withClient(url, (client) => client.query("create extension pg_stat_statements"));
  return url;
}

/** Runs a statement that takes `seconds` on a session of its own while `work` runs. */
async function whileSleeping(url: string, seconds: number, work: (client: Client) => Promise<void>): Promise<void> {
  await withClient(url, async (client) => {
    const sleeping = client.query(`select pg_sleep(${seconds})`).catch(() => undefined);
    const isAsleep = () =>
      withClient(url, async (other) => {
        const text = "select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()";
        return (await other.query(text)).rowCount === 1;
      });
    await eventually("the session sleeps", isAsleep);
    await work(client);
    await withClient(url, (other) =>
      other.query(
        "select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()",
      ),
    );
    await sleeping;
  });
}

describe("the figures of a database", () => {
  it("on which nobody works have no duration and no ratio, and miss nothing", async () => {
    const url = await watchedDatabase();
    expect(await withSql(url, databaseFigures)).toEqual({
      active_connections: 0,
      avg_query_duration: null,
      slow_queries: [],
      cache_hit_ratio: null,
      not_seen: [],
    });
  });

  it("count the sessions at work without the one that asks, and for how long they have been", async () => {
    const url = await watchedDatabase();
    await withClient(url, async (idle) => {
      await idle.query("select 1");
      const before = Date.now();
      await whileSleeping(url, 60, async () => {
        // The one that sleeps has done so for some of the time since `before`, in ms and not in s.
        const oldest = `select 1000 * extract(epoch from clock_timestamp() - query_start)::float8 as ms from pg_stat_activity where wait_event = 'PgSleep'`;
        const { rows } = await idle.query<{ ms: number }>(oldest);
        const figures = await withSql(url, databaseFigures);
        expect(figures.active_connections).toBe(1);
        expect(figures.avg_query_duration).toBeGreaterThan(rows[0].ms);
        expect(figures.avg_query_duration).toBeLessThan(Date.now() - before);
      });
    });
  });

  it("list the ten slowest statements whose mean is above 1000 ms, without their values", async () => {
    const url = await watchedDatabase();
    await withClient(url, (client) => client.query("select pg_sleep(1.05) as secret7, 'password'"));
    const { slow_queries: slow } = await withSql(url, databaseFigures);
    expect(slow).toMatchObject([{ query: "select pg_sleep($1) as secret7, $2", calls: 1 }]);
    expect(slow?.[0].mean).toBeGreaterThan(1049);
    expect(slow?.[0].total).toBe(slow?.[0].mean);
    // Twelve different statements, none of which need really be slow: the statistics are those of a view of the same name.
    await withClient(url, (client) =>
      client.query(`drop extension pg_stat_statements; create table kept (query text, mean_exec_time float8, calls bigint,
        total_exec_time float8, dbid oid, queryid bigint);
        insert into kept select 'select ''x'' as c' || n, 1000 + n, 2, 2000 + 2 * n,
          (select oid from pg_database where datname = current_database()), n from generate_series(0, 12) n;
        create extension pg_stat_statements; alter view pg_stat_statements rename to hidden;
        alter table kept rename to pg_stat_statements`),
    );
    const { slow_queries: most } = await withSql(url, databaseFigures);
    expect(most).toHaveLength(10);
    expect(most?.map(({ mean: ms }) => ms)).toEqual([1012, 1011, 1010, 1009, 1008, 1007, 1006, 1005, 1004, 1003]);
    await withClient(url, (client) => client.query("delete from pg_stat_statements where mean_exec_time > 1001"));
    expect((await withSql(url, databaseFigures)).slow_queries).toMatchObject([{ mean: 1001 }]);
    expect(most?.[0]).toEqual({ query: "select ? as c12", mean: 1012, calls: 2, total: 2024 });
  });

  it("have hits in % of the blocks of tables", async () => {
    const url = await watchedDatabase();
    await withClient(url, (client) => client.query("create table t as select 1 as a; select * from t"));
    const text = "select heap_blks_hit::float8 as hit, heap_blks_read::float8 as read from pg_statio_user_tables";
    await withClient(url, async (client) => {
      const counted = async () => (await client.query<{ hit: number; read: number }>(text)).rows[0];
      await eventually("the statistics have arrived", async () => (await counted()).hit > 0);
      const { hit, read } = await counted();
      expect((await withSql(url, databaseFigures)).cache_hit_ratio).toBeCloseTo((hit / (hit + read)) * 100, 9);
    });
  });

  it("of a role without rights are of its own sessions, and say which grant shows the others", async () => {
    const url = await watchedDatabase();
    const modest = await modestUrl(url, "Modest one");
    await whileSleeping(url, 60, async () => {
      expect(await withSql(modest, databaseFigures)).toMatchObject({
        active_connections: 0,
        slow_queries: [],
        not_seen: [
          {
            lost: "what other roles do in this database is not seen",
            remedy: 'as a superuser: grant pg_monitor to "Modest one"',
          },
        ],
      });
      await withClient(url, (client) => client.query('grant pg_monitor to "Modest one"'));
      expect(await withSql(modest, databaseFigures)).toMatchObject({ active_connections: 1, not_seen: [] });
    });
  });

  it("without the extension have no list of slow statements, and say how to get it", async () => {
    const plain = await startTestServer();
    try {
      const { slow_queries: slow, not_seen: notSeen } = await withSql(plain.url, databaseFigures);
      expect(slow).toBeNull();
      expect(notSeen).toMatchObject([
        { lost: "which statements are slow is not known", remedy: expect.stringContaining("shared_preload_libraries") },
      ]);
    } finally {
      await plain.stop();
    }
  });
});
