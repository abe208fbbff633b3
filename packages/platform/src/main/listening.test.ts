import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import fastify from "fastify";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { App } from "../http/app.ts";
import { createAdmission } from "../http/gate/admission.ts";
import { endWithin } from "../http/gate/ending.ts";
import { createLoadGate } from "../http/gate/load-gate.ts";
import { otherOrigins } from "../http/gate/other-origins.ts";
import { listen } from "./listening.ts";

let app: App;
let port: string;
let answer: (text: string) => void;

/** With a server of our own: Fastify's would listen on every address itself. */
beforeEach(async () => {
  const { serverFactory } = createLoadGate({
    admission: createAdmission({ waitSeconds: () => 0 }),
    requests: { over: () => {} },
    others: otherOrigins([], false),
  });
  app = fastify({ serverFactory, forceCloseConnections: "idle" });
  endWithin(app, 20_000, () => {});
  app.get("/", async () => "here");
  app.get("/slow", () => new Promise<string>((resolve) => (answer = resolve)));
  const url = await listen(app, { host: "localhost", port: 0, setting: "port" }, async () => [
    { address: "127.0.0.1" },
    { address: "::1" },
    { address: "127.0.0.2" },
  ]);
  port = new URL(url).port;
});
afterEach(() => app.close());

const ask = async (host: string, path = "/") => (await fetch(`http://${host}:${port}${path}`)).text();

it("serves every address of localhost on the same port, and none of them after its end", async () => {
  expect(await Promise.all(["localhost", "127.0.0.2"].map((host) => ask(host)))).toEqual(["here", "here"]);
  await app.close();
  for (const host of ["localhost", "127.0.0.2"]) await expect(ask(host)).rejects.toThrow("fetch failed");
});

it.each(["localhost", "127.0.0.2"])("ends only when a request that came through %s is answered, and soon then", async (host) => {
  const come = once(app.server, "request");
  const answered = ask(host, "/slow");
  await come;
  const closed = app.close();
  expect(await Promise.race([closed.then(() => "closed"), setTimeout(500, "waits")])).toBe("waits");
  answer("late");
  expect(await answered).toBe("late");
  const start = performance.now();
  await closed;
  // The client keeps its connection for seconds.
  expect(performance.now() - start).toBeLessThan(2000);
});
