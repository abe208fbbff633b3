import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Json, someRows, startService, type TestService, trainedDetector } from "../../test-support/servers/service.ts";

let service: TestService;
let port: number;
beforeAll(async () => {
  service = await startService();
  port = Number(new URL(service.url).port);
});
afterAll(() => service.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Json;
}

/** `fetch` knows fewer methods, and sends a body's type by itself. */
function send(method: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: "127.0.0.1", method, path, headers });
    asked.on("error", reject);
    asked.on("response", async (response) => {
      const said = await text(response);
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: said === "" ? {} : (JSON.parse(said) as Json),
      });
    });
    asked.end();
  });
}

describe("a method that a path has not", () => {
  it.each(["QUERY", "PUT", "TRACE", "PROPFIND", "SEARCH", "LINK"])("is refused with what the path takes: %s", async (method) => {
    for (const [path, allow] of [
      ["/api/detectors", "GET, HEAD, POST"],
      ["/api/detectors/0197f7a2-5d1c-7a3e-9a54-3c8f1f0b7d11", "DELETE, GET, HEAD, PATCH"],
      ["/api/detectors/status", "PATCH"],
      ["/health/live", "GET, HEAD"],
    ]) {
      const { status, headers, body } = await send(method, path);
      expect([path, status, headers["allow"], body["field"]]).toEqual([path, 405, allow, "method"]);
    }
  });

  it.each(["GET", "HEAD", "DELETE", "POST"])("is not taken for a question about a thing of that name: %s", async (method) => {
    for (const path of ["/api/detectors/status", "/api/detectors/status/", "/api/detectors/status?x=1"]) {
      const { status, headers } = await send(method, path, { "content-length": "0" });
      expect([status, headers["allow"]]).toEqual([405, "PATCH"]);
    }
    expect((await send("OPTIONS", "/api/detectors/status")).headers["allow"]).toBe("PATCH");
  });

  it("is one matter, and a path that nobody serves another", async () => {
    const { status, body } = await send("QUERY", "/api/nothing");
    expect([status, body["code"], body["field"]]).toEqual([404, "NOT_FOUND", "path"]);
  });
});

describe("a refusal", () => {
  const problemMembers = ["type", "title", "status", "code", "detail", "field", "request_id"];

  it.each([
    ["of a route", "GET", "/api/detectors/x", 400, "id"],
    ["of a path that nobody serves", "GET", "/api/nothing", 404, "path"],
    ["of a method", "PUT", "/api/detectors", 405, "method"],
    ["of a path that is too long", "GET", `/api/detectors/${"x".repeat(300)}`, 414, "path"],
    ["of a path that cannot be decoded", "GET", "/api/detectors/%ff", 400, "path"],
    ["of headers that are too large", "GET", `/api/detectors?cursor=${"x".repeat(20_000)}`, 431, "headers"],
  ])("%s has the members and headers of every other", async (_what, method, path, expected, field) => {
    const { status, headers, body } = await send(method, path);
    expect([status, body["status"], body["field"]]).toEqual([expected, expected, field]);
    expect(Object.keys(body)).toEqual(problemMembers);
    expect(String(body["detail"]).length).toBeLessThan(300);
    expect(headers).toMatchObject({
      "content-type": "application/problem+json; charset=utf-8",
      "x-request-id": body["request_id"],
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "cache-control": "no-store",
    });
  });

  it("of what is no HTTP has them as well", async () => {
    const socket = connect(port, "127.0.0.1");
    socket.end("nonsense\r\n\r\n");
    const said = await text(socket);
    expect(said).toMatch(/^HTTP\/1\.1 400 /);
    const body = JSON.parse(said.slice(said.indexOf("\r\n\r\n"))) as Json;
    expect(Object.keys(body)).toEqual(problemMembers);
    expect(said).toContain(`x-request-id: ${String(body["request_id"])}`);
  });
});

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: object;
}

interface DescribedOperation {
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: object }[];
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, Readonly<Record<string, object>>>> }>>;
}

describe("the description says what is checked", () => {
  let description: Description;
  let detector: string;
  beforeAll(async () => {
    description = (await service.ask("GET /openapi.json")).body as unknown as Description;
    detector = await trainedDetector(service);
  });

  const header = (path: string, method: string, name: string) =>
    description.paths[path][method].parameters?.find((parameter) => parameter.name === name)?.schema;

  it("of an idempotency key: 1 to 200 letters, wherever something changes", async () => {
    for (const [path, method] of [
      ["/api/detectors", "post"],
      ["/api/detectors/{id}", "patch"],
      ["/api/detectors/{id}", "delete"],
      ["/api/detectors/status", "patch"],
      ["/api/jobs/{id}/retry", "post"],
    ]) {
      expect(header(path, method, "Idempotency-Key")).toEqual({ type: "string", minLength: 1, maxLength: 200 });
      expect(Object.keys(description.paths[path][method].responses)).toContain("409");
    }
    const named = (key: string) =>
      service.ask("POST /api/detectors", { json: { name: "d" }, headers: { "idempotency-key": key } });
    expect((await named("k".repeat(200))).status).toBe(201);
    for (const key of ["k".repeat(201), ""]) {
      const { status, body } = await named(key);
      expect([status, body["field"]]).toEqual([400, "idempotency-key"]);
    }
  });

  it("of ETags in headers: any number of them", async () => {
    expect(header("/api/detectors/{id}", "get", "If-None-Match")).toEqual({ type: "string" });
    expect(header("/api/detectors/{id}", "patch", "If-Match")).toEqual({ type: "string" });
    const etag = String((await service.ask(`GET /api/detectors/${detector}`)).headers.get("etag"));
    const many = `${Array.from({ length: 200 }, (_, index) => `"of another version ${index}"`).join(", ")}, ${etag}`;
    expect((await service.ask(`GET /api/detectors/${detector}`, { headers: { "if-none-match": many } })).status).toBe(304);
    const change = { json: { name: "renamed" }, headers: { "if-match": many } };
    expect((await service.ask(`PATCH /api/detectors/${detector}`, change)).status).toBe(200);
  });

  it("of requests that are too large before anybody looks at them", () => {
    for (const [path, operations] of Object.entries(description.paths)) {
      for (const { responses } of Object.values(operations)) {
        expect([path, "431" in responses, "414" in responses]).toEqual([path, true, path.includes("{")]);
      }
    }
  });

  it("of the events of a job", async () => {
    const stored = await service.ask("POST /api/datasets", { json: { name: "rows", data: someRows(50) } });
    const asked = { detector_id: detector, dataset_id: stored.body["id"], background: true };
    const { body } = await service.ask("POST /api/detection/train", { json: asked });
    const events = (await service.ask(`GET /api/jobs/${String(body["job_id"])}/events`)).bytes.toString();
    const media = description.paths["/api/jobs/{id}/events"]["get"].responses["200"].content["text/event-stream"];
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    ajv.addSchema({ $id: "api", components: description.components });
    const { properties } = media["schema"] as {
      readonly properties: { readonly event: object; readonly data: { readonly contentSchema: { readonly $ref: string } } };
    };
    const isJob = ajv.compile({ $ref: `api${properties.data.contentSchema.$ref}` });
    const parts = events.trimEnd().split("\n\n");
    for (const part of parts) {
      const [, event, json] = /^event: (.*)\ndata: (.*)$/.exec(part) ?? [];
      expect(ajv.validate(properties.event, event)).toBe(true);
      expect([isJob(JSON.parse(json)), isJob.errors]).toEqual([true, null]);
    }
    expect(parts.at(-1)).toMatch(/^event: end\n/);
  });
});
