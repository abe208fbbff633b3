/** Routes of health: whether the process is alive, whether it can serve requests, and the numbers of all parts. */

import { Type } from "typebox";
import type { ServiceContext } from "../../services/core/context.ts";
import { checkHealth, isReady } from "../../services/operations/health.ts";
import type { App } from "../app.ts";
import { inSnakeCase } from "../answers/in-snake-case.ts";
import { keptFor } from "../answers/kept-for.ts";
import { problemsOf, route } from "./shared/shared.ts";

const tags = ["health"];

/** Anybody may call /health/ready as often as they like, so the answer is kept this long to spare the database. */
const readyMs = 1000;

export function registerHealth(app: App, context: ServiceContext): void {
  const Live = Type.Object({ status: Type.Literal("ok", { description: "always ok: a dead process does not answer" }) });
  app.get(
    "/health/live",
    route({ scope: "public", isPolled: true, tags, summary: "whether the process is alive", response: { 200: Live } }),
    async () => ({ status: "ok" as const }),
  );
  const ready = keptFor(readyMs, () => isReady(context));
  const Ready = Type.Object({
    status: Type.Union([Type.Literal("ok"), Type.Literal("unavailable")], {
      description: "unavailable while the database does not answer",
    }),
  });
  app.get(
    "/health/ready",
    route({
      scope: "public",
      isPolled: true,
      tags,
      summary: "whether the service can answer requests",
      response: { 200: Ready, 503: Ready },
    }),
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
      description:
        "`status` is `ok`, `degraded` when a part does not work, or `unavailable` when the service cannot answer requests.",
      response: { 200: Type.Record(Type.String(), Type.Unknown()), ...problemsOf() },
    }),
    async (_request, reply) => {
      const { status, parts } = await checkHealth(context);
      return reply.send({ status, ...(inSnakeCase(parts) as object) });
    },
  );
}
