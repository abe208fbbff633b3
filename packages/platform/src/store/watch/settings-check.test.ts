import { appendFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer, withClient } from "../../../test-support/servers/postgres.ts";
import { modestUrl, withSql } from "../../../test-support/servers/watched.ts";
import { migrate } from "../schema/migrate.ts";
import type { LiveSetting } from "./server-settings.ts";
import { checkSettings, judgeSettings, type SettingsCheck } from "./settings-check.ts";
import { settingsConf, settingsSql } from "./settings-text.ts";

const gib = 1024 ** 3;
const mib = 1024 ** 2;

/** The guide's settings for a host of about 4 GB: DB-1 and DB-2. */
const guide: readonly (readonly [name: string, value: number, shown: string])[] = [
  ["max_connections", 200, "200"],
  ["shared_buffers", gib, "1GB"],
  ["effective_cache_size", 3 * gib, "3GB"],
  ["maintenance_work_mem", 256 * mib, "256MB"],
  ["checkpoint_completion_target", 0.9, "0.9"],
  ["wal_buffers", 16 * mib, "16MB"],
  ["default_statistics_target", 100, "100"],
  ["random_page_cost", 1.1, "1.1"],
  ["work_mem", 64 * mib, "64MB"],
  ["log_min_duration_statement", 1000, "1000ms"],
  ["shared_preload_libraries", Number.NaN, "pg_stat_statements"],
];

function judged(
  memoryBytes: number,
  changes: Readonly<Record<string, Partial<LiveSetting>>> = {},
  connectionsNeeded = 68,
): SettingsCheck {
  const live = guide.map(([name, value, shown]): [string, LiveSetting] => [
    name,
    { name, value, shown, takesEffect: "restart", source: "configuration file", waitsForRestart: false, ...changes[name] },
  ]);
  const statistics = { kind: "ready", view: "public.pg_stat_statements" } as const;
  return judgeSettings({ live: new Map(live), connectionsNeeded, statistics, role: "me" }, { memoryBytes, isEmbedded: false });
}

const wanted = (check: SettingsCheck) => Object.fromEntries(check.settings.map((setting) => [setting.name, setting.wanted]));
const changed = (check: SettingsCheck) => check.settings.filter(({ status }) => status === "change").map(({ name }) => name);

describe("the settings for a server", () => {
  it("with 4 GB are those of the guide, but for work_mem: 64MB x 200 connections is more than it has", () => {
    const check = judged(4 * gib);
    // (4 GiB - 1 GiB) / 200 connections, in whole MiB.
    expect(wanted(check)).toEqual({ ...Object.fromEntries(guide.map(([name, , shown]) => [name, shown])), work_mem: "15MB" });
    expect(changed(check)).toEqual(["work_mem"]);
    expect(check.warnings).toEqual([
      "work_mem 64MB x max_connections 200 is 12800MB, more than the 4GB of memory: the system may end the server when all of them sort",
    ]);
    expect(check.must_change).toBe(2);
    expect(check.settings.every(({ why }) => why.length > 20)).toBe(true);
  });

  it("with 20 GB have all of the guide's work_mem, which that memory holds", () => {
    const check = judged(20 * gib);
    expect(wanted(check)).toMatchObject({
      work_mem: "64MB",
      shared_buffers: "5GB",
      maintenance_work_mem: "1GB",
      wal_buffers: "16MB",
    });
    expect(changed(check)).toEqual(["shared_buffers", "effective_cache_size", "maintenance_work_mem"]);
    expect(check.warnings).toEqual([]);
  });

  it("with 1 GB allow fewer connections, but those that are needed", () => {
    expect(wanted(judged(gib))).toMatchObject({
      max_connections: "70",
      shared_buffers: "256MB",
      wal_buffers: "8MB",
      work_mem: "10MB",
    });
    expect(wanted(judged(gib, {}, 20))).toMatchObject({ max_connections: "51" });
    const many = judged(64 * gib, {}, 201);
    expect(wanted(many)).toMatchObject({ max_connections: "210" });
    expect(changed(many)).toContain("max_connections");
  });

  it("are fine about there, and not far off", () => {
    const isChanged = (value: number) => changed(judged(4 * gib, { shared_buffers: { value } })).includes("shared_buffers");
    expect([511, 512, 1638, 1639].map((size) => isChanged(size * mib))).toEqual([true, false, false, true]);
    const logs = (value: number) => changed(judged(4 * gib, { log_min_duration_statement: { value } })).length > 1;
    expect([-1, 0, 1, 1000, 1001].map(logs)).toEqual([true, true, false, false, true]);
  });

  it("that are changed and wait for a restart are named", () => {
    expect(judged(20 * gib, { wal_buffers: { waitsForRestart: true } }).warnings).toEqual([
      "changed, but not in force before the server restarts: wal_buffers",
    ]);
  });
});

