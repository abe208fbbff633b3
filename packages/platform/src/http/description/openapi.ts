/** Serves the OpenAPI document, made from the schemas that check requests, and a page to try the API. */

import swagger from "@fastify/swagger";
import fastify, { type FastifyInstance, type FastifySchema } from "fastify";
import type { Scope } from "../gate/access.ts";
import type { App, RouteFacts } from "../app.ts";
import { completeDocument, type Document } from "./openapi-additions.ts";

/** The content security policy of the page to try the API, which needs its own styles and scripts. */
const pagePolicy = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
].join("; ");

export async function registerOpenApi(app: App, version: string, requiresKey: boolean): Promise<void> {
  const factsOf = new Map<string, RouteFacts>();
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "nomaly",
        version,
        description:
          "Anomaly detection over HTTP. Store a data set, create a detector, train it, then score rows with it: each row gets a score " +
          "(higher is more anomalous), a label (score above the threshold) and a rank (share of training scores below).\n\n" +
          "Errors are `application/problem+json`: match on `code`; `field` and `row_index` say where. If a JSON object has two members of " +
          "one name, the last counts; the name `__proto__` and texts with the character U+0000 are refused. The `ratelimit-*` headers say " +
          "how many requests a second a key may make. After a 503, retry when the seconds of `Retry-After` have passed.",
      },
      components: {
        securitySchemes: {
          key: { type: "http", scheme: "bearer", description: "an API key, or a token of the configured issuer" },
          header: { type: "apiKey", in: "header", name: "X-API-Key" },
        },
      },
      servers: [{ url: "/" }],
      security: [...(requiresKey ? [] : [{}]), { key: [] }, { header: [] }],
    },
    transform: ({ schema, url, route: { method, config = {} } }) => {
      factsOf.set(`${String(method).toLowerCase()} ${url}`, config);
      return { schema: withAccess(schema, config.scope), url };
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) => (typeof json["$id"] === "string" ? json["$id"] : `schema-${index}`),
    },
  });
  let text: string | undefined;
  app.get("/openapi.json", { schema: { hide: true }, config: { scope: "public" } }, async (_request, reply) => {
    text ??= JSON.stringify(completeDocument(app.swagger() as unknown as Document, factsOf));
    return reply.type("application/json").send(text);
  });
  registerPage(app);
}

/** The operation that the page shows when its address names none: most visitors want to score rows. */
const firstOperation = "#tag/detection/POST/api/detection/predict";
const startScript = `<script>if (location.hash === "") history.replaceState(null, "", ${JSON.stringify(firstOperation)});</script>`;

/** Serves the page to try the API. Its four megabytes of script are loaded at its first request. */
function registerPage(app: App): void {
  const hidden = { schema: { hide: true }, config: { scope: "public" } } as const;
  let page: Promise<FastifyInstance> | undefined;
  for (const url of ["/docs", "/docs/*"]) {
    app.get(url, hidden, async (request, reply) => {
      page ??= openPage();
      const { statusCode, headers, rawPayload } = await (await page).inject({ method: "GET", url: request.url });
      for (const [name, value] of Object.entries(headers)) {
        if (value !== undefined && !["connection", "date", "content-length"].includes(name)) reply.header(name, value);
      }
      const isPage = String(headers["content-type"]).startsWith("text/html");
      const sent = isPage ? rawPayload.toString("utf8").replace("<head>", `<head>${startScript}`) : rawPayload;
      return reply.code(statusCode).header("content-security-policy", pagePolicy).send(sent);
    });
  }
}

async function openPage(): Promise<FastifyInstance> {
  const { default: scalar } = await import("@scalar/fastify-api-reference");
  const page = fastify();
  await page.register(scalar, {
    routePrefix: "/docs",
    configuration: {
      url: "/openapi.json",
      withDefaultFonts: false,
      telemetry: false,
      agent: { disabled: true },
      hideClientButton: true,
      showDeveloperTools: "never",
      mcp: { disabled: true },
    },
  });
  return page;
}

/** Adds the scope that the key needs to the description of a route. */
function withAccess(schema: FastifySchema, scope: Scope | "public" = "admin"): FastifySchema {
  if (scope === "public") return { ...schema, security: [] };
  const description = [schema.description, `Needs a key of scope \`${scope}\`, where keys are needed.`];
  return { ...schema, description: description.filter((sentence) => sentence !== undefined).join("\n\n") };
}
