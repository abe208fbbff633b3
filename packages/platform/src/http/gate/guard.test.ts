import fastify from "fastify";
import { expect, it } from "vitest";
import type { Config } from "../../config/settings.ts";
import type { App } from "../app.ts";
import { guardRequests } from "./guard.ts";
import { problemOf } from "../answers/problem.ts";
import { otherOrigins } from "./other-origins.ts";

it("looks no further keys up from an address that has sent too many that are not valid", async () => {
  let lookedUpCount = 0;
  const app = fastify() as unknown as App;
  app.setErrorHandler((error, request, reply) => reply.code(problemOf(error, request.id).status).send());
  guardRequests(app, {
    others: otherOrigins([], true),
    access: {
      required: true,
      authenticate: async (credential) => {
        if (credential === "valid") return { actor: "tests", scopes: ["read"], isLimited: false };
        lookedUpCount++;
        return undefined;
      },
    },
    config: { requestTimeoutS: 5, rateLimit: 10, shutdownTimeoutS: 1 } as Config,
    sendProblem: (_error, _request, reply) => reply,
  });
  app.get("/", { config: { scope: "read" } }, async () => "seen");
  const ask = async (key: string) => (await app.inject({ url: "/", headers: { "x-api-key": key } })).statusCode;
  expect(await ask("valid")).toBe(200);
  const statuses: number[] = [];
  for (let index = 0; index < 300; index++) statuses.push(await ask(`wrong ${index}`));
  // The key of another client at the same address.
  expect(await ask("valid")).toBe(200);
  expect(new Set(statuses)).toEqual(new Set([401, 429]));
  expect(lookedUpCount).toBe(statuses.filter((status) => status === 401).length);
  await app.close();
});
