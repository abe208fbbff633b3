import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig } from "./read-config.ts";

describe("the settings", () => {
  it("come from the command line, then the environment, then the file, then the default", () => {
    const file = join(mkdtempSync(join(tmpdir(), "nomaly-config-")), "nomaly.json");
    writeFileSync(file, JSON.stringify({ port: 1, rate_limit: 2, request_rows: 3 }));
    const environment = { NOMALY_PORT: "10", NOMALY_RATE_LIMIT: "20" };
    const { config, settings } = readConfig({ commandLine: { port: "100" }, environment, file });
    expect(config).toMatchObject({ port: 100, rateLimit: 20, requestRows: 3, requestColumns: 10_000 });
    const sources = Object.fromEntries(settings.map(({ name, source }) => [name, source]));
    expect(sources).toMatchObject({
      port: "command line",
      rate_limit: "environment",
      request_rows: "file",
      request_columns: "default",
    });
  });

  it("has the limits that are documented when nothing is set", () => {
    expect(readConfig({ environment: {} }).config).toMatchObject({
      bodyBytes: 64 * 2 ** 20,
      uploadBytes: 2 * 2 ** 30,
      quotaBytes: 20 * 2 ** 30,
      databasePoolSize: 20,
      databaseMaxOverflow: 30,
      databasePoolRecycleS: 3600,
      redisMaxConnections: 20,
      httpMaxConnections: 100,
      httpMaxConnectionsPerHost: 30,
    });
  });

  it("name variables that are none, with the nearest that is", () => {
    const environment = {
      NOMALY_JOB_CONCURENCY: "2",
      NOMALY_XYZZY: "",
      NOMALY_PORT: "1",
      NOMALY_CONFIG: "",
      NOMALY_TEST_POSTGRES: "x",
    };
    expect(readConfig({ environment: { ...environment, PATH: "/bin", nomaly_port: "2" } }).unknownVariables).toEqual([
      { variable: "NOMALY_JOB_CONCURENCY", nearest: "NOMALY_JOB_CONCURRENCY" },
      { variable: "NOMALY_XYZZY", nearest: undefined },
    ]);
  });

  it("name the setting and its source when a value is wrong", () => {
    expect(() => readConfig({ environment: { NOMALY_PORT: "http" } })).toThrow(
      'port (NOMALY_PORT) from the environment must be a whole number from 0 to 65535, got "http"',
    );
    expect(() => readConfig({ environment: { NOMALY_BODY_BYTES: "64 apples" } })).toThrow(
      /body_bytes .* must be a size such as 64MiB/,
    );
    expect(() => readConfig({ environment: { NOMALY_AUTH: "maybe" } })).toThrow(/one of auto, required, none/);
    expect(() => readConfig({ environment: {}, file: "/nowhere/nomaly.json" })).toThrow(
      expect.objectContaining({ code: "CONFIG" }),
    );
  });

  it("never show a secret, not even a wrong one", () => {
    const { settings } = readConfig({ environment: { DATABASE_URL: "postgres://me:secret@db/x" } });
    expect(settings.find(({ name }) => name === "database_url")?.shown).toBe("(set)");
    expect(() => readConfig({ environment: { REDIS_URL: "secret" } })).toThrow(
      expect.not.objectContaining({ message: /secret/ }),
    );
  });

  it("are frozen", () => {
    const { config } = readConfig({ environment: {} });
    expect(Object.isFrozen(config)).toBe(true);
  });
});
