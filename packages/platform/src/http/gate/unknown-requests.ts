/** Answers requests without a route before their body is read: 404 for an unknown path, 405 for an unknown method. */

import { NomalyError } from "@nomaly/detect";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { App } from "../app.ts";
import { createKnownPaths, type KnownPaths } from "./known-paths.ts";
import { problemOf, problemType } from "../answers/problem.ts";

const shownPathMax = 200;

/** Must be called after the hooks that set the headers of replies, and before any route is registered. */
export function answerUnknown(app: App): void {
  const known = createKnownPaths();
  app.addHook("onRoute", ({ method, url }) => known.add(method, url));
  app.setNotFoundHandler((request, reply) => answer(known, request, reply));
  app.addHook("onRequest", (request, reply, proceed) => {
    const { url = "" } = request.routeOptions;
    // For a fixed path with another method, the router takes a route with a parameter: `GET /api/detectors/status`.
    const isOther = url.includes("/:") && known.isFixed(pathOf(request));
    if (!isOther && !request.is404) return proceed();
    try {
      void answer(known, request, reply);
    } catch (error) {
      proceed(error as Error);
    }
  });
}

/** @throws NomalyError NOT_FOUND. */
function answer(known: KnownPaths, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = pathOf(request);
  const methods = known.methodsOf(path);
  if (methods.length === 0) {
    throw new NomalyError("NOT_FOUND", `there is no ${request.method} ${path.slice(0, shownPathMax)}`, { field: "path" });
  }
  reply.header("allow", methods.join(", "));
  if (request.method === "OPTIONS") return reply.code(204).send(null);
  const message = `this path takes ${methods.join(", ")}, not ${request.method}`;
  const { problem } = problemOf(new NomalyError("REQUEST", message, { field: "method" }), request.id);
  const text = JSON.stringify({ ...problem, status: 405 });
  return reply.code(405).type(problemType).send(text);
}

function pathOf({ url }: FastifyRequest): string {
  return url.split("?", 1)[0];
}
