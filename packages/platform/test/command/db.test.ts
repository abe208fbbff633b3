import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runInProcess } from "../../test-support/run-cli.ts";
import { startTestServer, type TestServer, withClient } from "../../test-support/servers/postgres.ts";
import { watchedServer } from "../../test-support/servers/watched.ts";
import { startEmbedded } from "../../src/store/embedded/start-embedded.ts";

interface Report {
  readonly memory_bytes: number | null;
  readonly settings: readonly { readonly name: string; readonly status: string }[];
  readonly must_change: number;
  readonly not_seen: readonly { readonly lost: string }[];
}

describe("nomaly db check", () => {
  let server: TestServer;
  let well: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    // The guide's values for 4 GB, and 15MB of work_mem.
    const settings = [
      "shared_buffers=1GB",
      "effective_cache_size=3GB",
      "maintenance_work_mem=256MB",
      "checkpoint_completion_target=0.9",
    ];
    const more = ["wal_buffers=16MB", "random_page_cost=1.1", "work_mem=15MB", "log_min_duration_statement=1000"];
    well = await watchedServer([...settings, ...more]);
    await withClient(well.url, (client) => client.query("create extension pg_stat_statements"));
  });
  afterAll(async () => {
    await server.stop();
    await well.stop();
  });
  const check = (url: string, ...words: string[]) => runInProcess(["db", "check", "--database-url", url, ...words]);

  it("ends with 0 when all is well, and says for each setting why", async () => {
    const { code, stdout, stderr } = await check(well.url, "--memory", "4GB");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^PostgreSQL with 4,096 MB of memory; 68 connections are needed\.\n/);
    expect(stdout).toMatch(/shared_buffers +1GB +ok +a quarter of memory/);
    expect(stdout).not.toContain("change ");
  });

  it("ends with 5 when something must be changed, and says what", async () => {
    const { code, stdout, stderr } = await check(server.url, "--memory", "0.5gb");
    expect(code).toBe(5);
    expect(stdout).toMatch(/max_connections +200 +change to 70 +takes a restart/);
    expect(stdout).toMatch(/\nWarning: work_mem 4MB x max_connections 200 is 800MB, more than the 512MB of memory/);
    expect(stdout).toContain("nomaly db check --sql prints statements");
    expect(stderr).toMatch(/^nomaly: \d+ findings ask for a change of the database's server\n$/);
  });

  it("prints statements, lines for postgresql.conf, or JSON", async () => {
    expect((await check(server.url, "--memory", "4GB", "--sql")).stdout).toContain(
      "\nALTER SYSTEM SET random_page_cost = '1.1';\n",
    );
    expect((await check(server.url, "--memory", "4GB", "--conf")).stdout).toContain("\nrandom_page_cost = '1.1'\n");
    const { code, stdout } = await check(server.url, "--memory", "4GB", "--json");
    const report = JSON.parse(stdout) as Report;
    expect(code).toBe(5);
    expect(report.memory_bytes).toBe(4 * 2 ** 30);
    expect(report.settings.find(({ name }) => name === "random_page_cost")).toMatchObject({ status: "change" });
  });

  it("takes this machine's memory for a server here, and none for one elsewhere", async () => {
    const here = JSON.parse((await check(server.url, "--json")).stdout) as Report;
    expect(here.memory_bytes).toBeGreaterThan(2 ** 29);
    // Another name of this machine: nothing in it says that the server is here.
    const elsewhere = server.url.replace("127.0.0.1", "127.0.0.2");
    const there = await check(elsewhere, "--json");
    // It listens at 127.0.0.1 alone, so only the refusal is seen: the name was taken as it is.
    expect(there.code).toBe(1);
    expect(there.stderr).toContain("DATABASE: ");
  });

  it.each([
    [["db", "restore"], 'nomaly db knows check and maintain, not "restore"'],
    [["db"], "nomaly db needs check"],
    [["db", "check", "--memory", "8"], '--memory must be a size such as 8GB, from 64MB to 1024TB, got "8"'],
    [["db", "check", "--memory", "63MB"], "from 64MB"],
    [["db", "check", "--memory", "1025TB"], "to 1024TB"],
    [["db", "check", "--sql", "--json"], "nomaly db prints one of --sql and --json"],
    [["db", "maintain", "--sql"], "--sql is for nomaly db check"],
  ])("refuses %j with 2", async (words, said) => {
    const { code, stderr } = await runInProcess(words);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });
});

describe("nomaly db on the embedded database", () => {
  const folder = mkdtempSync(join(tmpdir(), "nomaly-db-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...words: string[]) => runInProcess(["db", ...words, "--data-dir", folder]);

  it("maintains it when no service runs and beside one, and finds its settings well", { timeout: 60_000 }, async () => {
    const alone = await run("maintain", "--json");
    expect(alone).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(alone.stdout)).toMatchObject({ done: true, reindexed: [], mended: [], failed: [] });
    const embedded = await startEmbedded(folder);
    try {
      await withClient(embedded.url, (client) => client.query("drop index idx_datasets_size"));
      const { stdout } = await run("maintain");
      expect(stdout).toMatch(
        /^\d\d tables were vacuumed and analysed\.\nidx_datasets_size was missing or invalid, and is built again\.\n$/,
      );
      await withClient(embedded.url, async (client) => {
        await client.query("select pg_advisory_lock(7263556)");
        expect((await run("maintain")).stdout).toBe("Another process maintains the database now: nothing was done.\n");
      });
      const { code, stdout: checked } = await run("check");
      expect(code).toBe(0);
      expect(checked).toMatch(/shared_buffers +128MB +fixed +nomaly sets it for its own PostgreSQL/);
      expect(checked).toMatch(/shared_preload_libraries +pg_stat_statements +ok/);
    } finally {
      await embedded.stop();
    }
  });
});
