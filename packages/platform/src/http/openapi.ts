/** The description of the API, made from the schemas that check it, and a page to try it. */

import swagger from "@fastify/swagger";
import scalar from "@scalar/fastify-api-reference";
import type { App } from "./app.ts";

/** The page to try the API brings its own styles and draws itself by script: only its paths are allowed that. */
const pagePolicy = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
].join("; ");

export async function registerOpenApi(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "nomaly",
        version,
        description:
          "Anomaly detection over HTTP. Store a data set, describe a detector, train it, then ask it about rows: each gets a score " +
          "(higher is more anomalous), a label (score above the threshold) and a rank (share of training scores below).",
      },
      components: {
        securitySchemes: {
          key: { type: "http", scheme: "bearer", description: "an API key, or a token of the configured issuer" },
          header: { type: "apiKey", in: "header", name: "X-API-Key" },
        },
      },
      security: [{}, { key: [] }, { header: [] }],
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) => (typeof json["$id"] === "string" ? json["$id"] : `schema-${index}`),
    },
  });
  app.get("/openapi.json", { schema: { hide: true }, config: { scope: "public" } }, async (_request, reply) =>
    reply.type("application/json").send(JSON.stringify(app.swagger())),
  );
  await app.register(async (scope) => {
    scope.addHook("onRequest", (_request, reply, done) => {
      reply.header("content-security-policy", pagePolicy);
      done();
    });
    await scope.register(scalar, {
      routePrefix: "/docs",
      configuration: {
        url: "/openapi.json",
        withDefaultFonts: false,
        telemetry: false,
        agent: { disabled: true },
        hideClientButton: true,
      },
    });
  });
}
