import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { freePort } from "../../../test-support/servers/free-port.ts";
import {
  answers,
  cuts,
  cutsInTheMiddle,
  neverAnswers,
  type Step,
  startScriptedServer,
} from "../../../test-support/servers/scripted-server.ts";
import { findTarget } from "../target.ts";
import { type LoadPlan, type LoadResult, runLoad } from "./run-load.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function loaded(url: string, plan: Partial<LoadPlan> = {}): Promise<LoadResult> {
  const target = await findTarget({ url, apiKey: undefined, isOwned: false });
  return runLoad({
    target,
    concurrency: 2,
    ratePerSecond: undefined,
    durationMs: 300,
    warmUpMs: 0,
    rampMs: 0,
    timeoutMs: 5000,
    sources: [{ name: "get", next: () => target.request("GET", "/") }],
    signal: new AbortController().signal,
    ...plan,
  });
}

async function scripted(...script: Step[]) {
  const server = await startScriptedServer(script);
  closing.push(() => server.close());
  return server;
}

const ok = answers(200, { ok: true });

function after(milliseconds: number, step: Step): Step {
  return async (received, response) => {
    await new Promise((later) => setTimeout(later, milliseconds));
    await step(received, response);
  };
}

describe("latency", () => {
  it.each([
    ["closed", undefined],
    ["open", 50],
  ])("of a server with a delay of 50 ms is that delay, in a %s loop", async (_loop, ratePerSecond) => {
    const delays: number[] = [];
    const { url } = await scripted(async (received, response) => {
      const begin = performance.now();
      await after(50, ok)(received, response);
      delays.push(performance.now() - begin);
    });
    const { overall } = await loaded(url, { concurrency: 8, durationMs: 1000, ratePerSecond });
    // The delay that the server itself measured: a busy machine makes it longer.
    const told = delays.toSorted((a, b) => a - b)[delays.length >> 1];
    const measured = overall.latencies.percentileMs(0.5) ?? Number.NaN;
    expect(overall.byStatus).toEqual(new Map([[200, overall.totalCount]]));
    expect(measured).toBeGreaterThan(49);
    expect(measured - told).toBeGreaterThan(-3);
    expect(measured - told).toBeLessThan(15);
  });

  /** Answers at once, but for a stop of half a second from its hundredth request on, in which nobody is answered. */
  function stalling(): Step {
    let [count, until] = [0, 0];
    return async (received, response) => {
      if (++count === 100) until = performance.now() + 500;
      if (performance.now() < until) await new Promise((later) => setTimeout(later, until - performance.now()));
      await ok(received, response);
    };
  }

  it("of an open loop shows that the server stalled, as requests count from when they were meant to begin", async () => {
    const { url } = await scripted(stalling());
    const { overall } = await loaded(url, { concurrency: 1, durationMs: 1500, ratePerSecond: 400 });
    expect(overall.totalCount).toBe(600);
    expect(overall.latencies.percentileMs(0.9)).toBeGreaterThan(200);
    expect(overall.latencies.percentileMs(0.99)).toBeGreaterThan(400);
  });

  it("of a closed loop does not: one request waited while no other was sent", async () => {
    const { url } = await scripted(stalling());
    const { overall } = await loaded(url, { concurrency: 1, durationMs: 1500 });
    expect(overall.totalCount).toBeGreaterThan(200);
    expect(overall.latencies.maxMs).toBeGreaterThan(400);
    expect(overall.latencies.percentileMs(0.99)).toBeLessThan(400);
  });
});

describe("what is counted", () => {
  it("an open loop sends as many requests as its rate says, though none is answered until the end", async () => {
    const { url } = await scripted(after(300, ok));
    const { overall } = await loaded(url, { concurrency: 100, ratePerSecond: 200, durationMs: 500 });
    expect(overall.totalCount).toBe(100);
  });

  it("warm-up and ramp are not counted", async () => {
    const server = await scripted(ok);
    const { overall, elapsedMs } = await loaded(server.url, { ratePerSecond: 200, rampMs: 200, warmUpMs: 300, durationMs: 400 });
    expect([overall.totalCount, server.received.length]).toEqual([80, 80 + 60 + 20]);
    expect(elapsedMs).toBeGreaterThanOrEqual(400);
  });

  it("in a ramp of a closed loop connections begin one after another", async () => {
    const begins: number[] = [];
    const { url } = await scripted((received, response) => {
      begins.push(performance.now());
      return after(700, ok)(received, response);
    });
    await loaded(url, { concurrency: 3, rampMs: 600, durationMs: 1 });
    // Meant for 0, 200 and 400 ms; none sends twice, as its answer comes after the end.
    expect(begins.length).toBe(3);
    expect(begins[1] - begins[0]).toBeGreaterThan(150);
    expect(begins[2] - begins[0]).toBeGreaterThan(350);
  });

  it("each status is told apart, and only 2xx are successes with a latency", async () => {
    const { url } = await scripted(
      ok,
      answers(404, { code: "NOT_FOUND", detail: "no such thing" }),
      answers(202, {}),
      answers(500, {}),
    );
    const { overall } = await loaded(url, { concurrency: 1 });
    expect([overall.byStatus.get(200), overall.byStatus.get(404), overall.byStatus.get(202)]).toEqual([1, 1, 1]);
    expect(overall.byStatus.get(500)).toBeGreaterThan(0);
    expect([overall.successCount, overall.latencies.count, overall.firstRefusal?.status]).toEqual([2, 2, 404]);
    expect(overall.firstRefusal?.body).toContain("no such thing");
  });

  it("a redirect is a status, and is not followed", async () => {
    const other = await scripted(ok);
    const { url } = await scripted(answers(302, {}, { location: other.url }));
    const { overall } = await loaded(url);
    expect([[...overall.byStatus.keys()], overall.successCount, other.received.length]).toEqual([[302], 0, 0]);
  });

  it("several kinds are counted each for itself and together", async () => {
    const target = await findTarget({ url: (await scripted(ok)).url, apiKey: "secret", isOwned: false });
    let turn = 0;
    const sources = ["/a", "/b"].map((path) => ({ name: path, next: () => target.request("GET", path) }));
    const result = await loaded(target.url, { sources, choose: () => turn++ % 2, ratePerSecond: 100, durationMs: 200 });
    expect([result.overall.totalCount, ...result.bySource.map(({ totalCount }) => totalCount)]).toEqual([20, 10, 10]);
  });
});

