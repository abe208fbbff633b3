import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer, withClient } from "../../../test-support/servers/postgres.ts";
import { modestUrl, watchedServer, withSql } from "../../../test-support/servers/watched.ts";
import { startEmbedded } from "../embedded/start-embedded.ts";
import { migrate } from "../schema/migrate.ts";
import { createStatementStatistics, statementStatistics } from "./statement-statistics.ts";

let plain: TestServer;
let loaded: TestServer;
beforeAll(async () => {
  [plain, loaded] = [await startTestServer(), await watchedServer()];
});
afterAll(async () => {
  await plain.stop();
  await loaded.stop();
});

describe("statistics of statements", () => {
  it("are there after the migrations of the embedded database, for at most 1000 statements that clients send", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nomaly-statistics-"));
    const embedded = await startEmbedded(folder);
    try {
      await migrate(embedded.url);
      expect(await withSql(embedded.url, statementStatistics)).toEqual({ kind: "ready", view: "public.pg_stat_statements" });
      const text = `select name, setting from pg_settings where name ~ 'pg_stat_statements|shared_preload|log_min_duration_st|parameter_max_length$' order by name`;
      const { rows } = await withClient(embedded.url, (client) => client.query<{ name: string; setting: string }>(text));
      expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toMatchObject({
        shared_preload_libraries: "pg_stat_statements",
        "pg_stat_statements.max": "1000",
        "pg_stat_statements.track": "top",
        "pg_stat_statements.track_utility": "off",
        log_min_duration_statement: "1000",
        log_parameter_max_length: "0",
      });
    } finally {
      await embedded.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("are missing where the server has not loaded the library, and migrations leave it so", async () => {
    const url = await plain.createDatabase();
    await migrate(url);
    const said = await withSql(url, statementStatistics);
    expect(said).toMatchObject({ kind: "missing", lost: "which statements are slow is not known" });
    expect(said).toMatchObject({ remedy: expect.stringMatching(/shared_preload_libraries, restart .* create extension/) });
    // Created, and useless without the library: not ready either.
    await withClient(url, (client) => client.query("create extension pg_stat_statements"));
    expect(await withSql(url, statementStatistics)).toEqual(said);
  });

  it("are created once the library is loaded, and left to a superuser by a role that may not", async () => {
    const url = await loaded.createDatabase();
    const name = new URL(url).pathname.slice(1);
    const modest = await modestUrl(url, "modest");
    await withClient(url, (client) => client.query(`alter database ${name} owner to modest`));
    await migrate(modest);
    expect(await withSql(modest, statementStatistics)).toMatchObject({
      kind: "missing",
      remedy: "as a superuser, in this database: create extension pg_stat_statements",
    });
    await withSql(url, createStatementStatistics);
    await withSql(url, createStatementStatistics);
    expect(await withSql(modest, statementStatistics)).toEqual({ kind: "ready", view: "public.pg_stat_statements" });
  });

  it("of an extension from before PostgreSQL 13 are missing until it is updated", async () => {
    const url = await loaded.createDatabase();
    await withClient(url, (client) => client.query("create extension pg_stat_statements version '1.7'"));
    expect(await withSql(url, statementStatistics)).toMatchObject({ remedy: expect.stringContaining("alter extension") });
    await withClient(url, (client) => client.query("alter extension pg_stat_statements update"));
    expect(await withSql(url, statementStatistics)).toMatchObject({ kind: "ready" });
  });
});
