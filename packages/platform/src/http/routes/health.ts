/** Whether the process lives, can serve, and how each of its parts is. */

import { snakeCase } from "@nomaly/detect";
import { Type } from "typebox";
import type { ServiceContext } from "../../services/core/context.ts";
import { checkHealth, isReady } from "../../services/operations/health.ts";
import type { App } from "../app.ts";
import { keptFor } from "../answers/kept-for.ts";
import { problemsOf, route } from "./shared.ts";

const tags = ["health"];

/** Anybody may ask whether requests can be served: however often, the database hears of it this seldom. */
const readyMs = 1000;

export function registerHealth(app: App, context: ServiceContext): void {
  const Live = Type.Object({ status: Type.Literal("ok") });
  app.get(
    "/health/live",
    route({ scope: "public", isPolled: true, tags, summary: "the process lives", response: { 200: Live } }),
    async () => ({ status: "ok" as const }),
  );
  const ready = keptFor(readyMs, () => isReady(context));
  const Ready = Type.Object({ status: Type.Union([Type.Literal("ok"), Type.Literal("unavailable")]) });
  app.get(
    "/health/ready",
    route({ scope: "public", isPolled: true, tags, summary: "requests can be served", response: { 200: Ready, 503: Ready } }),
    async (_request, reply) => {
      const isUp = await ready();
      return reply.code(isUp ? 200 : 503).send({ status: isUp ? "ok" : "unavailable" });
    },
  );
  app.get(
    "/health/full",
    route({
      scope: "read",
      isPolled: true,
      tags,
      summary: "every part with its numbers",
      description: "`status` is `ok`, `degraded` when a part is not well, or `unavailable` when nothing can be served.",
      response: { 200: Type.Record(Type.String(), Type.Unknown()), ...problemsOf() },
    }),
    async (_request, reply) => {
      const { status, parts } = await checkHealth(context);
      return reply.send({ status, ...(inSnakeCase(parts) as object) });
    },
  );
}

/** Numbers of the parts in the spelling of the API. */
function inSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSnakeCase);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [snakeCase(name), inSnakeCase(part)]));
}
