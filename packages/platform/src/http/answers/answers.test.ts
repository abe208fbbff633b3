import { connect, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import fastify from "fastify";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Answers, watchAnswers } from "./answers.ts";
import type { App } from "../app.ts";

const answerBytes = 8 * 1024 ** 2;
let closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.toReversed()) await close();
  closers = [];
});

async function serving(limits: { readonly bytesMax: number; readonly idleMsMax: number }) {
  const app = fastify() as unknown as App;
  const answers = watchAnswers(app, { ...limits, pressedIdleMsMax: 100, lookMs: 20 });
  const large = Buffer.alloc(answerBytes, "x");
  app.get("/large", async (_request, reply) => reply.send(large as never));
  app.get("/small", async (_request, reply) => reply.send("small"));
  await app.listen({ port: 0, host: "127.0.0.1" });
  closers.push(() => app.close());
  return { answers, port: (app.server.address() as AddressInfo).port };
}

function asking(port: number, path: string): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  socket.pause();
  closers.push(() => socket.destroy());
  return socket;
}

const waitsFor = (answers: Answers, count: number) =>
  vi.waitUntil(() => answers.stats().waitingAnswers === count, { timeout: 10_000, interval: 5 });

describe("answers that nobody reads", () => {
  it("are counted until they are read", async () => {
    const { answers, port } = await serving({ bytesMax: 10 * answerBytes, idleMsMax: 60_000 });
    const socket = asking(port, "/large");
    await waitsFor(answers, 1);
    expect(answers.stats()).toMatchObject({ waitingBytes: answerBytes, cutOff: 0 });
    socket.resume();
    await waitsFor(answers, 0);
    expect(answers.stats()).toMatchObject({ waitingBytes: 0, cutOff: 0 });
  });

  it("are cut off when nothing was read for a while, and not as long as something is", async () => {
    const { answers, port } = await serving({ bytesMax: 10 * answerBytes, idleMsMax: 400 });
    const idle = asking(port, "/large");
    const reading = asking(port, "/large");
    const timer = setInterval(() => {
      reading.resume();
      setImmediate(() => reading.pause());
    }, 50);
    closers.push(() => clearInterval(timer));
    await vi.waitUntil(() => answers.stats().cutOff === 1, { timeout: 10_000, interval: 5 });
    idle.resume();
    await vi.waitUntil(() => idle.closed, { timeout: 10_000, interval: 5 });
    expect(reading.destroyed).toBe(false);
  });

  it("keep costly requests out while they are too many bytes, and then go sooner", async () => {
    const { answers, port } = await serving({ bytesMax: 2 * answerBytes, idleMsMax: 60_000 });
    asking(port, "/large");
    asking(port, "/large");
    await waitsFor(answers, 2);
    expect(answers.refusal()).toBeUndefined();
    asking(port, "/large");
    await vi.waitUntil(() => answers.refusal() !== undefined, { timeout: 10_000, interval: 1 });
    expect(answers.refusal()).toContain(String(3 * answerBytes));
    await vi.waitUntil(() => answers.refusal() === undefined, { timeout: 10_000, interval: 5 });
    expect(answers.stats().cutOff).toBeGreaterThanOrEqual(1);
  });

  it("small ones are none of its business", async () => {
    const { answers, port } = await serving({ bytesMax: answerBytes, idleMsMax: 50 });
    expect(await (await fetch(`http://127.0.0.1:${port}/small`)).text()).toBe("small");
    expect(answers.stats()).toEqual({ waitingAnswers: 0, waitingBytes: 0, cutOff: 0 });
  });
});
