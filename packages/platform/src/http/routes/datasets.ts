/** Routes that store, list, read, describe and remove data sets. */

import { Readable } from "node:stream";
import multipart, { type Multipart, type MultipartFile } from "@fastify/multipart";
import { NomalyError } from "@nomaly/detect";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { ServiceContext } from "../../services/core/context.ts";
import {
  createDataset,
  createDatasetFromBody,
  datasetRows,
  type DatasetView,
  findDatasets,
  getDataset,
  profileDataset,
  removeDataset,
  uploadDataset,
} from "../../services/datasets/datasets.ts";
import type { BodyFields } from "../../compute/work.ts";
import { type CsvOptionSpec, csvOptionSpecs } from "../../services/datasets/upload-options.ts";
import type { App } from "../app.ts";
import { LargeBody } from "../body/large-body.ts";
import {
  Dataset,
  DatasetList,
  DatasetProfile,
  DatasetRows,
  NewDataset,
  NewDatasetFields,
  RowsQuery,
} from "../schemas/datasets.ts";
import { PageQuery, strict } from "../schemas/shared.ts";
import { uploadIdleMsMax } from "../gate/guard.ts";
import { validateFields } from "../body/validation.ts";
import { jsonType, plain } from "./shared/predicted-reply.ts";
import {
  callOf,
  exampleRows,
  IdParams,
  ifNoneMatch,
  isUnchanged,
  problemsOf,
  removed,
  route,
  unchanged,
} from "./shared/shared.ts";

const tags = ["datasets"];
const formLimits = { files: 1, fields: 20, fieldSize: 10_000, fieldNameSize: 100, parts: 30, headerPairs: 100 };

