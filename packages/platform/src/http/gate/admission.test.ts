import { EventEmitter } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import { describe, expect, it } from "vitest";
import type { Config } from "../../config/settings.ts";
import { type Admission, createAdmission } from "./admission.ts";
import type { App } from "../app.ts";
import { guardRequests } from "./guard.ts";
import { giveHeaders } from "../answers/security-headers.ts";
import { createLoadGate } from "./load-gate.ts";
import { otherOrigins } from "./other-origins.ts";
import { problemOf, problemType } from "../answers/problem.ts";

const others = otherOrigins([], false);

const request = (bytes = 0) =>
  Object.assign(new EventEmitter(), { headers: { "content-length": String(bytes) }, socket: { bytesRead: 0 } });
const chunked = () =>
  Object.assign(new EventEmitter(), { headers: { "transfer-encoding": "chunked" }, socket: { bytesRead: 300 } });
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("admission", () => {
  it("refuses what comes late in a turn of the event loop, and lets in again in the next", async () => {
    let time = 0;
    const admission = createAdmission({
      limits: { turnMsMax: 10, turnCountMin: 3, burstMsMax: 0 },
      waitSeconds: () => 1,
      now: () => time,
    });
    const answers = Array.from({ length: 6 }, () => {
      const why = admission.refusal(request());
      time += 4;
      return why === undefined;
    });
    expect(answers).toEqual([true, true, true, false, false, false]);
    await nextTurn();
    expect(admission.refusal(request())).toBeUndefined();
    expect(admission.stats()).toMatchObject({ admitted: 4, refusedByTurn: 3 });
  });

  it("lets in a few however late: a process that waits for a processor is not overloaded by its clients", () => {
    let time = 0;
    const admission = createAdmission({
      limits: { turnMsMax: 10, turnCountMin: 3, burstMsMax: 0 },
      waitSeconds: () => 1,
      now: () => (time += 1000),
    });
    expect([1, 2, 3, 4].map(() => admission.refusal(request()) === undefined)).toEqual([true, true, true, false]);
  });

  it("answers a burst after a pause, and refuses when turns have been too long for longer than that", async () => {
    let time = 0;
    const limits = { turnMsMax: 3, turnCountMin: 4, burstMsMax: 40 };
    const admission = createAdmission({ limits, waitSeconds: () => 1, now: () => time });
    const turnOf = async (count: number) => {
      const answers = Array.from({ length: count }, () => {
        const isIn = admission.refusal(request()) === undefined;
        time += 1;
        return isIn;
      });
      await nextTurn();
      return answers.filter((isIn) => isIn).length;
    };
    expect(await turnOf(30)).toBe(30);
    // 30 ms behind already: ten more are within the burst, then only those of the first milliseconds of a turn.
    expect(await turnOf(30)).toBe(11);
    expect(await turnOf(30)).toBe(4);
    time += 1000;
    expect(await turnOf(2)).toBe(2);
    expect(await turnOf(30)).toBe(30);
  });

  it("refuses while the wait for a worker is long", () => {
    let seconds = 5;
    const admission = createAdmission({ waitSeconds: () => seconds });
    expect(admission.refusal(request())).toMatch(/wait for a worker/);
    seconds = 1;
    expect(admission.refusal(request())).toBeUndefined();
  });

  it("bounds how many are answered at once, and the bytes of their bodies", () => {
    const admission = createAdmission({ limits: { inFlightMax: 2, bodyBytesMax: 1_000_000 }, waitSeconds: () => 1 });
    const large = request(900_000);
    expect(admission.refusal(large)).toBeUndefined();
    expect(admission.refusal(request(200_000))).toMatch(/bytes/);
    expect(admission.refusal(request())).toBeUndefined();
    expect(admission.refusal(request())).toMatch(/answered already/);
    admission.left(large);
    expect(admission.refusal(request(200_000))).toBeUndefined();
    expect(admission.stats()).toMatchObject({ inFlight: 2, bodyBytes: 200_000 });
  });

  it("counts a body in chunks as the largest until it has come, and as what it was from then on", () => {
    const limits = { bodyBytesMax: 1_000_000, unsaidBytes: 600_000 };
    const admission = createAdmission({ limits, waitSeconds: () => 1 });
    const first = chunked();
    expect(admission.refusal(first)).toBeUndefined();
    expect(admission.refusal(chunked())).toMatch(/bytes/);
    first.socket.bytesRead = 100_300;
    first.emit("end");
    expect(admission.stats().bodyBytes).toBe(100_000);
    expect(admission.refusal(chunked())).toBeUndefined();
    admission.left(first);
    expect(admission.stats()).toMatchObject({ inFlight: 1, bodyBytes: 600_000 });
  });
});

