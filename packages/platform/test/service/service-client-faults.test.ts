import { afterEach, describe, expect, it } from "vitest";
import { createClient, isJob, type Job, ServiceError } from "nomaly/client";
import { jobEvents } from "../../src/client/jobs.ts";
import { createTransport } from "../../src/client/transport.ts";
import {
  answers,
  cuts,
  cutsInTheMiddle,
  neverAnswers,
  type ScriptedServer,
  startScriptedServer,
  type Step,
} from "../../test-support/servers/scripted-server.ts";

let server: ScriptedServer;
afterEach(() => server.close());

async function scripted(...script: Step[]) {
  server = await startScriptedServer(script);
  return createClient({ url: server.url, timeoutMs: 10_000 });
}

async function errorOf(work: Promise<unknown>): Promise<ServiceError> {
  const error: unknown = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ServiceError);
  return error as ServiceError;
}

async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const problem = {
  code: "OVERLOADED",
  detail: "the queue is full",
  field: "queue_rows",
  status: 503,
  request_id: "r1",
};
const detector = { id: "0198", name: "cars" };
const job = (fields: Partial<Job>) => ({ id: "j1", name: "train", status: "running", progress: 0, error: null, ...fields });
const keysOf = ({ received }: ScriptedServer) => received.map(({ headers }) => headers["idempotency-key"]);

