/** Makes requests from the description of the API: valid, nearly valid, and absurd ones. */

import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import * as fc from "fast-check";
import type { Reply, TestService } from "../servers/service.ts";

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly title?: string;
}

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>>;
}

export interface ApiDescription {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Ids of existing things. Requests remove and disable things, so the test makes new ones meanwhile. */
export interface Known {
  ids: readonly string[];
}

export interface FuzzedRequest {
  readonly method: string;
  readonly template: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

const strangeTexts = [
  "",
  " ",
  "null",
  "__proto__",
  "../../etc/passwd",
  "%00",
  "\u0000",
  "ÿ\u{1f980}",
  "a".repeat(5000),
  "1e400",
  "-1",
  "constructor",
];
/** Without the empty text, which would make another path. */
const pathTexts = strangeTexts.filter((text) => text !== "");
const strange: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1e308, 1e21, 0.1, [], {}, [[]], [null], { a: { b: { c: [] } } }),
  fc.constantFrom(...strangeTexts),
  fc.string({ maxLength: 20 }),
  fc.jsonValue({ maxDepth: 4 }),
);

/** A stream of events about nothing that ends: an answer would be waited for in vain. */
function isEndless(template: string, { responses }: Operation): boolean {
  return responses["200"]?.content?.["text/event-stream"] !== undefined && !template.includes("{");
}

export function arbitraryRequest(api: ApiDescription, known: Known): fc.Arbitrary<FuzzedRequest> {
  const operations = Object.entries(api.paths).flatMap(([template, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => !isEndless(template, operation))
      .map(([method, operation]) => requestOf({ api, known, template, method, operation })),
  );
  return fc.oneof(...operations);
}

interface Place {
  readonly api: ApiDescription;
  readonly known: Known;
  readonly template: string;
  readonly method: string;
  readonly operation: Operation;
}

function requestOf({ api, known, template, method, operation }: Place): fc.Arbitrary<FuzzedRequest> {
  const valueOf = (schema: Schema) => arbitraryOf(schema, api, known, 0);
  const inPlace = (place: string) => (operation.parameters ?? []).filter((parameter) => parameter.in === place);
  const inPath = fc.record(
    Object.fromEntries(
      inPlace("path").map(({ name }) => [name, fc.oneof({ weight: 5, arbitrary: idOf(known) }, fc.constantFrom(...pathTexts))]),
    ),
  );
  const query = fc.record(
    Object.fromEntries(
      inPlace("query").map(({ name, schema }) => [name, fc.oneof({ weight: 3, arbitrary: valueOf(schema) }, strange)]),
    ),
    { requiredKeys: [] },
  );
  const headers = fc.record(
    Object.fromEntries(inPlace("header").map(({ name }) => [name.toLowerCase(), fc.stringMatching(/^[!-~]{1,12}$/)])),
    { requiredKeys: [] },
  );
  const json = operation.requestBody?.content["application/json"];
  const body = json === undefined ? fc.constant(undefined) : bodyOf(valueOf(json.schema));
  return fc.record({ inPath, query, headers, body }).map((made) => {
    const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent((made.inPath[name] ?? "x").toWellFormed()),
    );
    const search = new URLSearchParams(Object.entries(made.query).map(([name, value]) => [name, textOf(value).toWellFormed()]));
    const sent = made.body;
    return {
      method: method.toUpperCase(),
      template,
      path: search.size === 0 ? path : `${path}?${search.toString()}`,
      headers: { ...(sent === undefined ? {} : { "content-type": sent.type }), ...made.headers },
      body: sent?.bytes,
    };
  });
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

interface Body {
  readonly type: string;
  readonly bytes: string | Uint8Array;
}

function bodyOf(value: fc.Arbitrary<unknown>): fc.Arbitrary<Body | undefined> {
  const json = (given: unknown): Body => ({ type: "application/json", bytes: JSON.stringify(given) ?? "" });
  const damaged = fc.tuple(value, fc.nat(), strange).map(([given, place, other]) => json(damage(given, place, other)));
  const cut = fc.tuple(value, fc.double({ min: 0, max: 1, noNaN: true })).map(([given, share]) => {
    const text = JSON.stringify(given) ?? "";
    return { type: "application/json", bytes: text.slice(0, Math.floor(text.length * share)) };
  });
  const types = [
    "text/plain",
    "application/xml",
    "multipart/form-data; boundary=x",
    "application/vnd.apache.arrow.stream",
    "nonsense",
  ];
  const otherType = fc
    .tuple(fc.constantFrom(...types), fc.uint8Array({ maxLength: 200 }))
    .map(([type, bytes]) => ({ type, bytes }));
  return fc.oneof(
    { weight: 6, arbitrary: value.map(json) },
    { weight: 6, arbitrary: damaged },
    { weight: 1, arbitrary: cut },
    { weight: 1, arbitrary: strange.map(json) },
    { weight: 1, arbitrary: otherType },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

/** Replaces one part of a value, counted from the outside. */
function damage(value: unknown, place: number, other: unknown): unknown {
  if (typeof value !== "object" || value === null) return other;
  const keys = Object.keys(value);
  if (keys.length === 0 || place % 7 === 0) return other;
  const key = keys[place % keys.length];
  const inner = (value as Readonly<Record<string, unknown>>)[key];
  const changed = damage(inner, Math.floor(place / keys.length), other);
  if (Array.isArray(value)) return value.map((item: unknown, index) => (String(index) === key ? changed : item));
  return { ...value, [place % 11 === 0 ? `${key}s` : key]: changed };
}

function idOf(known: Known): fc.Arbitrary<string> {
  const one = fc.nat().map((place) => known.ids[place % known.ids.length]);
  return fc.oneof({ weight: 6, arbitrary: one }, { weight: 1, arbitrary: fc.uuid() });
}

const depthMax = 6;

// oxlint-disable-next-line eslint/max-params -- the last one counts the recursion
function arbitraryOf(schema: Schema, api: ApiDescription, known: Known, depth: number): fc.Arbitrary<unknown> {
  const inner = (part: Schema) => arbitraryOf(part, api, known, depth + 1);
  if (depth > depthMax) return fc.constant(null);
  if (schema.$ref !== undefined) return inner(api.components.schemas[schema.$ref.split("/").at(-1) ?? ""]);
  if (schema.title === "Rows") return tables;
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(inner));
  switch (schema.type) {
    case "string":
      return schema.format === "uuid" ? idOf(known) : texts;
    case "integer":
      return fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer());
    case "number":
      return fc.oneof(fc.double({ min: 0.01, max: 0.5, noNaN: true }), fc.double({ noNaN: true }));
    case "boolean":
      return fc.boolean();
    case "array":
      return fc.array(schema.items === undefined ? strange : inner(schema.items), { maxLength: 4 });
    case "object": {
      const { properties = {}, required = [], additionalProperties: more, patternProperties } = schema;
      const parts = Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, inner(part)]));
      const whole = fc.record(parts, { requiredKeys: [...required] });
      const others = Object.values(patternProperties ?? {})[0] ?? (typeof more === "object" ? more : undefined);
      if (others === undefined) return whole;
      return fc.tuple(whole, fc.dictionary(words, inner(others), { maxKeys: 2 })).map(([own, rest]) => ({ ...rest, ...own }));
    }
    case undefined:
    default:
      return strange;
  }
}

