import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import type { FastifyBaseLogger } from "fastify";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { type OpenContext, openContext } from "../../../test-support/servers/open-context.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import type { App } from "../app.ts";
import { createApp } from "../create-app.ts";
import { securityHeaders } from "./security-headers.ts";
import { createRequestLog, linesPerSecondMax, sampledOneOf } from "./request-log.ts";

interface Written {
  readonly level: "info" | "debug";
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

function listeningLog() {
  const written: Written[] = [];
  const at = (level: Written["level"]) => (fields: unknown, message?: string) =>
    void written.push({ level, fields: fields as Written["fields"], message: message ?? "" });
  return { written, log: { info: at("info"), debug: at("debug") } as Pick<FastifyBaseLogger, "info" | "debug"> };
}

describe("lines of a flood", () => {
  it("are all written up to the limit of a second, then one of so many, and what is left out is told once a second", () => {
    vi.useFakeTimers();
    try {
      const { written, log } = listeningLog();
      const requests = createRequestLog(log, () => vi.getMockedSystemTime()?.getTime() ?? 0);
      const line = { method: "GET", route: "/a", status: 200, ms: 1, request_id: "id", actor: "local" };
      const made = { count: 0 };
      const flood = (count: number) => {
        for (let index = 0; index < count; index++) requests.over({}, () => (made.count++, line));
      };
      flood(linesPerSecondMax);
      expect(written).toHaveLength(linesPerSecondMax);
      flood(10 * sampledOneOf);
      expect(written).toHaveLength(linesPerSecondMax + 10);
      // Lines that are not written are not made either.
      expect(made.count).toBe(linesPerSecondMax + 10);
      vi.advanceTimersByTime(999);
      expect(written).toHaveLength(linesPerSecondMax + 10);
      vi.advanceTimersByTime(1);
      expect(written.at(-1)).toMatchObject({ level: "info", fields: { left_out: 10 * (sampledOneOf - 1) } });
      vi.advanceTimersByTime(10_000);
      expect(written).toHaveLength(linesPerSecondMax + 11);
      flood(linesPerSecondMax);
      expect(written).toHaveLength(2 * linesPerSecondMax + 11);
      flood(1);
      requests.close();
      expect(written.at(-1)).toMatchObject({ fields: { left_out: 1 } });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("every request", () => {
  let server: TestDatabase;
  let open: OpenContext;
  let app: App;
  let url: string;
  const { written, log } = listeningLog();
  beforeAll(async () => {
    server = await startTestDatabase();
    open = await openContext(await server.createDatabase(), { body_bytes: "1MiB" });
    const none = () => {};
    const silent = { warn: none, error: none, fatal: none, trace: none, silent: none, level: "debug" };
    const logger = Object.assign({ ...log, ...silent }, { child: () => logger }) as unknown as FastifyBaseLogger;
    app = await createApp({
      context: { ...open.context, shares: { ...open.context.shares, bodyBytes: 100_000 } },
      access: {
        required: true,
        authenticate: async (key) => (key === "valid" ? { actor: "api-key:7", scopes: ["score"], isLimited: false } : undefined),
      },
      version: "0",
      logger,
      counted: [],
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await app.close();
    await open.close();
    await server.stop();
  });

  async function linesOf(asked: () => Promise<unknown>): Promise<readonly Written[]> {
    written.length = 0;
    await asked();
    await eventually("the line is there", () => written.length > 0);
    return [...written];
  }

  it.each([
    ["GET", "/api/detectors?limit=1", "valid", { route: "/api/detectors", status: 200, actor: "api-key:7" }],
    ["GET", "/api/detectors/7", "valid", { route: "/api/detectors/:id", actor: "api-key:7" }],
    ["GET", "/api/detectors", "wrong", { route: "/api/detectors", status: 401, actor: "public" }],
    ["POST", "/api/detectors", "valid", { route: "/api/detectors", status: 403, actor: "api-key:7" }],
    ["GET", "/no/such/secret", "valid", { route: "none", status: 404, actor: "public" }],
  ])("leaves one line: %s %s with a %s key", async (method, path, key, expected) => {
    let answer: Response | undefined;
    const lines = await linesOf(async () => {
      answer = await fetch(`${url}${path}`, { method, headers: { "x-api-key": key } });
      await answer.text();
    });
    expect(lines).toHaveLength(1);
    const [{ level, fields, message }] = lines;
    expect({ level, message, ...fields }).toMatchObject({ level: "info", message: "request", method, ...expected });
    expect(fields["status"]).toBe(answer?.status);
    expect(fields["request_id"]).toBe(answer?.headers.get("x-request-id"));
    expect(Object.keys(fields)).toEqual(["method", "route", "status", "ms", "request_id", "actor"]);
    expect(fields["ms"]).toBeGreaterThan(0);
  });

  it.each([
    [415, { "content-encoding": "gzip" }, "{}"],
    [413, {}, " ".repeat(200_000)],
  ])("that is refused with %d for its body leaves it, and its answer has all headers", async (status, more, body) => {
    const headers = { "content-type": "application/json", "x-api-key": "valid", ...more };
    let answer: Response | undefined;
    const lines = await linesOf(async () => (answer = await fetch(`${url}/api/detectors`, { method: "POST", headers, body })));
    const request_id = answer?.headers.get("x-request-id");
    expect(lines.map(({ fields }) => fields)).toMatchObject([{ route: "/api/detectors", status, request_id }]);
    expect(Object.fromEntries(answer?.headers ?? [])).toMatchObject(securityHeaders);
  });

  it.each(["/health/live", "/health/ready", "/health/full", "/metrics"])(
    "that machines send often leaves it at debug: %s",
    async (path) => {
      const lines = await linesOf(async () => (await fetch(`${url}${path}`, { headers: { "x-api-key": "valid" } })).text());
      expect(lines.map(({ level, fields }) => [level, fields["route"], fields["status"]])).toEqual([["debug", path, 200]]);
    },
  );

  it("whose client left leaves it with status 499", async () => {
    const lines = await linesOf(async () => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      const head = "POST /api/detection/predict HTTP/1.1\r\nhost: a\r\nx-api-key: valid\r\ncontent-type: application/json";
      const come = once(app.server, "request");
      socket.write(`${head}\r\ncontent-length: 100\r\n\r\n{`);
      await come;
      socket.destroy();
    });
    expect(lines.map(({ fields }) => fields["status"])).toEqual([499]);
  });
});