describe("an answer of 429", () => {
  it("makes a connection of a closed loop wait as long as Retry-After says", async () => {
    const server = await scripted(ok, answers(429, {}, { "retry-after": "60" }));
    const { overall, retryAfterWaits } = await loaded(server.url, { concurrency: 3 });
    expect([overall.byStatus.get(429), retryAfterWaits, server.received.length - (overall.byStatus.get(200) ?? 0)]).toEqual([
      3, 3, 3,
    ]);
  });

  it("does not stop an open loop", async () => {
    const { url } = await scripted(answers(429, {}, { "retry-after": "60" }));
    const { overall, retryAfterWaits } = await loaded(url, { ratePerSecond: 100 });
    expect([overall.byStatus.get(429), retryAfterWaits]).toEqual([30, 0]);
  });
});

describe("errors are counted by kind", () => {
  const kindsOf = ({ overall }: LoadResult) => [...overall.byError.keys()];

  it("nothing listens: refused, in both loops, and a closed one does not ask as fast as it is refused", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const closed = await loaded(url);
    expect([kindsOf(closed), closed.overall.successCount, closed.overall.latencies.count]).toEqual([["refused"], 0, 0]);
    // Two connections, which pause 100 ms after each failure.
    expect(closed.overall.totalCount).toBeLessThanOrEqual(8);
    const open = await loaded(url, { ratePerSecond: 100 });
    expect([kindsOf(open), open.overall.totalCount]).toEqual([["refused"], 30]);
  });

  it.each([
    ["before an answer", cuts],
    ["in the middle of an answer", cutsInTheMiddle],
  ])("the connection is closed %s: reset", async (_claim, step) => {
    const { url } = await scripted(step);
    expect(kindsOf(await loaded(url))).toEqual(["reset"]);
  });

  it("no answer in time: timeout, once for each connection", async () => {
    const { url } = await scripted(neverAnswers);
    const result = await loaded(url, { timeoutMs: 400, concurrency: 3 });
    expect([kindsOf(result), result.overall.totalCount]).toEqual([["timeout"], 3]);
  });

  it("what is no HTTP: malformed", async () => {
    expect(kindsOf(await loaded(await listening((socket) => socket.write("220 mail ready\r\n\r\n"))))).toEqual(["malformed"]);
  });

  it("requests whose turn never came: unsent, and none is lost", async () => {
    const { url } = await scripted(neverAnswers);
    const { overall } = await loaded(url, { timeoutMs: 400, concurrency: 1, ratePerSecond: 100, durationMs: 500 });
    expect(kindsOf({ overall } as LoadResult).toSorted()).toEqual(["timeout", "unsent"]);
    expect(overall.totalCount).toBe(50);
  });

  it("a connection that the server closes after an answer is opened again, without an error", async () => {
    const { url } = await scripted(answers(200, {}, { connection: "close" }));
    const { overall } = await loaded(url);
    expect([overall.byError.size, overall.successCount > 4]).toEqual([0, true]);
  });
});

it("a test that is stopped returns what it has, and leaves requests without an answer out", async () => {
  const abort = new AbortController();
  const { url } = await scripted(ok, ok, (received, response) => (abort.abort(), neverAnswers(received, response)));
  const result = await loaded(url, { signal: abort.signal, concurrency: 1, durationMs: 60_000 });
  expect([result.isStopped, result.overall.totalCount, result.overall.successCount]).toEqual([true, 2, 2]);
});

async function listening(greet: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => greet(socket));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  closing.push(() => new Promise((done) => server.close(done)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
