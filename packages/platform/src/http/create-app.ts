/** Creates the web application: checks, error answers, access, limits and the description, in order, and then the routes. */

import { randomUUID } from "node:crypto";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify, { type FastifyBaseLogger } from "fastify";
import type { ServiceContext } from "../services/core/context.ts";
import { type CountedPart, countedPart } from "../watch/metric-kinds.ts";
import { createMetrics } from "../watch/metrics.ts";
import { answerDefaults, answerMetrics, watchAnswers } from "./answers/answers.ts";
import { createRequestLog, logRequests } from "./answers/request-log.ts";
import { giveHeaders, problemHeaders } from "./answers/security-headers.ts";
import { sendProblem } from "./answers/send-problem.ts";
import type { App } from "./app.ts";
import { countedBytesMin, readBodies } from "./body/read-bodies.ts";
import { checkRequests } from "./body/validation.ts";
import { registerOpenApi } from "./description/openapi.ts";
import { type Admission, admissionDefaults, admissionMetrics, createAdmission } from "./gate/admission.ts";
import { answerSocket } from "./gate/broken-requests.ts";
import { guardRequests, type GuardOptions } from "./gate/guard.ts";
import { createLoadGate, type LoadGate } from "./gate/load-gate.ts";
import { admitPages, type OtherOrigins, otherOrigins } from "./gate/other-origins.ts";
import { answerUnknown } from "./gate/unknown-requests.ts";
import { registerDashboard } from "./routes/dashboard.ts";
import { registerRoutes, registerWatching } from "./routes/all.ts";
import { sharedSchemas } from "./schemas/all.ts";

export interface AppOptions extends Pick<GuardOptions, "access" | "sharedCounts"> {
  readonly context: ServiceContext;
  readonly version: string;
  readonly logger: FastifyBaseLogger;
  /** Folder of the built dashboard; without it, none is served. */
  readonly dashboardFolder?: string;
  /** Parts whose numbers `/metrics` shows. */
  readonly counted: readonly CountedPart[];
  /** A worker process of jobs serves health and metrics only. */
  readonly serves?: "everything" | "health";
}

/** Limits of slow clients: headers within 20 s, a whole request within an hour. The guard sets the time limit of each route. */
const connectionLimits = {
  headersTimeout: 20_000,
  requestTimeout: 3_600_000,
  connectionsCheckingInterval: 2000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16 * 1024,
} as const;
/** Largest body on paths that take no rows. */
const descriptionBytes = 1024 ** 2;

/** Hooks run in the order in which they are added here, and all are added before the first route. */
export async function createApp(options: AppOptions): Promise<App> {
  const { context, access, version, logger, serves = "everything" } = options;
  const { config, shares } = context;
  const requests = createRequestLog(logger);
  const admission = admissionOf(context, () => answers.refusal());
  const others = otherOrigins(config.corsOrigins, access.required);
  const gate = createLoadGate({ admission, requests, others }, connectionLimits);
  const app = openFramework(options, gate, others);
  checkRequests(app, sharedSchemas());
  // Replies are sent as services return them: their schemas only describe, and tests check replies against them.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  const answers = watchAnswers(app, { ...answerDefaults, bytesMax: shares.answerBytes });
  logRequests(app, requests);
  giveHeaders(app);
  admitPages(app, others);
  readBodies(app, context);
  gate.guard(app);
  guardRequests(app, { access, sharedCounts: options.sharedCounts, config, others, sendProblem });
  answerUnknown(app);
  const metrics = createMetrics([
    ...options.counted,
    countedPart("admission", admissionMetrics, () => admission.stats()),
    countedPart("answers", answerMetrics, () => answers.stats()),
  ]);
  const isMonitored = config.monitoring === "on";
  app.addHook("onResponse", (request, reply, done) => {
    const { url = "none", config: facts } = request.routeOptions;
    metrics.observe(url, request.method, reply.statusCode, reply.elapsedTime);
    // A stream lasts until its reader leaves, which is no time to answer.
    if (isMonitored && facts.isStream !== true) context.monitor.record(url, reply.elapsedTime, reply.statusCode < 500);
    done();
  });
  if (serves === "health") {
    await app.register(async (scope) => registerWatching(scope as App, context, metrics));
    return app;
  }
  await registerOpenApi(app, version, access.required);
  const { dashboardFolder } = options;
  if (dashboardFolder !== undefined) await app.register(async (scope) => registerDashboard(scope as App, dashboardFolder));
  await app.register(async (scope) => registerRoutes(scope as App, context, metrics));
  return app;
}

function openFramework({ context, logger }: AppOptions, { serverFactory }: LoadGate, others: OtherOrigins): App {
  return fastify({
    serverFactory,
    loggerInstance: logger,
    bodyLimit: Math.min(descriptionBytes, context.config.bodyBytes),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    logController: new fastify.LogController({ disableRequestLogging: true }),
    // A logger for each request would cost more than the few lines that it logs; our lines have the request id themselves.
    childLoggerFactory: (parent) => parent,
    return503OnClosing: true,
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
    clientErrorHandler: (error, socket) => answerSocket(error, socket),
    // The framework refuses some requests before it has a route and runs hooks, so the headers are set here.
    frameworkErrors: (error, request, reply) => {
      reply.headers({ ...problemHeaders(request.id), ...others.headersFor(request.headers.origin) });
      void sendProblem(error, request, reply);
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
}

function admissionOf({ config, shares, compute }: ServiceContext, otherwiseFull: () => string | undefined): Admission {
  const limits = {
    unsaidBytes: Math.min(config.bodyBytes, admissionDefaults.unsaidBytes),
    inFlightMax: Math.min(admissionDefaults.inFlightMax, Math.floor(shares.bodyBytes / countedBytesMin)),
  };
  return createAdmission({ limits, waitSeconds: () => compute.shortWaitSeconds(), otherwiseFull });
}