describe("a real server", () => {
  let server: TestServer;
  beforeAll(async () => (server = await startTestServer()));
  afterAll(() => server.stop());

  const wish = { ofProcess: 55, reserve: 10 };
  const check = (url: string, memoryBytes: number | undefined = 64 * gib) =>
    withSql(url, (sql) => checkSettings(sql, { ...wish, memoryBytes, isEmbedded: false }));
  const show = async (names: readonly string[]) => {
    const text = "select name, current_setting(name) as value from pg_settings where name = any($1) order by name";
    const { rows } = await withClient(server.url, (client) => client.query<{ name: string; value: string }>(text, [names]));
    return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  };
  const run = (text: string) => withClient(server.url, (client) => client.query(text));
  async function restart(): Promise<void> {
    await server.halt();
    await server.start();
  }
  const names = [
    "effective_cache_size",
    "log_min_duration_statement",
    "maintenance_work_mem",
    "random_page_cost",
    "shared_preload_libraries",
    "wal_buffers",
    "work_mem",
  ];
  const asWanted = {
    effective_cache_size: "48GB",
    log_min_duration_statement: "1s",
    maintenance_work_mem: "1GB",
    random_page_cost: "1.1",
    wal_buffers: "16MB",
    work_mem: "64MB",
  };

  it("takes the statements that are printed, keeps its other libraries, and is then as it should be", async () => {
    await run("alter system set shared_preload_libraries = 'auto_explain'");
    await restart();
    const before = await check(server.url);
    expect(changed(before)).toEqual(expect.arrayContaining(names));
    const statements = settingsSql(before)
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("--"));
    // As psql sends them: one by one.
    for (const statement of statements) await run(statement);
    expect((await check(server.url)).warnings).toEqual([
      expect.stringMatching(/^changed, but not in force before the server restarts: .*(wal_buffers|shared_preload_libraries)/),
    ]);
    await restart();
    expect(await show(names)).toEqual({ ...asWanted, shared_preload_libraries: "auto_explain, pg_stat_statements" });
    const after = await check(server.url);
    // The test's server has these on its command line, which nothing printed changes: that is said instead.
    expect(changed(after)).toEqual(["shared_buffers"]);
    expect(settingsSql(after)).toContain("-- shared_buffers should be 16GB: change it where it is set, in the command line\n");
    expect(settingsSql(after)).not.toMatch(/^ALTER/m);
  });

  it("takes the lines for postgresql.conf that are printed", async () => {
    await run("alter system reset all");
    await restart();
    await run("drop extension pg_stat_statements");
    const before = await check(server.url);
    const { rows } = await run("select current_setting('config_file') as path");
    appendFileSync(String(rows[0]["path"]), settingsConf(before));
    await restart();
    expect(await show(names)).toEqual({ ...asWanted, shared_preload_libraries: "pg_stat_statements" });
    const applied = await run(
      "select name from pg_file_settings where error is not null and name = any('{work_mem,wal_buffers}')",
    );
    expect(applied.rows).toEqual([]);
    // Loaded, and not yet created: the next start of the service does that.
    expect(changed(await check(server.url))).toEqual(["shared_buffers", "shared_preload_libraries"]);
  });

  it("is not judged by the memory of another machine", async () => {
    const remote = await withSql(server.url, (sql) => checkSettings(sql, { ...wish, memoryBytes: undefined, isEmbedded: false }));
    expect(remote.not_seen).toEqual([
      { lost: "the memory of the server is not known from here", remedy: "say it, as in --memory 8GB" },
    ]);
    expect(remote.settings.filter(({ status }) => status === "unknown").map(({ name }) => name)).toEqual([
      "shared_buffers",
      "effective_cache_size",
      "maintenance_work_mem",
      "work_mem",
      "wal_buffers",
    ]);
    expect(settingsSql(remote)).toContain("-- the memory of the server is not known from here: say it, as in --memory 8GB\n");
  });

  it("is checked by a role without rights, which is told the grant for what it does not see", async () => {
    const modest = await check(await modestUrl(server.url, "modest"));
    expect(modest.not_seen).toEqual([
      { lost: "shared_preload_libraries is not seen", remedy: "as a superuser: grant pg_monitor to modest" },
    ]);
    expect(modest.settings.at(-1)).toMatchObject({ live: null, wanted: null, status: "change" });
    expect(settingsSql(modest)).not.toContain("SET shared_preload_libraries");
    await run("grant pg_monitor to modest");
    const url = Object.assign(new URL(server.url), { username: "modest", password: "modest" }).href;
    expect((await check(url)).not_seen).toEqual([]);
  });

  it("needs the connections of all processes that use it, beside those that are kept", async () => {
    const url = await server.createDatabase();
    await migrate(url);
    // 55 of a process, 10 in reserve, 3 that PostgreSQL keeps for superusers.
    expect((await check(url)).connections_needed).toBe(68);
    await withClient(url, async (client) => {
      await client.query(`insert into processes (id, kind, host, pid, connection_count_max, application_name)
        select gen_random_uuid(), 'serve', 'here', n, 100, current_setting('application_name') from generate_series(1, 2) n`);
      expect((await check(url)).connections_needed).toBe(213);
    });
  });

  it("that is nomaly's own is not to be changed by hand", async () => {
    const own = await withSql(server.url, (sql) => checkSettings(sql, { ...wish, memoryBytes: 64 * gib, isEmbedded: true }));
    expect(own.must_change).toBe(0);
    expect(own.settings.find(({ name }) => name === "shared_buffers")).toMatchObject({ status: "fixed" });
  });
});
