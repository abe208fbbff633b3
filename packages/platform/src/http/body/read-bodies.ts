/** Reads request bodies: parses small ones in memory, puts large ones on disk for a worker, and keeps both within memory limits. */

import { NomalyError } from "@nomaly/detect";
import type { FastifyRequest } from "fastify";
import type { ServiceContext } from "../../services/core/context.ts";
import type { App, RouteFacts } from "../app.ts";
import { whenOver } from "../gate/when-over.ts";
import { parseJson } from "./json-body.ts";
import { arrowMediaType, LargeBody, largeBodyBytesMin, wantsArrow } from "./large-body.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { bytesMediaType, modelMediaType, takeModel } from "./model-body.ts";
import { type BodyLimits, spoolBytes, takeBody } from "./spool-body.ts";

/** Smaller bodies are not counted: admission bounds the number of requests. */
export const countedBytesMin = 16 * 1024;

/** Must be called before any route is registered. */
export function readBodies(app: App, { config, shares }: Pick<ServiceContext, "config" | "shares">): void {
  const { bodyBytes, bodyBytesMax } = shares;
  const budget = new MemoryBudget(bodyBytes);
  app.addHook("onRoute", (route) => {
    if (route.config?.takesLargeBodies === true) route.bodyLimit = config.bodyBytes;
  });
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
    if (request.routeOptions.config.takesLargeBodies === true && wantsArrow(request))
      return new LargeBody(await spoolBytes(request, body), "json");
    return parseJson(body, (parsedBytes) => {
      if (!budget.take(parsedBytes)) throw overBudget(budget, parsedBytes);
      whenOver(request.response, () => budget.giveBack(parsedBytes));
    });
  });
  app.addContentTypeParser("*", async (request: FastifyRequest) => {
    // An unknown path is answered as such, whatever is sent there.
    if (request.is404) return undefined;
    // The body is not read, so the connection cannot be used again.
    request.response.setHeader("connection", "close");
    throw otherType(request);
  });
  const modelBytesMax = Math.min(config.uploadBytes, shares.modelFileBytesMax);
  for (const type of [modelMediaType, bytesMediaType]) {
    app.addContentTypeParser(type, async (request: FastifyRequest, content: FastifyRequest["raw"]) => {
      if (request.routeOptions.config.takesModel !== true) throw otherType(request);
      return takeModel(request, content, modelBytesMax);
    });
  }
  app.addContentTypeParser(arrowMediaType, async (request: FastifyRequest, content: FastifyRequest["raw"]) => {
    if (request.routeOptions.config.takesArrow !== true) {
      throw otherType(request);
    }
    const body = await takeBody(request, content, { ...limitsOf(request, bodyBytesMax), inMemoryBytesMax: -1 });
    return new LargeBody(Buffer.isBuffer(body) ? await spoolBytes(request, body) : body, "arrow");
  });
}

/** Says which types of body the route takes. */
function otherType({ headers, routeOptions }: FastifyRequest): Error {
  const taken = takenTypes(routeOptions.config).join(" or ");
  const came = headers["content-type"]?.slice(0, 80) ?? "a body without a content-type";
  const rows = takesRows(routeOptions.config) ? ": store a file of rows by POST /api/datasets, as multipart/form-data" : "";
  const message = `this path takes ${taken}, not ${came}${rows}`;
  return Object.assign(new Error(message), { statusCode: 415 });
}

const takesRows = ({ takesLargeBodies, sent }: RouteFacts) => takesLargeBodies === true && sent === undefined;

function takenTypes({ takesModel, takesArrow, sent }: RouteFacts): readonly string[] {
  if (takesModel === true) return [bytesMediaType, modelMediaType];
  return [...(sent === undefined ? ["application/json"] : Object.keys(sent)), ...(takesArrow === true ? [arrowMediaType] : [])];
}

function limitsOf(request: FastifyRequest, bodyBytesMax: number): BodyLimits {
  const { bodyLimit, config } = request.routeOptions;
  const sizeBytesMax = Math.min(bodyLimit, bodyBytesMax);
  return { sizeBytesMax, inMemoryBytesMax: config.takesLargeBodies === true ? largeBodyBytesMin : sizeBytesMax };
}

/** The most memory that the body may take in this process. */
function heldBytesOf(request: FastifyRequest, bodyBytesMax: number): number {
  const { headers } = request;
  const isUnsaid = headers["transfer-encoding"] !== undefined;
  if (!isUnsaid && headers["content-length"] === undefined) return 0;
  // Forms and model files are written to disk as they arrive.
  if (headers["content-type"]?.startsWith("multipart/") === true || request.routeOptions.config.takesModel === true) return 0;
  const { inMemoryBytesMax } = limitsOf(request, bodyBytesMax);
  return isUnsaid ? inMemoryBytesMax : Math.min(inMemoryBytesMax, Number(headers["content-length"]));
}

function encodedBody(encoding: string): Error {
  const message = `a body must not have the content-encoding ${encoding.slice(0, 40)}: only an uploaded file may be compressed`;
  return Object.assign(new Error(message), { statusCode: 415 });
}

/** TOO_LARGE for a body that can never fit; OVERLOADED, which clients retry, for one that may fit later. */
function overBudget({ maxBytes }: MemoryBudget, sizeBytes: number): NomalyError {
  if (sizeBytes > maxBytes) {
    const message = `the body would take about ${sizeBytes} bytes of memory, all bodies together may take ${maxBytes}: send fewer rows at once, or raise memory_limit_bytes`;
    const details = { field: "body", expected: `at most ${maxBytes} bytes`, received: `${sizeBytes}` };
    return new NomalyError("TOO_LARGE", message, details);
  }
  return new NomalyError("OVERLOADED", `the bodies of other requests take the ${maxBytes} bytes that bodies may take`, {
    field: "load",
  });
}
