import fastify from "fastify";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { App } from "../http/app.ts";
import { listen } from "./listening.ts";

const app = fastify({ forceCloseConnections: "idle" }) as unknown as App;
let port: string;

beforeAll(async () => {
  app.get("/", async () => "here");
  const url = await listen(app, { host: "localhost", port: 0, setting: "port" }, async () => [
    { address: "127.0.0.1" },
    { address: "::1" },
    { address: "127.0.0.2" },
  ]);
  port = new URL(url).port;
});
afterAll(() => app.close());

const ask = async (host: string) => (await fetch(`http://${host}:${port}/`)).text();

it("serves every address of localhost on the same port, and none of them after its end", async () => {
  expect(await Promise.all(["localhost", "127.0.0.2"].map(ask))).toEqual(["here", "here"]);
  await app.close();
  for (const host of ["localhost", "127.0.0.2"]) await expect(ask(host)).rejects.toThrow("fetch failed");
});
