/** The web application: routes over services, with checks, errors, access and descriptions the same for all. */

import { randomUUID } from "node:crypto";
import { NomalyError } from "@nomaly/detect";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify, { type FastifyBaseLogger, type FastifyReply, type FastifyRequest } from "fastify";
import type { ServiceContext } from "../services/core/context.ts";
import { type CountedPart, countedPart } from "../watch/metric-kinds.ts";
import { createMetrics } from "../watch/metrics.ts";
import type { App } from "./app.ts";
import { admissionDefaults, admissionKinds, createAdmission, guardGate } from "./gate/admission.ts";
import { answerSocket } from "./gate/broken-requests.ts";
import { guardRequests, type GuardOptions } from "./gate/guard.ts";
import { parseJson } from "./body/json-body.ts";
import { answerDefaults, answerKinds, watchAnswers } from "./answers/answers.ts";
import { createMemoryBudget, type MemoryBudget } from "./gate/memory-budget.ts";
import { type BodyLimits, spoolBytes, takeBody } from "./body/spool-body.ts";
import { createKnownPaths } from "./gate/known-paths.ts";
import { arrowMediaType, LargeBody, largeBodyBytesMin, smallBodyBytes, takesLargeBodies, wantsArrow } from "./body/large-body.ts";
import { registerOpenApi } from "./description/openapi.ts";
import { problemOf, problemType } from "./answers/problem.ts";
import { createRequestLog, logRequests } from "./answers/request-log.ts";
import { registerRoutes, registerWatching } from "./routes/all.ts";
import { sharedSchemas } from "./schemas/all.ts";
import { whenOver } from "./gate/when-over.ts";
import { problemHeaders } from "./answers/security-headers.ts";
import { answerUnknown } from "./gate/unknown-requests.ts";
import { createValidatorCompiler, validationError } from "./body/validation.ts";

export interface AppOptions extends Pick<GuardOptions, "access" | "sharedCounts"> {
  readonly context: ServiceContext;
  readonly version: string;
  readonly logger: FastifyBaseLogger;
  /** For the metrics. */
  readonly counted: readonly CountedPart[];
  /** A process that only runs jobs tells how it is, and nothing else. */
  readonly serves?: "everything" | "health";
}

/** Slow senders: headers within 20 s, all within an hour; what each request may take in between, the guard says. */
const headersMsMax = 20_000;
const wholeRequestMsMax = 3_600_000;
const slownessLookMs = 2000;
const idleMsMax = 65_000;
const headerBytesMax = 16 * 1024;
/** Of a body that holds no rows. */
const descriptionBytes = 1024 ** 2;

export async function createApp(options: AppOptions): Promise<App> {
  const { context, logger } = options;
  const { config } = context;
  const app: App = fastify({
    loggerInstance: logger,
    bodyLimit: Math.min(descriptionBytes, config.bodyBytes),
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
    // What it refuses before it has a route has met none of the hooks.
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply.headers(problemHeaders(request.id))),
  }).withTypeProvider<TypeBoxTypeProvider>();
  const known = createKnownPaths();
  app.addHook("onRoute", (route) => {
    known.add(route.method, route.url);
    if (route.config?.takesLargeBodies === true) route.bodyLimit = config.bodyBytes;
  });
  answerMistakes(app);
  const { shares } = context;
  const budget = createMemoryBudget(shares.bodyBytes);
  readBodies(app, { bodyBytesMax: shares.bodyBytesMax, budget });
  const answers = watchAnswers(app, { ...answerDefaults, bytesMax: shares.answerBytes });
  const limits = {
    unsaidBytes: Math.min(config.bodyBytes, admissionDefaults.unsaidBytes),
    inFlightMax: Math.min(admissionDefaults.inFlightMax, Math.floor(shares.bodyBytes / countedBytesMin)),
  };
  const admission = createAdmission({
    limits,
    waitSeconds: () => context.compute.shortWaitSeconds(),
    otherwiseFull: () => answers.refusal(),
  });
  const requests = createRequestLog(logger);
  logRequests(app, requests);
  guardGate(app, admission, requests);
  guardRequests(app, { access: options.access, sharedCounts: options.sharedCounts, config, sendProblem });
  answerUnknown(app, known);
  const counted = [
    countedPart("admission", () => admission.stats(), admissionKinds),
    countedPart("answers", () => answers.stats(), answerKinds),
  ];
  const metrics = createMetrics([...options.counted, ...counted]);
  app.addHook("onResponse", (request, reply, done) => {
    metrics.observe(request.routeOptions.url ?? "none", request.method, reply.statusCode, reply.elapsedTime);
    done();
  });
  if (options.serves === "health") {
    await app.register(async (scope) => registerWatching(scope as App, context, metrics));
    return app;
  }
  await registerOpenApi(app, { version: options.version, requiresKey: options.access.required });
  await app.register(async (scope) => registerRoutes(scope as App, context, metrics));
  return app;
}

