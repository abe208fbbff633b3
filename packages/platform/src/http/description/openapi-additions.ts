/** What schemas do not say of a request: bodies that are no JSON, headers with a meaning, an example to begin with. */

import { arrowMediaType } from "../body/large-body.ts";
import { problemType } from "../answers/problem.ts";
import { idempotencyKeyLengthMax, meanings } from "../routes/shared.ts";

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  parameters?: object[];
  readonly requestBody?: { content: Record<string, Content> };
  readonly responses: Record<string, Response>;
}

interface Response {
  readonly description: string;
  readonly content?: Record<string, Content>;
}

interface Content {
  schema: object;
  example?: unknown;
}

const id = "0197f7a2-5d1c-7a3e-9a54-3c8f1f0b7d11";
const otherId = "0197f7a2-6e1d-7b10-8c21-0d4f6a2b9e55";
const rows = [
  { speed: 61.5, power: 130 },
  { speed: 12.1, power: 410 },
];

const examples: Readonly<Record<string, unknown>> = {
  "/api/datasets": { name: "pumps", data: rows },
  "/api/detectors": {
    name: "pumps",
    algorithm_name: "isolation-forest",
    contamination: 0.05,
    hyperparameters: { n_estimators: 200 },
  },
  "/api/detectors/{id}": { contamination: 0.02 },
  "/api/detectors/status": { ids: [id], status: "disabled" },
  "/api/detection/train": { detector_id: id, dataset_id: otherId },
  "/api/detection/predict": { detector_id: id, data: rows, explain: true },
  "/api/detection/explain": { detector_id: id, data: rows, top: 5 },
  "/api/detection/evaluate": { detector_id: id, data: rows, labels: [0, 1] },
  "/api/detection/compare": { detector_ids: [id, otherId], data: rows },
  "/api/detection/batch": { detector_ids: [id, otherId], data: rows },
};

/** Paths that take rows as an Arrow stream too. */
const arrowPaths = new Set(["/api/detection/train", "/api/detection/predict"]);
/** Of the requests by POST those that change nothing, whatever key they are sent under. */
const askingPaths = new Set(["/api/detection/explain", "/api/detection/evaluate", "/api/detection/compare"]);
/** A path is told by its parts: no name in it is longer. */
const pathProblem = { 414: "a part of the path is longer than any name or id is" } as const;
/** Refused before it is known what is asked for. */
const headProblem = { 431: "path, query and headers together are over 16 KiB" } as const;

export function completeDocument(document: Document): Document {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) complete(path, method, operation);
  }
  return document;
}

function complete(path: string, method: string, operation: Operation): void {
  const { requestBody } = operation;
  const json = requestBody?.content["application/json"];
  if (json !== undefined && path in examples) json.example = examples[path];
  if (requestBody !== undefined && arrowPaths.has(path)) {
    requestBody.content[arrowMediaType] = { schema: { type: "string", format: "binary" } };
  }
  if (requestBody !== undefined && path === "/api/datasets") {
    const schema = { $ref: "#/components/schemas/NewDataset" };
    requestBody.content = {
      "application/json": { schema, example: examples[path] },
      "multipart/form-data": { schema: fileForm },
    };
  }
  const events = operation.responses["200"]?.content?.["text/event-stream"];
  if (events !== undefined) events.schema = eventSchema;
  addHeaders(path, method, operation);
  addProblems(operation, { ...(path.includes("{") ? pathProblem : {}), ...headProblem });
}

function addHeaders(path: string, method: string, operation: Operation): void {
  if (method !== "get" && !askingPaths.has(path)) {
    const description = "sent again under the same key, a request is answered as the first time and does nothing new";
    addHeader(operation, { name: "Idempotency-Key", description, schema: { minLength: 1, maxLength: idempotencyKeyLengthMax } });
    addProblems(operation, { 409: meanings[409] });
  }
  const isOne = path === "/api/detectors/{id}" || path === "/api/datasets/{id}";
  if (isOne && method === "get") {
    addHeader(operation, { name: "If-None-Match", description: "an ETag: answers 304 while nothing has changed" });
  }
  if (path === "/api/detectors/{id}" && method !== "get") {
    addHeader(operation, { name: "If-Match", description: "an ETag: answers 412 when the detector has changed since" });
  }
}

/** What the route itself says of a status stays. */
function addProblems({ responses }: Operation, descriptions: Readonly<Record<number, string>>): void {
  for (const [status, description] of Object.entries(descriptions)) {
    responses[status] ??= { description, content: { [problemType]: { schema: { $ref: "#/components/schemas/Problem" } } } };
  }
}

/** Of each event; OpenAPI 3.1 has no way to say that there are several. */
const eventSchema = {
  type: "object",
  required: ["event", "data"],
  properties: {
    event: { enum: ["progress", "end"] },
    data: { type: "string", contentMediaType: "application/json", contentSchema: { $ref: "#/components/schemas/Job" } },
  },
};

const fileForm = {
  type: "object",
  required: ["file"],
  properties: {
    file: { type: "string", format: "binary", description: "CSV, Parquet, JSON, NDJSON or Arrow, also gzip" },
    name: { type: "string", maxLength: 200, description: "must stand before the file" },
  },
};

interface Header {
  readonly name: string;
  readonly description: string;
  readonly schema?: object;
}

function addHeader(operation: Operation, { name, description, schema }: Header): void {
  const header = { in: "header", name, required: false, description, schema: { type: "string", ...schema } };
  operation.parameters = [...(operation.parameters ?? []), header];
}
