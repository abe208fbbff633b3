/** Routes that give and take the model files of detectors, and change which model scores, and with which threshold. */

import { createReadStream } from "node:fs";
import { NomalyError } from "@nomaly/detect";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { ServiceContext } from "../../services/core/context.ts";
import { detectorTagOf } from "../../services/detectors/detectors.ts";
import { type ModelToSend, modelToSend } from "../../services/detectors/export-model.ts";
import { activateVersion } from "../../services/detectors/activate.ts";
import { importDetector, importVersion } from "../../services/detectors/import-model.ts";
import { moveThreshold } from "../../services/detectors/move-threshold.ts";
import type { App } from "../app.ts";
import { smallBodyBytes } from "../body/large-body.ts";
import { bytesMediaType, ModelBody, modelMediaType } from "../body/model-body.ts";
import { whenOver } from "../gate/when-over.ts";
import { Detector, ImportQuery, ModelQuery, ThresholdChange, VersionParams } from "../schemas/detectors.ts";
import { plain } from "./shared/predicted-reply.ts";
import {
  answeredBefore,
  callOf,
  IdParams,
  ifMatch,
  ifNoneMatch,
  isUnchanged,
  problemsOf,
  route,
  unchanged,
} from "./shared/shared.ts";

const tags = ["detectors"];
const file = { type: "string", format: "binary", description: "a model file, as `nomaly fit -m` or `save()` writes it" } as const;
const sent = { [bytesMediaType]: file, [modelMediaType]: file };
/** No schema checks these bodies; this one only makes the description list them. */
const AnyModel = Type.Unsafe<ModelBody>({});
/** What both routes have in common that take a model file. */
const taking = { scope: "train", isCostly: true, isUpload: true, takesModel: true, sent, tags, body: AnyModel } as const;
const limits =
  "The file is checked and restored in a worker process before anything is stored. Largest file: what a worker can hold, by `memory_limit_bytes`.";

export function registerModels(app: App, context: ServiceContext): void {
  app.get(
    "/api/detectors/:id/model",
    route({
      scope: "read",
      takesHeaders: ifNoneMatch,
      tags,
      summary: "the model file of the live version, or of another",
      description:
        "The file works with `nomaly score FILE -m MODEL`, with `load()` of the library, and with the routes that take model files.",
      params: IdParams,
      querystring: ModelQuery,
      response: {
        200: { description: "the model file", content: { [modelMediaType]: { schema: Type.Unsafe<never>(file) } } },
        304: unchanged,
        ...problemsOf(404, 409, 502),
      },
    }),
    async (request, reply) => {
      const model = await modelToSend(context, callOf(request), request.params.id, request.query.version);
      const tag = `"${model.checksum}"`;
      reply.header("etag", tag);
      return isUnchanged(request, tag) ? reply.code(304).send(null) : sendModel(reply, model);
    },
  );
  registerImports(app, context);
  registerChanges(app, context);
}

async function sendModel(reply: FastifyReply, model: ModelToSend): Promise<FastifyReply> {
  const opened = await model.open();
  reply
    .type(modelMediaType)
    .header("content-disposition", `attachment; filename="${model.fileName}"`)
    .header("nomaly-model-version", String(model.version))
    .header("content-length", String(model.sizeBytes))
    .serializer(plain);
  if ("bytes" in opened) return reply.send(opened.bytes);
  // Also runs when the client leaves. A file that cannot be removed goes with the temporary folder.
  whenOver(reply.raw, () => void opened.release().catch(() => undefined));
  return reply.send(createReadStream(opened.path));
}

function registerImports(app: App, context: ServiceContext): void {
  app.post(
    "/api/detectors/import",
    route({
      ...taking,
      summary: "create a detector from a model file",
      description: `Algorithm, parameters, columns, seed and threshold are those of the file. ${limits}`,
      querystring: ImportQuery,
      response: { 201: Detector, ...problemsOf(409, 413, 415, 422, 502) },
    }),
    async (request, reply) => {
      const call = callOf(request);
      if (await answeredBefore(context, call, reply)) return reply;
      const { value } = await importDetector(context, call, { name: request.query.name, file: modelOf(request) });
      return reply.code(201).header("location", `/api/detectors/${value.id}`).header("etag", detectorTagOf(value)).send(value);
    },
  );
  app.put(
    "/api/detectors/:id/model",
    route({
      ...taking,
      takesHeaders: ifMatch,
      summary: "store a model file as the live version of a detector",
      description: `The algorithm must be that of the detector, whose settings for the next training stay as they are. ${limits}`,
      params: IdParams,
      response: { 200: Detector, ...problemsOf(404, 409, 412, 413, 415, 422, 502) },
    }),
    async (request, reply) => {
      const call = callOf(request);
      if (await answeredBefore(context, call, reply)) return reply;
      const { id } = request.params;
      const expectedTag = request.headers["if-match"];
      const { value } = await importVersion(context, call, { id, file: modelOf(request), expectedTag });
      return reply.header("etag", detectorTagOf(value)).send(value);
    },
  );
}

function registerChanges(app: App, context: ServiceContext): void {
  app.post(
    "/api/detectors/:id/versions/:version/activate",
    route({
      scope: "train",
      takesHeaders: ifMatch,
      tags,
      summary: "make a version the live one",
      description:
        "The detector scores with it at once, in all processes. A training that ends later makes its own version the live one.",
      params: VersionParams,
      response: { 200: Detector, ...problemsOf(404, 409, 412) },
    }),
    async (request, reply) => {
      const { id, version } = request.params;
      const view = await activateVersion(context, callOf(request), id, { version, expectedTag: request.headers["if-match"] });
      return reply.header("etag", detectorTagOf(view)).send(view);
    },
  );
  app.put(
    "/api/detectors/:id/threshold",
    route({
      scope: "train",
      bodyLimit: smallBodyBytes,
      takesHeaders: ifMatch,
      example: { contamination: 0.02 },
      tags,
      summary: "move the threshold without training",
      description:
        "Stores the live model with another threshold as a new version, which becomes the live one: scores and ranks stay, labels change. " +
        "A method is computed from the training scores that the model keeps: exactly up to 65,536 training rows, beyond that within 1/65,535 of the rows, " +
        "and `extreme-value` is refused there. The settings of the next training stay as they are.",
      params: IdParams,
      body: ThresholdChange,
      response: { 200: Detector, ...problemsOf(404, 409, 412, 413, 415, 422) },
    }),
    async (request, reply) => {
      const ask = { threshold: request.body, expectedTag: request.headers["if-match"] };
      const call = callOf(request);
      if (await answeredBefore(context, call, reply)) return reply;
      const view = await moveThreshold(context, call, request.params.id, ask);
      return reply.header("etag", detectorTagOf(view)).send(view);
    },
  );
}

function modelOf({ body }: FastifyRequest): ModelBody {
  if (body instanceof ModelBody) return body;
  if (body === undefined || body === null) {
    throw new NomalyError("REQUEST", "the body is empty; a model file is expected", { field: "body" });
  }
  const message = `this path takes a model file as ${bytesMediaType} or ${modelMediaType}`;
  throw Object.assign(new Error(message), { statusCode: 415 });
}
