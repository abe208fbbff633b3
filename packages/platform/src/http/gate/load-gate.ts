/**
 * The HTTP server in front of the web framework. It refuses costly requests under load by itself, since a refusal must cost much less
 * than an answer. A costly path that it does not recognise (percent-encoded, or a whole URL) is refused after the framework has found the route.
 */

import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import { NomalyError } from "@nomaly/detect";
import { detailOf, problemOf } from "../answers/problem.ts";
import type { RequestLine, RequestLog } from "../answers/request-log.ts";
import { problemHeaders } from "../answers/security-headers.ts";
import type { App } from "../app.ts";
import type { Admission } from "./admission.ts";
import type { OtherOrigins } from "./other-origins.ts";
import { whenOver } from "./when-over.ts";

/** The body of a refused request is read and discarded; above this size the connection is closed instead. */
const discardedBytesMax = 256 * 1024;

export interface LoadGate {
  /** Option of the framework that makes its HTTP server. */
  readonly serverFactory: (handler: (request: IncomingMessage, response: ServerResponse) => void) => Server;
  /** Must be called before any route is registered, to learn which routes are costly. */
  guard(app: App): void;
}

export interface LoadGateParts {
  readonly admission: Admission;
  readonly requests: Pick<RequestLog, "over">;
  readonly others: Pick<OtherOrigins, "headersFor">;
}

export function createLoadGate({ admission, requests, others }: LoadGateParts, options: ServerOptions = {}): LoadGate {
  /** Method and path of costly routes, whose paths have no parameters. */
  const costly = new Set<string>();
  return {
    serverFactory: (handler) =>
      createServer(options, (request, response) => {
        const { method = "", url = "" } = request;
        const path = url.split("?", 1)[0];
        if (costly.has(`${method} ${path}`)) {
          const why = admission.refusal(request);
          if (why !== undefined) {
            const id = refuse(request, response, { why, headers: others.headersFor(request.headers.origin) });
            return requests.over({}, () => refusedLine(method, path, id));
          }
          // `whenOver` also runs when the client leaves before its answer.
          whenOver(response, () => admission.left(request));
        }
        handler(request, response);
      }),
    guard(app) {
      app.addHook("onRoute", ({ method, url, config }) => {
        if (config?.isCostly !== true) return;
        for (const one of [method].flat()) costly.add(`${one} ${url}`);
      });
      app.addHook("onRequest", ({ raw, routeOptions }, reply, done) => {
        if (routeOptions.config.isCostly !== true || admission.has(raw)) return done();
        const why = admission.refusal(raw);
        if (why !== undefined) return done(new NomalyError("OVERLOADED", why, { field: "load" }));
        whenOver(reply.raw, () => admission.left(raw));
        done();
      });
    },
  };
}

const { problem: template, ...refused } = problemOf(new NomalyError("OVERLOADED", "", { field: "load" }), "");

function refusedLine(method: string, route: string, id: string): RequestLine {
  return { method, route, status: refused.status, ms: 0, request_id: id, actor: "public" };
}

interface Refusal {
  readonly why: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @returns the request id of the answer. */
function refuse({ headers }: IncomingMessage, response: ServerResponse, { why, headers: further }: Refusal): string {
  const id = randomUUID();
  const body = JSON.stringify({ ...template, detail: detailOf(why, refused.retryAfterSeconds), request_id: id });
  const isDiscarded = Number(headers["content-length"]) <= discardedBytesMax;
  response.writeHead(refused.status, {
    ...problemHeaders(id),
    ...further,
    "content-length": Buffer.byteLength(body),
    "retry-after": String(refused.retryAfterSeconds),
    ...(isDiscarded ? {} : { connection: "close" }),
  });
  response.end(body);
  return id;
}