describe("what is tried again", () => {
  it("a full service is asked again, and the answer counts", async () => {
    const client = await scripted(answers(503, problem), answers(200, detector));
    expect(await client.detectors.get("0198")).toMatchObject(detector);
    expect(server.received).toHaveLength(2);
  });

  it("a creation that got no answer is sent again under the same key, and a new creation under another", async () => {
    const client = await scripted(cuts, cutsInTheMiddle, answers(201, detector));
    await client.detectors.create({ name: "cars" });
    await client.detectors.create({ name: "cars" });
    const [first, second, third, other] = keysOf(server);
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect([second, third]).toEqual([first, first]);
    expect(other).not.toBe(first);
    expect(new Set(server.received.slice(0, 3).map(({ body }) => body.toString()))).toHaveLength(1);
  });

  it("every request that changes something carries a key, and those that only read or score do not", async () => {
    const client = await scripted(answers(200, detector));
    const id = "0198";
    const rows = [{ x: 1 }];
    await client.train({ detector_id: id, data: rows });
    await client.predict({ detector_id: id, dataset_id: id });
    await client.predict({ detector_id: id, data: rows, keep: true });
    await client.batch({ detector_ids: [id], dataset_id: id });
    await client.detectors.change(id, { name: "new" });
    await client.detectors.setStatuses({ ids: [id], status: "disabled" });
    await client.datasets.upload(new Blob(["x\n1\n"]), { fileName: "x.csv" });
    await client.datasets.remove(id);
    await client.results.remove(id);
    await client.jobs.cancel(id);
    expect(keysOf(server).filter((key) => key === undefined)).toEqual([]);
    const before = server.received.length;
    await client.predict({ detector_id: id, data: rows });
    await client.explain({ detector_id: id, data: rows });
    await client.evaluate({ detector_id: id, data: rows, labels: [1] });
    await client.compare({ detector_ids: [id, id], data: rows });
    await client.batch({ detector_ids: [id], data: rows });
    await client.datasets.profile(id);
    expect(new Set(keysOf(server).slice(before))).toEqual(new Set([undefined]));
  });

  it("a refused request is not sent again", async () => {
    for (const status of [400, 401, 404, 409, 413, 422, 500, 507]) {
      const client = await scripted(answers(status, { ...problem, code: "REQUEST" }));
      expect(await errorOf(client.detectors.get("0198"))).toMatchObject({ code: "REQUEST", status });
      expect(server.received).toHaveLength(1);
      await server.close();
    }
  });

  it("a proxy whose service is away is asked again, a 502 of the service itself is not", async () => {
    const client = await scripted(answers(502, "<h1>Bad Gateway</h1>"), answers(502, { ...problem, code: "OUTGOING" }));
    expect(await errorOf(client.detectors.get("0198"))).toMatchObject({ code: "OUTGOING", status: 502 });
    expect(server.received).toHaveLength(2);
  });

  it("as often as told, and then the last error stands", async () => {
    server = await startScriptedServer([answers(503, problem)]);
    const client = createClient({ url: server.url, retries: 1 });
    const error = await errorOf(client.detectors.get("0198"));
    expect(error).toMatchObject({ code: "OVERLOADED", field: "queue_rows", detail: "the queue is full", requestId: "r1" });
    expect(server.received).toHaveLength(2);
  });

  it("the service is not asked before the time it gave", async () => {
    const client = await scripted(
      answers(429, { ...problem, code: "RATE_LIMITED" }, { "retry-after": "1" }),
      answers(200, detector),
    );
    const start = performance.now();
    await client.detectors.get("0198");
    expect(performance.now() - start).toBeGreaterThan(1000);
  });

  it("a wait that would pass the time of the call is not begun", async () => {
    const client = await scripted(answers(503, problem, { "retry-after": "3600" }));
    const start = performance.now();
    expect(await errorOf(client.detectors.get("0198"))).toMatchObject({ code: "OVERLOADED", retryAfterSeconds: 3600 });
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe("how a call ends without an answer of the service", () => {
  it("a service that does not answer: after the time of the call", async () => {
    const client = await scripted(neverAnswers);
    const bounded = client.detectors.get("0198", { timeoutMs: 100 });
    expect(await errorOf(bounded)).toMatchObject({ code: "TIMEOUT", status: 0 });
  });

  it("a call without a limit of time is answered", async () => {
    const client = await scripted(answers(200, detector));
    expect(await client.detectors.get("0198", { timeoutMs: Infinity })).toMatchObject(detector);
  });

  it("no service at all: with what the connection said", async () => {
    server = await startScriptedServer([cuts]);
    await server.close();
    const client = createClient({ url: server.url, retries: 1 });
    const error = await errorOf(client.detectors.get("0198"));
    expect(error).toMatchObject({ code: "UNREACHABLE", status: 0 });
    expect(error.detail).toContain("ECONNREFUSED");
  });

  it("a page of some other server: said so, with how it begins", async () => {
    const client = await scripted(answers(404, "<html>nginx</html>"), answers(200, "<html>welcome</html>"));
    for (const status of [404, 200]) {
      const error = await errorOf(client.detectors.get("0198"));
      expect(error).toMatchObject({ code: "UNEXPECTED", status });
      expect(error.detail).toMatch(/text\/html.*<html>/);
    }
  });

  it("a redirect is not followed: the key would go along", async () => {
    const client = await scripted(answers(301, "", { location: "http://elsewhere.test/" }));
    expect((await errorOf(client.detectors.get("0198"))).detail).toContain("http://elsewhere.test/");
    expect(server.received).toHaveLength(1);
  });

  it("the caller's own signal: at once with its reason, also between two tries", async () => {
    const client = await scripted(answers(503, problem, { "retry-after": "5" }));
    const controller = new AbortController();
    const call = client.detectors.get("0198", { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 50);
    await expect(call).rejects.toThrow("enough");
    const late = client.detectors.get("0198", { signal: AbortSignal.abort(new Error("before")) });
    await expect(late).rejects.toThrow("before");
    expect(server.received).toHaveLength(1);
  });
});

describe("what is sent", () => {
  it("a key or a token; the token is asked for before every try", async () => {
    server = await startScriptedServer([answers(503, problem), answers(200, detector)]);
    let asked = 0;
    await createClient({ url: server.url, token: () => `token ${++asked}` }).detectors.get("0198");
    await createClient({ url: server.url, apiKey: "secret" }).detectors.get("0198");
    const [first, second, third] = server.received.map(({ headers }) => headers);
    expect([first.authorization, second.authorization]).toEqual(["Bearer token 1", "Bearer token 2"]);
    expect(third).toMatchObject({ "x-api-key": "secret" });
  });

  it("numbers of a Float64Array as rows, a missing one as null, an infinite one not at all", async () => {
    const client = await scripted(answers(200, {}));
    const request = { detector_id: "0198", columns: ["a", "b"] };
    await client.predict({ ...request, data: Float64Array.of(1, 2.5, NaN, 4) });
    expect(JSON.parse(server.received[0].body.toString())).toEqual({
      ...request,
      data: [
        [1, 2.5],
        [null, 4],
      ],
    });
    expect(await errorOf(client.predict({ ...request, data: [[1, Infinity]] }))).toMatchObject({ code: "NOT_FINITE" });
    expect(await errorOf(client.predict({ ...request, data: Float64Array.of(1, 2, 3) }))).toMatchObject({ code: "SHAPE" });
    expect(server.received).toHaveLength(1);
  });

  it("an id stays within its place in the path, and an empty one is refused", async () => {
    const client = await scripted(answers(200, {}));
    await client.datasets.get("../keys?x=1 2");
    expect(server.received[0].route).toBe("GET /api/datasets/..%2Fkeys%3Fx%3D1%202");
    expect(await errorOf(client.datasets.get(""))).toMatchObject({ code: "REQUEST", field: "id" });
  });

  it("a list asks for the next page only when it is needed", async () => {
    const client = await scripted(
      answers(200, { items: [{ id: "1" }, { id: "2" }], next_cursor: "c 1" }),
      answers(200, { items: [{ id: "3" }], next_cursor: null }),
    );
    const list = client.datasets.list({ pageSize: 2 });
    expect((await list.next()).value).toEqual({ id: "1" });
    await list.next();
    expect(server.received.map(({ route }) => route)).toEqual(["GET /api/datasets?limit=2"]);
    expect(await collected(list)).toEqual([{ id: "3" }]);
    expect(server.received[1].route).toBe("GET /api/datasets?limit=2&cursor=c+1");
  });

  it("an answer that is a job is told from one that is not", () => {
    expect([isJob({ job_id: "j1" }), isJob({ model_version: 1 })]).toEqual([true, false]);
  });
});

describe("following a job", () => {
  const event = (kind: string, fields: Partial<Job>) => `event: ${kind}\ndata: ${JSON.stringify(job(fields))}\n\n`;
  const streams =
    (...texts: string[]): Step =>
    async (_received, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const text of texts) await new Promise<void>((sent) => response.write(text, () => sent()));
      response.destroy();
    };

  it("goes on over lost connections, and tells each state once", async () => {
    const half = event("progress", { progress: 0.5 });
    const client = await scripted(
      streams(event("progress", {}), half.slice(0, 20)),
      cuts,
      answers(503, problem),
      streams(event("progress", {}), half),
      streams(half, event("end", { progress: 1, status: "succeeded" })),
    );
    const seen = await collected(client.jobs.events("j1"));
    expect(seen.map(({ progress, status }) => [progress, status])).toEqual([
      [0, "running"],
      [0.5, "running"],
      [1, "succeeded"],
    ]);
  });

  it("a service that stays away ends it after the tries", async () => {
    server = await startScriptedServer([streams(event("progress", {})), cuts]);
    const client = createClient({ url: server.url, retries: 1 });
    expect(await errorOf(client.jobs.wait("j1"))).toMatchObject({ code: "UNREACHABLE" });
  });

  it("a connection that falls silent is made anew, and one on which never anything is heard ends it", async () => {
    server = await startScriptedServer([
      (_received, response) => void response.writeHead(200, { "content-type": "text/event-stream" }).write(event("progress", {})),
      streams(event("end", { status: "succeeded" })),
      neverAnswers,
    ]);
    const transport = createTransport({ url: server.url, retries: 1 });
    const seen = await collected(jobEvents(transport, "j1", { silenceMs: 100 }));
    expect(seen.map(({ status }) => status)).toEqual(["running", "succeeded"]);
    const silent = collected(jobEvents(transport, "j1", { silenceMs: 100 }));
    expect(await errorOf(silent)).toMatchObject({ code: "UNREACHABLE" });
  });

  it("a job that does not exist is said at once", async () => {
    const client = await scripted(answers(404, { ...problem, code: "NOT_FOUND" }));
    expect(await errorOf(client.jobs.wait("j1"))).toMatchObject({ code: "NOT_FOUND", status: 404 });
    expect(server.received).toHaveLength(1);
  });

  it("waiting gives a job that succeeded, and throws the error of one that did not", async () => {
    const error = { code: "TOO_FEW_ROWS", detail: "one row", field: "data" };
    const client = await scripted(
      streams(event("end", { status: "succeeded", result: { model_version: 2 } })),
      streams(event("end", { status: "failed", error })),
      streams(event("end", { status: "cancelled" })),
    );
    expect(await client.jobs.wait("j1")).toMatchObject({ result: { model_version: 2 } });
    expect(await errorOf(client.jobs.wait("j1"))).toMatchObject(error);
    expect(await errorOf(client.jobs.wait("j1"))).toMatchObject({ code: "ABORTED" });
  });

  it("stops when told to, and leaves no connection behind", async () => {
    let closed = 0;
    const client = await scripted((_received, response) => {
      response.on("close", () => closed++);
      response.writeHead(200, { "content-type": "text/event-stream" }).write(event("progress", {}));
    });
    const controller = new AbortController();
    const waiting = client.jobs.wait("j1", {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("enough")),
    });
    await expect(waiting).rejects.toThrow("enough");
    for await (const { status } of client.jobs.events("j1")) {
      expect(status).toBe("running");
      break;
    }
    await expect.poll(() => closed).toBe(2);
  });
});
