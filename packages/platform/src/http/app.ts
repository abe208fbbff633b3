/** The web application: routes over services, with checks, errors, access and descriptions the same for all. */

import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { NomalyError } from "@nomaly/detect";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { ServiceContext } from "../services/context.ts";
import { type CountedPart, countedPart } from "../watch/metric-kinds.ts";
import { createMetrics } from "../watch/metrics.ts";
import type { AccessRules, Scope } from "./access.ts";
import { admissionDefaults, admissionKinds, createAdmission, guardGate } from "./admission.ts";
import { answerSocket } from "./broken-requests.ts";
import { guardRequests } from "./guard.ts";
import { parseJson } from "./json-body.ts";
import { createKnownPaths, type KnownPaths } from "./known-paths.ts";
import { arrowMediaType, LargeBody, largeBodyBytesMin, smallBodyBytes, takesLargeBodies, wantsArrow } from "./large-body.ts";
import { registerOpenApi } from "./openapi.ts";
import { problemOf, problemType } from "./problem.ts";
import { createRequestLog, logRequests } from "./request-log.ts";
import { registerRoutes, registerWatching } from "./routes/all.ts";
import { sharedSchemas } from "./schemas/all.ts";
import { createValidatorCompiler, validationError } from "./validation.ts";

export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>;

export interface AppOptions {
  readonly context: ServiceContext;
  readonly access: AccessRules;
  readonly version: string;
  readonly logger: FastifyBaseLogger;
  /** For the metrics. */
  readonly counted: readonly CountedPart[];
  /** A process that only runs jobs tells how it is, and nothing else. */
  readonly serves?: "everything" | "health";
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a caller needs; `public` asks nothing. */
    readonly scope?: Scope | "public";
    /** A body above a size comes as a `LargeBody`. */
    readonly takesLargeBodies?: boolean;
    /** Goes on until the client leaves: has no time limit. */
    readonly isStream?: boolean;
    /** Has time as long as something of the body comes. */
    readonly isUpload?: boolean;
  }
}

/** Slow senders: headers within 20 s, all within an hour; what each request may take in between, the guard says. */
const headersMsMax = 20_000;
const wholeRequestMsMax = 3_600_000;
const slownessLookMs = 2000;
const idleMsMax = 65_000;
const headerBytesMax = 16 * 1024;

export async function createApp(options: AppOptions): Promise<App> {
  const { context, logger } = options;
  const { config } = context;
  const app: App = fastify({
    loggerInstance: logger,
    bodyLimit: Math.min(smallBodyBytes, config.bodyBytes),
    requestTimeout: wholeRequestMsMax,
    connectionTimeout: 0,
    keepAliveTimeout: idleMsMax,
    http: { headersTimeout: headersMsMax, connectionsCheckingInterval: slownessLookMs, maxHeaderSize: headerBytesMax },
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    logController: new fastify.LogController({ disableRequestLogging: true }),
    // A logger for each request costs more than the few lines that are ever logged: these name the request themselves.
    childLoggerFactory: (parent) => parent,
    return503OnClosing: true,
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
    clientErrorHandler: (error, socket) => answerSocket(error, socket),
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
  }).withTypeProvider<TypeBoxTypeProvider>();
  const known = createKnownPaths();
  app.addHook("onRoute", (route) => {
    known.add(route.method, route.url);
    if (route.config?.takesLargeBodies === true) route.bodyLimit = config.bodyBytes;
  });
  answerMistakes(app, known);
  readBodies(app);
  const limits = { unsaidBytes: Math.min(config.bodyBytes, admissionDefaults.unsaidBytes) };
  const admission = createAdmission({ limits, waitSeconds: () => context.compute.retryAfterSeconds() });
  const requests = createRequestLog(logger);
  logRequests(app, requests);
  guardGate(app, admission, requests);
  guardRequests(app, { access: options.access, config, sendProblem });
  const metrics = createMetrics([...options.counted, countedPart("admission", () => admission.stats(), admissionKinds)]);
  app.addHook("onResponse", (request, reply, done) => {
    metrics.observe(request.routeOptions.url ?? "none", request.method, reply.statusCode, reply.elapsedTime);
    done();
  });
  if (options.serves === "health") {
    await app.register(async (scope) => registerWatching(scope as App, context, metrics));
    return app;
  }
  await registerOpenApi(app, options.version);
  await app.register(async (scope) => registerRoutes(scope as App, context, metrics));
  return app;
}

function answerMistakes(app: App, known: KnownPaths): void {
  const schemas = sharedSchemas();
  for (const schema of schemas) app.addSchema(schema);
  app.setValidatorCompiler(createValidatorCompiler(schemas));
  // What services return is what is sent: the schemas of replies describe, and the tests hold replies against them.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.setSchemaErrorFormatter((errors, part) => validationError(errors, part));
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const [path] = request.url.split("?");
    const methods = known.methodsOf(path);
    if (methods.length === 0) {
      throw new NomalyError("NOT_FOUND", `there is no ${request.method} ${path.slice(0, shownPathMax)}`, { field: "path" });
    }
    reply.header("allow", methods.join(", "));
    if (request.method === "OPTIONS") return reply.code(204).send(null);
    const message = `this path takes ${methods.join(", ")}, not ${request.method}`;
    const { problem } = problemOf(new NomalyError("REQUEST", message, { field: "method" }), request.id);
    return reply
      .code(405)
      .type(problemType)
      .send(JSON.stringify({ ...problem, status: 405 }));
  });
}

const shownPathMax = 200;

function readBodies(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    parseBody(request, body as Buffer, done);
  });
  app.addContentTypeParser(arrowMediaType, { parseAs: "buffer" }, (request, body, done) => {
    if (takesLargeBodies(request)) return done(null, new LargeBody(body as Buffer, "arrow"));
    const { problem } = problemOf(new NomalyError("REQUEST", "this path takes JSON"), request.id);
    done(Object.assign(new Error(problem.detail), { statusCode: 415 }));
  });
}

function parseBody(request: FastifyRequest, body: Buffer, done: (error: Error | null, value?: unknown) => void): void {
  if (takesLargeBodies(request) && (body.length >= largeBodyBytesMin || wantsArrow(request))) {
    return done(null, new LargeBody(body, "json"));
  }
  let value: unknown;
  try {
    value = parseJson(body);
  } catch (error) {
    return done(error as Error);
  }
  done(null, value);
}

function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // A time limit reaches the work as an abort: what the caller must hear is the limit.
  const isAborted = error instanceof NomalyError && error.code === "ABORTED";
  const reason: unknown = isAborted ? request.stopSignal.reason : undefined;
  const { problem, status, retryAfterSeconds, isInternal } = problemOf(
    reason instanceof NomalyError ? reason : error,
    request.id,
  );
  if (isInternal) request.log.error({ err: error, request_id: request.id }, "a request failed by a fault of the service");
  else if (status >= 500 && status !== 503) request.log.warn({ err: error, request_id: request.id }, "a request failed");
  if (retryAfterSeconds !== undefined) reply.header("retry-after", String(retryAfterSeconds));
  return reply.code(status).type(problemType).send(JSON.stringify(problem));
}