describe("the gate", () => {
  it.each(["/api/detection/predict", "/api/%64etection/predict", "http://any.example/api/detection/predict"])(
    "counts and refuses a request to %s",
    async (path) => {
      let waitS = 5;
      const admission = createAdmission({ waitSeconds: () => waitS });
      const app = guarded(admission);
      let inFlight = 0;
      app.post("/api/detection/predict", { config: { isCostly: true } }, async () => {
        ({ inFlight } = admission.stats());
        return "predicted";
      });
      await app.listen({ port: 0, host: "127.0.0.1" });
      const { port } = app.server.address() as AddressInfo;
      try {
        expect(await post(port, path)).not.toContain("predicted");
        expect(admission.stats()).toMatchObject({ refusedByQueue: 1, admitted: 0 });
        waitS = 0;
        expect(await post(port, path)).toContain("predicted");
        expect(inFlight).toBe(1);
        expect(admission.stats()).toMatchObject({ admitted: 1, inFlight: 0 });
      } finally {
        await app.close();
      }
    },
  );
});

it("refuses alike before the route is known and after", async () => {
  const app = guarded(createAdmission({ waitSeconds: () => 5 }));
  const sendProblem = (error: unknown, { id }: FastifyRequest, reply: FastifyReply) => {
    const { problem, status, retryAfterSeconds } = problemOf(error, id);
    return reply.code(status).header("retry-after", String(retryAfterSeconds)).type(problemType).send(JSON.stringify(problem));
  };
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  const access = { required: false, authenticate: async () => undefined };
  guardRequests(app, {
    access,
    config: { requestTimeoutS: 5, rateLimit: 10, shutdownTimeoutS: 1 } as Config,
    others,
    sendProblem,
  });
  app.post("/api/detection/predict", { config: { isCostly: true } }, async () => "predicted");
  await app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = app.server.address() as AddressInfo;
  try {
    const [before, after] = await Promise.all(
      ["/api/detection/predict", "/api/%64etection/predict"].map((path) => post(port, path)),
    );
    const shapeOf = (said: string) => {
      const [head, body] = said.split("\r\n\r\n");
      const headers = head
        .toLowerCase()
        .split("\r\n")
        .filter((line) => !/^(x-request-id|date|content-length):/.test(line));
      const { detail: _detail, request_id: _id, ...problem } = JSON.parse(body) as Record<string, unknown>;
      return { headers: headers.toSorted(), problem };
    };
    expect(shapeOf(before)).toEqual(shapeOf(after));
  } finally {
    await app.close();
  }
});

it("the gate's refusal says when to try again in the header and, the same, in the text", async () => {
  const app = guarded(createAdmission({ waitSeconds: () => 5 }));
  app.post("/api/detection/predict", { config: { isCostly: true } }, async () => "predicted");
  await app.listen({ port: 0, host: "127.0.0.1" });
  try {
    const refusal = await post((app.server.address() as AddressInfo).port, "/api/detection/predict");
    const [, header] = /^retry-after: (\d+)\r$/im.exec(refusal) ?? [];
    const [, told] = /try again in (\d+) s"/.exec(refusal) ?? [];
    expect(Number(header)).toBeGreaterThan(0);
    expect(told).toBe(header);
  } finally {
    await app.close();
  }
});

it("refuses at no cost by each method of a route that has several", async () => {
  const refused: string[] = [];
  const gate = createLoadGate({
    admission: createAdmission({ waitSeconds: () => 5 }),
    requests: { over: (_route, line) => refused.push(line().method) },
    others,
  });
  const app = fastify({ serverFactory: gate.serverFactory }) as unknown as App;
  gate.guard(app);
  app.route({ method: ["POST", "PUT"], url: "/work", config: { isCostly: true }, handler: async () => "done" });
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  try {
    for (const method of ["POST", "PUT"]) await fetch(`${url}/work`, { method });
    expect(refused).toEqual(["POST", "PUT"]);
  } finally {
    await app.close();
  }
});

function guarded(admission: Admission): App {
  const gate = createLoadGate({ admission, requests: { over: () => {} }, others });
  const app = fastify({ serverFactory: gate.serverFactory }) as unknown as App;
  giveHeaders(app);
  gate.guard(app);
  return app;
}

async function post(port: number, path: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.end(`POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
  return text(socket);
}
