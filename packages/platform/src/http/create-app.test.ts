import type { FastifyBaseLogger } from "fastify";
import { afterAll, beforeAll, expect, it } from "vitest";
import { memoryShares } from "../budget/memory-shares.ts";
import { readConfig } from "../config/read-config.ts";
import { createLogger } from "../main/logger.ts";
import type { ServiceContext } from "../services/core/context.ts";
import type { App } from "./app.ts";
import { createApp } from "./create-app.ts";

let app: App;

/** The wait for these workers is too long, so the app refuses costly requests before it uses anything else of the context. */
beforeAll(async () => {
  const { config } = readConfig({ environment: {} });
  const shares = memoryShares({ limitBytes: 2 ** 32, hasEmbeddedDatabase: false, workerCount: 1 });
  const context = { config, shares, queue: {}, compute: { shortWaitSeconds: () => 5 } } as unknown as ServiceContext;
  const logger: FastifyBaseLogger = createLogger("silent");
  const access = { required: true, authenticate: async () => undefined };
  app = await createApp({ context, access, version: "0", logger, counted: [] });
});
afterAll(() => app.close());

it.each([
  "/api/detection/train",
  "/api/detection/predict",
  "/api/detection/batch",
  "/api/detection/explain",
  "/api/detection/evaluate",
  "/api/detection/compare",
  "/detection/train",
  "/detection/predict",
  "/api/%64etection/predict/",
])("refuses what is costly while there is too much to do, before it asks who sends it: POST %s", async (url) => {
  expect((await app.inject({ method: "POST", url })).json()).toMatchObject({ status: 503, code: "OVERLOADED" });
});

it.each([
  ["POST", "/api/datasets", 401],
  ["GET", "/api/detectors", 401],
  ["GET", "/api/detection/predict", 405],
  ["POST", "/detection/batch", 404],
  ["POST", "/detection/explain", 404],
  ["GET", "/health/live", 200],
] as const)("answers all else as ever: %s %s with %d", async (method, url, status) => {
  expect((await app.inject({ method, url })).statusCode).toBe(status);
});