function answerMistakes(app: App): void {
  const schemas = sharedSchemas();
  for (const schema of schemas) app.addSchema(schema);
  app.setValidatorCompiler(createValidatorCompiler(schemas));
  // What services return is what is sent: the schemas of replies describe, and the tests hold replies against them.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.setSchemaErrorFormatter((errors, part) => validationError(errors, part));
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
}

interface BodyReading {
  /** Of one body, whatever the path. */
  readonly bodyBytesMax: number;
  readonly budget: MemoryBudget;
}

/** A body is small, held in memory and read here; or large, and lies on disk for a worker that reads it. */
function readBodies(app: App, { bodyBytesMax, budget }: BodyReading): void {
  app.removeAllContentTypeParsers();
  app.decorateRequest("response");
  app.addHook("onRequest", (request, reply, done) => {
    request.response = reply.raw;
    const { "content-encoding": encoding = "identity" } = request.headers;
    if (encoding.toLowerCase() !== "identity") return done(encodedBody(encoding));
    const sizeBytes = heldBytesOf(request, bodyBytesMax);
    if (sizeBytes < countedBytesMin) return done();
    if (!budget.take(sizeBytes)) return done(overBudget(budget, sizeBytes));
    whenOver(reply.raw, () => budget.giveBack(sizeBytes));
    done();
  });
  app.addContentTypeParser("application/json", async (request: FastifyRequest, content: FastifyRequest["raw"]) => {
    const body = await takeBody(request, content, limitsOf(request, bodyBytesMax));
    if (!Buffer.isBuffer(body)) return new LargeBody(body, "json");
    if (takesLargeBodies(request) && wantsArrow(request)) return new LargeBody(await spoolBytes(request, body), "json");
    return parseJson(body, (parsedBytes) => {
      if (!budget.take(parsedBytes)) throw overBudget(budget, parsedBytes);
      whenOver(request.response, () => budget.giveBack(parsedBytes));
    });
  });
  app.addContentTypeParser(arrowMediaType, async (request: FastifyRequest, content: FastifyRequest["raw"]) => {
    if (request.routeOptions.config.takesArrow !== true) {
      throw Object.assign(new Error("this path takes JSON"), { statusCode: 415 });
    }
    const body = await takeBody(request, content, { ...limitsOf(request, bodyBytesMax), inMemoryBytesMax: -1 });
    return new LargeBody(Buffer.isBuffer(body) ? await spoolBytes(request, body) : body, "arrow");
  });
}

/** Smaller bodies are not counted one by one: how many requests there are at once is bounded elsewhere. */
const countedBytesMin = 16 * 1024;

function limitsOf(request: FastifyRequest, bodyBytesMax: number): BodyLimits {
  const sizeBytesMax = Math.min(request.routeOptions.bodyLimit ?? smallBodyBytes, bodyBytesMax);
  return { sizeBytesMax, inMemoryBytesMax: takesLargeBodies(request) ? largeBodyBytesMin : sizeBytesMax };
}

/** What a body may hold of the memory of this process. */
function heldBytesOf(request: FastifyRequest, bodyBytesMax: number): number {
  const { headers } = request;
  const isUnsaid = headers["transfer-encoding"] !== undefined;
  if (!isUnsaid && headers["content-length"] === undefined) return 0;
  // Forms go to disk as they come.
  if (headers["content-type"]?.startsWith("multipart/") === true) return 0;
  const { inMemoryBytesMax } = limitsOf(request, bodyBytesMax);
  return isUnsaid ? inMemoryBytesMax : Math.min(inMemoryBytesMax, Number(headers["content-length"]));
}

function encodedBody(encoding: string): Error {
  const message = `a body is taken as it is, not as content-encoding ${encoding.slice(0, 40)}: only an uploaded file may be compressed`;
  return Object.assign(new Error(message), { statusCode: 415 });
}

/** What can never fit is not told to come again. */
function overBudget({ maxBytes }: MemoryBudget, sizeBytes: number): NomalyError {
  if (sizeBytes > maxBytes) {
    const message = `the body takes about ${sizeBytes} bytes of memory once it is read, at most ${maxBytes} are there for bodies: send fewer rows at once, or raise memory_limit_bytes`;
    return new NomalyError("TOO_LARGE", message, {
      field: "body",
      expected: `at most ${maxBytes} bytes`,
      received: `${sizeBytes}`,
    });
  }
  return new NomalyError("OVERLOADED", `the bodies of other requests take the ${maxBytes} bytes that there are for them`, {
    field: "load",
  });
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
