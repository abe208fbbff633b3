/** The web application: routes over services, with checks, errors, access and descriptions the same for all. */

import { randomUUID } from "node:crypto";
import helmet from "@fastify/helmet";
import multipart from "@fastify/multipart";
import rateLimit from "@fastify/rate-limit";
import { NomalyError } from "@nomaly/detect";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { ServiceContext } from "../services/context.ts";
import { type AccessRules, type Caller, callerOf, requireScope, type Scope } from "./access.ts";
import { parseJson } from "./json-body.ts";
import { arrowMediaType, LargeBody, largeBodyBytesMin, mayBeLarge } from "./large-body.ts";
import { registerOpenApi } from "./openapi.ts";
import { problemOf, problemType } from "./problem.ts";
import { registerRoutes } from "./routes/all.ts";
import { sharedSchemas } from "./schemas/all.ts";
import { createValidatorCompiler, validationError } from "./validation.ts";

export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>;

export interface AppOptions {
  readonly context: ServiceContext;
  readonly access: AccessRules;
  readonly version: string;
  readonly logger: FastifyBaseLogger;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a caller needs; `public` asks nothing. */
    readonly scope?: Scope | "public";
    /** A body above a size comes as a `LargeBody`. */
    readonly takesLargeBodies?: boolean;
    /** Goes on until the client leaves: has no time limit. */
    readonly isStream?: boolean;
  }
  interface FastifyRequest {
    caller: Caller;
    /** Fires when the client has left or the time of the request is over. */
    stopSignal: AbortSignal;
  }
}

const headersMsMax = 20_000;
const idleMsMax = 65_000;

export async function createApp(options: AppOptions): Promise<App> {
  const { context, access, logger } = options;
  const { config } = context;
  const app: App = fastify({
    loggerInstance: logger,
    bodyLimit: config.bodyBytes,
    // Slow senders: headers within 20 s, everything within the limit of a request.
    requestTimeout: config.requestTimeoutS * 1000,
    connectionTimeout: 0,
    keepAliveTimeout: idleMsMax,
    http: { headersTimeout: headersMsMax },
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    logController: new fastify.LogController({ disableRequestLogging: true }),
    return503OnClosing: true,
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
  }).withTypeProvider<TypeBoxTypeProvider>();
  const schemas = sharedSchemas();
  for (const schema of schemas) app.addSchema(schema);
  app.setValidatorCompiler(createValidatorCompiler(schemas));
  // What services return is what is sent: the schemas of replies describe, and the tests hold replies against them.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.setSchemaErrorFormatter((errors, part) => validationError(errors, part));
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  app.setNotFoundHandler((request) => {
    throw new NomalyError("NOT_FOUND", `there is no ${request.method} ${request.url.split("?")[0]}`, { field: "path" });
  });
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    parseBody(request, body as Buffer, done);
  });
  app.addContentTypeParser(arrowMediaType, { parseAs: "buffer" }, (request, body, done) => {
    if (mayBeLarge(request)) done(null, new LargeBody(body as Buffer, "arrow"));
    else done(new NomalyError("REQUEST", "this path takes JSON", { field: "content-type" }));
  });
  await app.register(helmet, {
    contentSecurityPolicy: { directives: { "script-src": ["'self'"], "upgrade-insecure-requests": null } },
  });
  await app.register(multipart, {
    limits: { fileSize: config.uploadBytes, files: 1, fields: 20, fieldSize: 10_000, headerPairs: 100 },
  });
  guardRequests(app, access, config.requestTimeoutS * 1000);
  await app.register(rateLimit, {
    global: true,
    hook: "preValidation",
    max: config.rateLimit,
    timeWindow: 1000,
    enableDraftSpec: true,
    keyGenerator: (request) => request.caller.actor,
    allowList: (request) => !request.caller.isLimited,
    errorResponseBuilder: (_request, { max }) =>
      new NomalyError("RATE_LIMITED", `this key may make ${max} requests a second`, {
        field: "rate_limit",
        expected: `${max} a second`,
      }),
  });
  await registerOpenApi(app, options.version);
  await app.register(async (scope) => registerRoutes(scope as App, context));
  return app;
}

function parseBody(request: FastifyRequest, body: Buffer, done: (error: Error | null, value?: unknown) => void): void {
  if (body.length >= largeBodyBytesMin && mayBeLarge(request)) return done(null, new LargeBody(body, "json"));
  let value: unknown;
  try {
    value = parseJson(body);
  } catch (error) {
    return done(error as Error);
  }
  done(null, value);
}

/** Every request gets its caller and its end before any of its body is read. */
function guardRequests(app: App, access: AccessRules, timeoutMs: number): void {
  app.decorateRequest("caller");
  app.decorateRequest("stopSignal");
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    const needed = request.routeOptions.config.scope ?? "admin";
    if (needed === "public" || request.is404) {
      request.caller = { actor: "public", scopes: [], isLimited: false };
    } else {
      request.caller = await callerOf(request.headers, access);
      requireScope(request.caller, needed);
    }
    request.stopSignal = signalOf(reply, request.routeOptions.config.isStream === true ? undefined : timeoutMs);
  });
}

function signalOf(reply: FastifyReply, timeoutMs: number | undefined): AbortSignal {
  const controller = new AbortController();
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          controller.abort(
            new NomalyError("TIMEOUT", `the request took longer than ${timeoutMs} ms`, { field: "request_timeout_s" }),
          );
        }, timeoutMs);
  reply.raw.once("close", () => {
    clearTimeout(timer);
    if (!reply.raw.writableFinished) controller.abort(new NomalyError("ABORTED", "the client left"));
  });
  return controller.signal;
}

function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // A time limit reaches the work as an abort: what the caller must hear is the limit.
  const reason: unknown = request.stopSignal?.aborted === true ? request.stopSignal.reason : undefined;
  const told = error instanceof NomalyError && error.code === "ABORTED" && reason instanceof NomalyError ? reason : error;
  const { problem, status, retryAfterSeconds, isInternal } = problemOf(told, request.id);
  if (isInternal) request.log.error({ err: error, request_id: request.id }, "a request failed by a fault of the service");
  else if (status >= 500 && status !== 503) request.log.warn({ err: error, request_id: request.id }, "a request failed");
  if (retryAfterSeconds !== undefined) reply.header("retry-after", String(retryAfterSeconds));
  return reply.code(status).type(problemType).send(JSON.stringify(problem));
}
