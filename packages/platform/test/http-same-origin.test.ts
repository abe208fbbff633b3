import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Json, startService, type TestService } from "../test-support/service.ts";

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