export function registerDatasets(app: App, context: ServiceContext): void {
  // The form reader inspects every request of its scope, so its scope has this route only.
  void app.register(async (scope) => {
    await scope.register(multipart, { limits: { ...formLimits, fileSize: context.config.uploadBytes } });
    registerCreation(scope, context);
  });
  registerContent(app, context);
  app.get(
    "/api/datasets",
    route({
      scope: "read",
      tags,
      summary: "data sets, newest first",
      querystring: Type.Object(PageQuery, strict),
      response: { 200: DatasetList, ...problemsOf() },
    }),
    async (request) => findDatasets(context, request.query),
  );
  app.get(
    "/api/datasets/:id",
    route({
      scope: "read",
      takesHeaders: ifNoneMatch,
      tags,
      summary: "one data set",
      params: IdParams,
      response: { 200: Dataset, 304: unchanged, ...problemsOf(404) },
    }),
    async (request, reply) => {
      const view = await getDataset(context, request.params.id);
      const tag = `"${view.checksum}"`;
      reply.header("etag", tag);
      return isUnchanged(request, tag) ? reply.code(304).send(null) : view;
    },
  );
  app.delete(
    "/api/datasets/:id",
    route({
      scope: "train",
      tags,
      summary: "remove a data set",
      params: IdParams,
      response: { 204: removed, ...problemsOf(404) },
    }),
    async (request, reply) => {
      await removeDataset(context, callOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function registerContent(app: App, context: ServiceContext): void {
  app.get(
    "/api/datasets/:id/rows",
    route({
      scope: "read",
      tags,
      summary: "rows of a data set",
      description:
        "Texts longer than 1000 letters are cut; longer lists, structures and bytes are null; `n_cut` counts both. " +
        "A page has at most 4 MiB, so it may have fewer rows than `limit`: add the number of rows to `offset` for the next page.",
      params: IdParams,
      querystring: RowsQuery,
      response: { 200: DatasetRows, ...problemsOf(404, 502, 507) },
    }),
    async (request, reply) => {
      const { offset = 0, limit = 100 } = request.query;
      const { n_samples, json, cutCount } = await datasetRows(context, callOf(request), request.params.id, { offset, limit });
      const head = `{"n_samples":${n_samples},"n_cut":${cutCount},"rows":`;
      return reply
        .type(jsonType)
        .serializer(plain)
        .send(Buffer.concat([Buffer.from(head), json, Buffer.from("}")]));
    },
  );
  app.get(
    "/api/datasets/:id/profile",
    route({
      scope: "read",
      tags,
      summary: "statistics of each column, and findings",
      params: IdParams,
      response: { 200: DatasetProfile, ...problemsOf(404, 502, 507) },
    }),
    async (request, reply) => reply.send((await profileDataset(context, callOf(request), request.params.id)) as never),
  );
}

/** Schemas for the description. The schema that checks the body does not cover forms, which the handler reads. */
const sentAs = {
  "application/json": { $ref: "#/components/schemas/NewDataset" },
  "multipart/form-data": {
    type: "object",
    required: ["file"],
    properties: {
      file: { type: "string", format: "binary", description: "CSV, Parquet, JSON, NDJSON or Arrow, also gzip" },
      name: { type: "string", maxLength: 200, description: "must come before the file, as all other fields" },
      ...Object.fromEntries(csvOptionSpecs.map(uploadField)),
    },
  },
};

/** An option of a CSV file as a field of the form. */
function uploadField({ name, value, choices, summary }: CsvOptionSpec): readonly [string, object] {
  const values = value === undefined ? ["true", "false"] : choices;
  return [name, { type: "string", description: `CSV: ${summary}`, ...(values === undefined ? {} : { enum: values }) }];
}

function registerCreation(app: App, context: ServiceContext): void {
  const body = Type.Union([Type.Ref("NewDataset"), Type.Null()]);
  app.post(
    "/api/datasets",
    route({
      scope: "train",
      isUpload: true,
      takesLargeBodies: true,
      example: { name: "pumps", data: exampleRows },
      sent: sentAs,
      tags,
      summary: "store a data set",
      description:
        "A file (CSV, Parquet, JSON, NDJSON or Arrow, also gzip) as the part `file` of multipart/form-data, or rows as JSON.",
      body,
      response: { 201: Dataset, ...problemsOf(409, 413, 415, 422, 502, 507) },
    }),
    async (request, reply) => {
      // An upload that is refused has not been read to its end, so its connection cannot be used again.
      if (request.isMultipart()) reply.header("connection", "close");
      const { value } = request.isMultipart() ? await uploaded(context, request) : await sent(context, request);
      reply.removeHeader("connection");
      return reply.code(201).header("location", `/api/datasets/${value.id}`).send(value);
    },
  );
}

function sent(context: ServiceContext, request: FastifyRequest): Promise<{ value: DatasetView }> {
  const body = request.body as NewDataset | LargeBody | null;
  if (body instanceof LargeBody) {
    const nameOf = (fields: BodyFields) => validateFields<NewDatasetFields>(NewDatasetFields, fields).name;
    return createDatasetFromBody(context, callOf(request), { body: body.given, nameOf });
  }
  if (body === null || body === undefined)
    throw new NomalyError("REQUEST", "the body lacks the rows, or a file", { field: "body" });
  return createDataset(context, callOf(request), body);
}

async function uploaded(context: ServiceContext, request: FastifyRequest): Promise<{ value: DatasetView }> {
  const parts = request.parts();
  const fields = new Map<string, string>();
  let part = await nextPart(parts);
  for (; part?.type === "field"; part = await nextPart(parts)) {
    const { fieldname } = part;
    if (fields.has(fieldname))
      throw new NomalyError("REQUEST", `the form has the field "${fieldname}" twice`, { field: fieldname });
    fields.set(fieldname, String(part.value));
  }
  if (part === undefined) throw new NomalyError("REQUEST", "the form has no file", { field: "file" });
  if (part.fieldname !== "file") {
    part.file.resume();
    throw new NomalyError("REQUEST", `the file must be in the part "file", not "${part.fieldname}"`, { field: "file" });
  }
  const { name, ...reading } = Object.fromEntries(fields);
  if (name?.includes("\0") === true || part.filename.includes("\0")) {
    throw new NomalyError("REQUEST", "a name has the character U+0000, which cannot be stored", { field: "name" });
  }
  const content = Readable.from(arriving(part.file, parts, request));
  return uploadDataset(context, callOf(request), { name, fileName: part.filename, reading, content });
}

type Parts = ReturnType<FastifyRequest["parts"]>;

async function nextPart(parts: Parts): Promise<Multipart | undefined> {
  const next = await parts.next().catch((error: unknown) => Promise.reject(formError(error)));
  return next.done === true ? undefined : next.value;
}

/** Extends the time limit with each chunk of an upload. @throws NomalyError when the form ends too early, the file is too large, or a part follows it. */
async function* arriving(file: MultipartFile["file"], parts: Parts, { deadline }: FastifyRequest): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of file) {
      if (deadline !== undefined) deadline.at = Math.max(deadline.at, performance.now() + uploadIdleMsMax);
      yield chunk as Buffer;
    }
  } catch (error) {
    throw formError(error);
  }
  if (file.truncated) throw new NomalyError("TOO_LARGE", "the file is larger than an upload may be", { field: "file" });
  const after = await nextPart(parts);
  if (after === undefined) return;
  if (after.type === "file") after.file.resume();
  const { fieldname } = after;
  throw new NomalyError("REQUEST", `the field "${fieldname}" comes after the file; all fields must come before it`, {
    field: fieldname,
  });
}

/** Turns the plain errors of the form reader into ours. */
function formError(error: unknown): unknown {
  if (error instanceof NomalyError) return error;
  const { statusCode = 400, message } = error as Error & { statusCode?: number };
  const code = statusCode === 413 ? "TOO_LARGE" : "REQUEST";
  return new NomalyError(code, `the form cannot be read: ${message}`, { field: "file", cause: error });
}
