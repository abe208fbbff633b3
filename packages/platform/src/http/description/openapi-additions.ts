/** Adds to the OpenAPI document what schemas do not describe: bodies other than JSON, headers, examples, further errors. */

import { problemType } from "../answers/problem.ts";
import type { RouteFacts } from "../app.ts";
import { arrowMediaType } from "../body/large-body.ts";
import { idempotencyKeyLengthMax, meanings } from "../routes/shared/shared.ts";

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  parameters?: object[];
  readonly requestBody?: { content: Record<string, { schema: object; example?: unknown }> };
  readonly responses: Record<string, object>;
}

/** An error of paths that hold a name or id. */
const pathProblem = { 414: "a part of the path is longer than any name or id" } as const;
/** An error of every path. */
const headProblem = { 431: "path, query and headers together are over 16 KiB" } as const;

/** @param factsOf by method and path of the route, such as `get /api/jobs/:id`. */
export function completeDocument(document: Document, factsOf: ReadonlyMap<string, RouteFacts>): Document {
  for (const [path, operations] of Object.entries(document.paths)) {
    const route = path.replaceAll(/\{(\w+)\}/g, ":$1");
    for (const [method, operation] of Object.entries(operations)) {
      const facts = factsOf.get(`${method} ${route}`) ?? {};
      completeBody(operation, facts);
      addHeaders(operation, facts, method);
      addProblems(operation, { ...(path.includes("{") ? pathProblem : {}), ...headProblem });
    }
  }
  return document;
}

function completeBody({ requestBody }: Operation, { example, sent, takesArrow }: RouteFacts): void {
  if (requestBody === undefined) return;
  if (sent !== undefined) {
    requestBody.content = Object.fromEntries(Object.entries(sent).map(([type, schema]) => [type, { schema }]));
  }
  const json = requestBody.content["application/json"];
  if (json !== undefined && example !== undefined) json.example = example;
  if (takesArrow === true) requestBody.content[arrowMediaType] = { schema: { type: "string", format: "binary" } };
}

function addHeaders(operation: Operation, { onlyAsks, takesHeaders = {} }: RouteFacts, method: string): void {
  if (method !== "get" && onlyAsks !== true) {
    const description = "a request that is sent again with the same key gets the first answer again and changes nothing";
    addHeader(operation, "Idempotency-Key", description, { minLength: 1, maxLength: idempotencyKeyLengthMax });
    addProblems(operation, { 409: meanings[409] });
  }
  for (const [name, description] of Object.entries(takesHeaders)) addHeader(operation, name, description);
}

/** Keeps the descriptions that the route itself gives. */
function addProblems({ responses }: Operation, descriptions: Readonly<Record<number, string>>): void {
  for (const [status, description] of Object.entries(descriptions)) {
    responses[status] ??= { description, content: { [problemType]: { schema: { $ref: "#/components/schemas/Problem" } } } };
  }
}

function addHeader(operation: Operation, name: string, description: string, schema: object = {}): void {
  const header = { in: "header", name, required: false, description, schema: { type: "string", ...schema } };
  operation.parameters = [...(operation.parameters ?? []), header];
}
