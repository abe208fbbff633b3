import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestServer, type TestServer, withClient } from "../../../test-support/servers/postgres.ts";
import { openTestDatabase } from "../../../test-support/servers/store.ts";
import { modestUrl, watchedServer } from "../../../test-support/servers/watched.ts";
import { slowQueries } from "./slow-queries.ts";

let server: TestServer;
let url: string;
beforeAll(async () => {
  server = await watchedServer();
  url = await server.createDatabase();
  await run(`create extension pg_stat_statements; create table orders (id integer, customer integer);
    insert into orders select n, n from generate_series(1, 20000) n; analyze orders`);
});
afterAll(() => server.stop());

const run = (text: string) => withClient(url, (client) => client.query(text));

async function slowQueriesAt(address: string): ReturnType<typeof slowQueries> {
  const database = openTestDatabase({ url: address });
  try {
    return await slowQueries(database);
  } finally {
    await database.close();
  }
}

it("the slow statements are listed with their figures and what their plans say", async () => {
  await run("select pg_stat_statements_reset()");
  const tail = `as ${"long".repeat(50)}`;
  await run(`select id, pg_sleep(0.11), 'secret' ${tail} from orders where customer = 7`);
  await run("select pg_sleep(1.01), 1, 1");
  await run("create table made as select pg_sleep(0.12)::text, 'secret'");
  const { slow_queries: slow, not_seen: notSeen } = await slowQueriesAt(url);
  expect(notSeen).toEqual([]);
  expect(slow?.map(({ query }) => query.slice(0, 40))).toEqual([
    "select pg_sleep($1), $2, $3",
    expect.stringMatching(/^create table made as select pg_sleep\([?$]/),
    "select id, pg_sleep($1), $2 as longlongl",
  ]);
  expect(JSON.stringify(slow)).not.toContain("secret");
  const [slower, made, planned] = slow ?? [];
  expect(planned).toMatchObject({ total_calls: 1, rows: 1, not_explained: null });
  expect(planned.query).toHaveLength(203);
  expect(planned.query).toMatch(/[long]\.\.\.$/);
  expect(planned.mean_time_ms).toBeGreaterThan(109);
  expect(planned.suggestions).toEqual([expect.stringMatching(/CREATE INDEX CONCURRENTLY ON public\.orders \(customer\)$/)]);
  expect(planned.cache_hit_percent).toBe(100);
  expect(slower).toMatchObject({
    suggestions: ["it takes 1.0 s on average: split it, into fewer rows a call or several statements"],
  });
  // No block was asked for: no ratio, and no crash.
  expect(slower.cache_hit_percent).toBeNull();
  expect(made).toMatchObject({ not_explained: "it does not only read" });
});

it("of 21 slow statements, the 20 slowest are listed, and none of 100 ms; a low hit ratio points at memory first, and 95 % is none", async () => {
  const other = await server.createDatabase();
  await withClient(other, (client) =>
    client.query(`create extension pg_stat_statements; alter view pg_stat_statements rename to hidden;
      create table pg_stat_statements as select 'select ' || n as query, 100 + n::float8 as mean_exec_time, 3::bigint as calls, 6::bigint as rows,
        94::bigint + n % 2 as shared_blks_hit, 6::bigint - n % 2 as shared_blks_read, 0::bigint as temp_blks_written, n::bigint as queryid,
        (select oid from pg_database where datname = current_database()) as dbid,
        (select oid from pg_roles where rolname = current_user) as userid from generate_series(0, 21) n`),
  );
  const { slow_queries: slow } = await slowQueriesAt(other);
  expect(slow?.map(({ mean_time_ms: ms }) => ms)).toEqual(Array.from({ length: 20 }, (_, at) => 121 - at));
  await withClient(other, (client) => client.query("delete from pg_stat_statements where mean_exec_time > 101"));
  expect((await slowQueriesAt(other)).slow_queries).toMatchObject([{ mean_time_ms: 101 }]);
  expect(slow?.[0]).toMatchObject({ total_calls: 3, rows: 6, cache_hit_percent: 95, suggestions: [], query: "select ?" });
  expect(slow?.[1]).toMatchObject({
    cache_hit_percent: 94,
    suggestions: [
      "94.0 % of its blocks were in shared_buffers, less than 95 %: give the server more memory first (nomaly db check), then read fewer blocks",
    ],
  });
});

it("a statement whose mean is above 1000 ms is to be split", async () => {
  const other = await server.createDatabase();
  await withClient(other, (client) =>
    client.query(`create extension pg_stat_statements; alter view pg_stat_statements rename to hidden;
      create table pg_stat_statements as select 'select $1' as query, 1000 + n::float8 as mean_exec_time, 1::bigint as calls, 1::bigint as rows,
        0::bigint as shared_blks_hit, 0::bigint as shared_blks_read, 0::bigint as temp_blks_written, n::bigint as queryid,
        (select oid from pg_database where datname = current_database()) as dbid,
        (select oid from pg_roles where rolname = current_user) as userid from generate_series(0, 1) n`),
  );
  expect((await slowQueriesAt(other)).slow_queries).toMatchObject([
    {
      mean_time_ms: 1001,
      cache_hit_percent: null,
      suggestions: [expect.stringMatching(/^it takes 1\.0 s on average: split it/)],
    },
    { mean_time_ms: 1000, cache_hit_percent: null, suggestions: [] },
  ]);
});

it("a role without rights sees its own statements, and which grant shows the others; with it, theirs are not planned in its name", async () => {
  await run("select pg_stat_statements_reset()");
  const modest = await modestUrl(url, "modest_slow");
  await run("select pg_sleep(0.13) as theirs");
  await withClient(modest, (client) => client.query("select pg_sleep(0.12) as own"));
  const alone = await slowQueriesAt(modest);
  expect(alone.slow_queries).toMatchObject([{ query: "select pg_sleep($1) as own", not_explained: null }]);
  expect(alone.not_seen).toMatchObject([{ remedy: "as a superuser: grant pg_monitor to modest_slow" }]);
  await run("grant pg_monitor to modest_slow");
  expect(await slowQueriesAt(modest)).toMatchObject({
    slow_queries: [
      { query: "select pg_sleep($1) as theirs", not_explained: expect.stringContaining("another role") },
      { query: "select pg_sleep($1) as own", not_explained: null },
    ],
    not_seen: [],
  });
});

it("without the extension there is no list, and the answer says how to get it", async () => {
  const plain = await startTestServer();
  try {
    expect(await slowQueriesAt(plain.url)).toMatchObject({
      slow_queries: null,
      not_seen: [{ lost: "which statements are slow is not known", remedy: expect.stringContaining("shared_preload_libraries") }],
    });
  } finally {
    await plain.stop();
  }
});
