/** What schemas do not say of a request: bodies that are no JSON, headers with a meaning, an example to begin with. */

import { arrowMediaType } from "./large-body.ts";

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  parameters?: object[];
  readonly requestBody?: { content: Record<string, Content> };
}

interface Content {
  readonly schema: object;
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
/** Requests that make something: sent again under the same key they make nothing more. */
const creatingPaths = new Set([
  "/api/datasets",
  "/api/detectors",
  "/api/detection/train",
  "/api/detection/predict",
  "/api/detection/batch",
]);

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
  if (method === "post" && creatingPaths.has(path)) {
    addHeader(
      operation,
      "Idempotency-Key",
      "sent again under the same key, a request is answered as the first time and does nothing new",
    );
  }
  const isOne = path === "/api/detectors/{id}" || path === "/api/datasets/{id}";
  if (isOne && method === "get") addHeader(operation, "If-None-Match", "an ETag: answers 304 while nothing has changed");
  if (path === "/api/detectors/{id}" && method !== "get") {
    addHeader(operation, "If-Match", "an ETag: answers 412 when the detector has changed since");
  }
}

const fileForm = {
  type: "object",
  required: ["file"],
  properties: {
    file: { type: "string", format: "binary", description: "CSV, Parquet, JSON, NDJSON or Arrow, also gzip" },
    name: { type: "string", maxLength: 200, description: "must stand before the file" },
  },
};

function addHeader(operation: Operation, name: string, description: string): void {
  const header = { in: "header", name, required: false, description, schema: { type: "string", maxLength: 200 } };
  operation.parameters = [...(operation.parameters ?? []), header];
}
