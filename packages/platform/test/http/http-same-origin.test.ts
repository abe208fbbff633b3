import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Json, startService, type TestService } from "../../test-support/servers/service.ts";

describe("a service without keys, and a browser that a page of another origin makes use it", () => {
  let service: TestService;
  let port: string;

  beforeAll(async () => {
    service = await startService();
    ({ port } = new URL(service.url));
  });
  afterAll(() => service.close());

  const list = "GET /api/detectors";
  const create = "POST /api/detectors";
  it.each([
    ["its own address", list, (own: string) => ({ host: `127.0.0.1:${own}` }), 200],
    ["its own name", list, (own: string) => ({ host: `localhost:${own}` }), 200],
    ["its own address of version 6", list, (own: string) => ({ host: `[::1]:${own}` }), 200],
    ["a name that was made to point here", list, (own: string) => ({ host: `evil.example:${own}` }), "host"],
    ["a name that begins like ours", list, () => ({ host: "localhost.evil.example" }), "host"],
    ["a name that begins like our address", list, () => ({ host: "127.0.0.1.evil.example" }), "host"],
    ["a page of its own", create, (own: string) => page(`localhost:${own}`, `http://localhost:${own}`, "same-origin"), 201],
    [
      "a page of another origin",
      create,
      (own: string) => page(`localhost:${own}`, "https://evil.example", "cross-site"),
      "origin",
    ],
    ["a page of another port", create, (own: string) => page(`localhost:${own}`, "http://localhost:3", "same-site"), "origin"],
    ["a page that hides its origin", create, (own: string) => page(`localhost:${own}`, "null", "cross-site"), "origin"],
    [
      "a form of another site",
      create,
      (own: string) => ({ host: `localhost:${own}`, "sec-fetch-site": "cross-site" }),
      "sec-fetch-site",
    ],
    ["a link of another site", list, (own: string) => ({ host: `localhost:${own}`, "sec-fetch-site": "cross-site" }), 200],
  ] as const)("answers as it should by %s", async (_what, route, headersFor, expected) => {
    const { status, body } = await send(Number(port), route, headersFor(port));
    if (typeof expected === "number") expect(status, JSON.stringify(body)).toBe(expected);
    else expect([status, body["code"], body["field"]]).toEqual([403, "FORBIDDEN", expected]);
  });

  const foreign = "host: evil.example";
  const own = "host: 127.0.0.1";
  it.each([
    ["an empty key", [foreign, "x-api-key:"]],
    ["a key of blanks", [foreign, "x-api-key:  \t "]],
    ["another scheme", [foreign, "authorization: Basic eDp5"]],
    ["a scheme and no key", [foreign, "authorization: Bearer "]],
    ["a scheme in small letters and no key", [foreign, "authorization: bearer"]],
    ["an empty authorization", [foreign, "authorization:", "x-api-key:"]],
    ["two authorizations, of which none is a key", [foreign, "authorization: Basic eDp5", "authorization: Bearer"]],
    ["a name that ends in a dot", ["host: localhost."]],
    ["a user before the host", ["host: me@127.0.0.1"]],
    ["no host", ["host:"]],
    ["two hosts", [own, foreign]],
    [
      "a request for an upgrade",
      [foreign, "connection: upgrade, close", "upgrade: websocket", "sec-websocket-key: eA==", "sec-websocket-version: 13"],
    ],
  ])("refuses a caller without a name that comes with %s", async (_what, headers) => {
    for (const method of ["GET", "HEAD"]) {
      expect(await sendLines(port, [`${method} /api/audit HTTP/1.1`, ...headers])).toMatch(/^HTTP\/1\.1 40[03] /);
    }
    const body = ["content-type: application/json", "content-length: 12"];
    expect(await sendLines(port, ["POST /api/detectors HTTP/1.1", ...headers, ...body], '{"name":"x"}')).toMatch(
      /^HTTP\/1\.1 40[03] /,
    );
  });

  it.each([
    ["a whole URL of a foreign host", ["GET http://evil.example/api/audit HTTP/1.1", own]],
    ["a whole URL of a foreign host, by https", ["GET https://evil.example/api/audit HTTP/1.1", own]],
    ["an older HTTP without a host", ["GET /api/audit HTTP/1.0"]],
  ])("refuses a caller without a name that asks by %s", async (_what, lines) => {
    expect(await sendLines(port, lines)).toMatch(/^HTTP\/1\.1 403 /);
  });

  it("lets in a program that sends no key, however it says so", async () => {
    for (const header of ["accept: */*", "x-api-key:", "authorization: Basic eDp5", "authorization: Bearer"]) {
      expect(await sendLines(port, ["GET /api/audit HTTP/1.1", own, header])).toMatch(/^HTTP\/1\.1 200 /);
    }
    expect(await sendLines(port, [`GET http://127.0.0.1:${port}/api/audit HTTP/1.1`, own])).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("refuses a key that is none, and lets in who has one by whatever name it asks and whatever spaces stand before it", async () => {
    const wrong = ["x-api-key: wrong", "authorization: Bearer wrong", "authorization: bearer wrong", "x-api-key: , ,"];
    for (const header of wrong) {
      expect(await sendLines(port, ["GET /api/audit HTTP/1.1", foreign, header])).toMatch(/^HTTP\/1\.1 401 /);
    }
    const key = await service.createKey(["admin"]);
    for (const header of [`x-api-key: ${key}`, `authorization: Bearer ${key}`, `authorization: bearer   ${key}`]) {
      expect(await sendLines(port, ["GET /api/audit HTTP/1.1", foreign, header])).toMatch(/^HTTP\/1\.1 200 /);
    }
  });

  it("answers health checks by any name", async () => {
    expect((await send(Number(port), "GET /health/live", { host: "checks.example" })).status).toBe(200);
  });
});

function page(host: string, origin: string, site: string) {
  return { host, origin, "sec-fetch-site": site };
}

let madeCount = 0;

/** `fetch` sets these headers itself. */
function send(port: number, route: string, headers: Readonly<Record<string, string>>): Promise<{ status: number; body: Json }> {
  const [method, path] = route.split(" ");
  const text = method === "POST" ? JSON.stringify({ name: `d${madeCount++}` }) : "";
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: "127.0.0.1", method, path, headers: { "content-type": "application/json", ...headers } });
    asked.on("error", reject);
    asked.on("response", (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(parts).toString("utf8")) as Json }),
      );
    });
    asked.end(text);
  });
}

/** The whole answer, as it came: `http` would mend some of these requests. */
function sendLines(port: string, lines: readonly string[], body = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1");
    const parts: Buffer[] = [];
    socket.on("data", (part) => parts.push(part));
    socket.on("error", reject);
    socket.on("close", () => resolve(Buffer.concat(parts).toString()));
    const last = lines.some((line) => line.startsWith("connection:")) ? [] : ["connection: close"];
    socket.write(`${[...lines, ...last].join("\r\n")}\r\n\r\n${body}`);
  });
}