const words = fc.constantFrom("x", "y", "n_neighbors", "n_estimators", "method", "factor", "__proto__", "Z");
const texts = fc.oneof(
  fc.constantFrom("x", "y", "knn", "hbos", "isolation-forest", ...strangeTexts),
  fc.string({ maxLength: 30 }),
);
const cell = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -1e3, max: 1e3, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, true, "text", 1e308, "", 0) },
);
const row = fc.oneof(
  { weight: 5, arbitrary: fc.record({ x: cell, y: cell }) },
  fc.dictionary(fc.string({ maxLength: 5 }), cell, { maxKeys: 4 }),
);
/** Makes tables, mostly with the columns of the trained detectors. */
const tables = fc.oneof(
  { weight: 6, arbitrary: fc.array(row, { minLength: 1, maxLength: 12 }) },
  { weight: 2, arbitrary: fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 12 }) },
  { weight: 2, arbitrary: fc.record({ x: fc.array(cell, { maxLength: 5 }), y: fc.array(cell, { maxLength: 5 }) }) },
  strange,
);

/** Compares a reply with the description. @returns the fault; undefined when there is none. */
export type JudgeReply = (request: FuzzedRequest, reply: Reply) => string | undefined;

export function createJudge(api: ApiDescription): JudgeReply {
  const ajv = new Ajv({ strict: false, allErrors: false });
  addFormats.default(ajv);
  ajv.addSchema({ $id: "api", components: api.components });
  const compiled = new Map<Schema, ReturnType<Ajv["compile"]>>();
  const checkOf = (schema: Schema) => {
    const made = compiled.get(schema) ?? ajv.compile(absolute(schema) as object);
    compiled.set(schema, made);
    return made;
  };
  return (request, { status, body, headers, bytes }) => {
    if (status === 500) return `a fault of the service: ${bytes.toString()}`;
    if (status >= 400) {
      for (const name of ["code", "detail", "request_id", ...(status < 500 ? ["field"] : [])]) {
        if (typeof body[name] !== "string") return `${status} without ${name}: ${bytes.toString().slice(0, 300)}`;
      }
    }
    const answers = api.paths[request.template][request.method.toLowerCase()].responses;
    const answer = answers[String(status)];
    // The description does not cover requests that the framework refuses before it chooses a route.
    if (answer === undefined) return [404, 405, 414, 415].includes(status) ? undefined : `${status} is not described`;
    const [type] = (headers.get("content-type") ?? "").split(";");
    const schema = answer.content?.[type]?.schema;
    if (schema === undefined || !/[/+]json$/.test(type)) return undefined;
    const check = checkOf(schema);
    if (check(body) === true) return undefined;
    return `the reply is not as described: ${ajv.errorsText(check.errors)} in ${bytes.toString().slice(0, 300)}`;
  };
}

function absolute(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(absolute);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([name, part]) => [name, name === "$ref" ? `api${String(part)}` : absolute(part)]),
  );
}

const replyMsMax = 20_000;

export async function send(service: TestService, { method, path, headers, body }: FuzzedRequest): Promise<Reply> {
  const signal = AbortSignal.timeout(replyMsMax);
  return service.ask(`${method} ${path}`, { headers, signal, ...(body === undefined ? {} : { bytes: body }) });
}
