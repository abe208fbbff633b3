/**
 * Stands before the web framework, as its server: a refusal must cost a small part of what an answer does, or refusing is what overloads.
 * What the path hid from it, by percent signs or by being a whole URL, is caught once the framework has found the route.
 */

import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import { NomalyError } from "@nomaly/detect";
import { detailOf, problemOf } from "../answers/problem.ts";
import type { RequestLine, RequestLog } from "../answers/request-log.ts";
import { problemHeaders } from "../answers/security-headers.ts";
import type { App } from "../app.ts";
import type { Admission } from "./admission.ts";
import { whenOver } from "./when-over.ts";

/** A body that is not read has to be thrown away: above this size the connection goes instead. */
const discardedBytesMax = 256 * 1024;

export interface LoadGate {
  /** For the framework, when it is made. */
  readonly serverFactory: (handler: (request: IncomingMessage, response: ServerResponse) => void) => Server;
  /** To be called before any route is registered: learns which are costly. */
  guard(app: App): void;
}

export function createLoadGate(admission: Admission, requests: Pick<RequestLog, "over">, options: ServerOptions = {}): LoadGate {
  /** By method and path; a costly path has no names in it. */
  const costly = new Set<string>();
  return {
    serverFactory: (handler) =>
      createServer(options, (request, response) => {
        const { method = "", url = "" } = request;
        const path = url.split("?", 1)[0];
        if (costly.has(`${method} ${path}`)) {
          const why = admission.refusal(request);
          if (why !== undefined) {
            const id = refuse(request, response, why);
            return requests.over({}, () => refusedLine(method, path, id));
          }
          // Also when the client leaves before its answer: nothing else is sure to happen then.
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

/** @returns the id that the answer has. */
function refuse({ headers }: IncomingMessage, response: ServerResponse, why: string): string {
  const id = randomUUID();
  const body = JSON.stringify({ ...template, detail: detailOf(why, refused.retryAfterSeconds), request_id: id });
  const isDiscarded = Number(headers["content-length"]) <= discardedBytesMax;
  response.writeHead(refused.status, {
    ...problemHeaders(id),
    "content-length": Buffer.byteLength(body),
    "retry-after": String(refused.retryAfterSeconds),
    ...(isDiscarded ? {} : { connection: "close" }),
  });
  response.end(body);
  return id;
}
