/** Checks of requests against their schemas: bodies to the letter, path and query text turned into the types they stand for. */

import { nearestName, NomalyError } from "@nomaly/detect";
import { Ajv, type ErrorObject } from "ajv";
import addFormats from "ajv-formats";
import type { App } from "../app.ts";
import type { FastifySchemaCompiler, FastifySchemaValidationError } from "fastify";
import type { TSchema } from "typebox";
import { LargeBody } from "./large-body.ts";
import { checkedWhenRead } from "../schemas/shared.ts";

/** Our own schemas are right, which a test of the description holds; checking them at each start would take longer than making them. */
const checkerOptions = {
  allErrors: false,
  useDefaults: true,
  removeAdditional: false,
  verbose: true,
  strict: false,
  meta: false,
  validateSchema: false,
} as const;

function createAjv(coerceTypes: boolean): Ajv {
  const ajv = new Ajv({ ...checkerOptions, coerceTypes });
  addFormats.default(ajv, ["uuid", "date-time", "uri"]);
  return ajv;
}

/** @param schemas those that others refer to by `$id`. */
export function checkRequests(app: App, schemas: readonly TSchema[]): void {
  for (const schema of schemas) app.addSchema(schema);
  app.setValidatorCompiler(createValidatorCompiler(schemas));
  app.setSchemaErrorFormatter((errors, part) => validationError(errors, part));
}

function createValidatorCompiler(schemas: readonly TSchema[]): FastifySchemaCompiler<unknown> {
  const [strict, converting] = [false, true].map((coerceTypes) => {
    const ajv = createAjv(coerceTypes);
    for (const schema of schemas) ajv.addSchema(withoutRows(schema) as object);
    return ajv;
  });
  return ({ schema, httpPart }) =>
    httpPart === "body"
      ? whenFirstUsed(() => strict.compile(withoutRows(schema) as object))
      : whenFirstUsed(() => converting.compile(schema as object));
}

type Check = ReturnType<Ajv["compile"]>;

/** A hundred checks are not made before the first request, but each with its own first. */
function whenFirstUsed(compile: () => Check): Check {
  let check: Check | undefined;
  const checkRead = (value: unknown) => {
    // What nobody has read yet is checked where it is read.
    if (value instanceof LargeBody) return true;
    check ??= compile();
    const isValid = check(value);
    checkRead.errors = check.errors;
    return isValid;
  };
  checkRead.errors = undefined as Check["errors"];
  return checkRead as unknown as Check;
}

/** What is checked when it is read needs no second check, which would take longer than all else in a request. */
function withoutRows(schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null) return schema;
  if ((schema as { readonly title?: string }).title === checkedWhenRead) return { type: ["array", "object"] };
  const made = copies.get(schema);
  if (made !== undefined) return made;
  const parts = Object.entries(schema).map(([name, part]) => [name, withoutRows(part)] as const);
  const isSame = parts.every(([name, part]) => part === (schema as Readonly<Record<string, unknown>>)[name]);
  const copy = isSame ? schema : Array.isArray(schema) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
  copies.set(schema, copy);
  return copy;
}

/** A schema that has an id is the same one wherever it is met. */
const copies = new WeakMap<object, object>();

const fieldsAjv = createAjv(false);

/** The fields of a body beside its rows, where a worker has read it. @throws NomalyError REQUEST. */
export function validateFields<Fields>(schema: TSchema, fields: Readonly<Record<string, unknown>>): Fields {
  const check = fieldsAjv.getSchema((schema as { $id?: string }).$id ?? "") ?? fieldsAjv.compile(schema);
  if (check(fields) === true) return fields as Fields;
  throw validationError((check.errors ?? []) as FastifySchemaValidationError[], "body");
}

/** The first thing that is wrong, as one of our errors. */
function validationError(errors: readonly FastifySchemaValidationError[], part: string): NomalyError {
  const error = errors[0] as ErrorObject;
  const place = error.instancePath.replaceAll("/", ".").replace(/^\./, "");
  const { additionalProperty, missingProperty } = error.params as Readonly<Record<string, string | undefined>>;
  if (error.keyword === "additionalProperties" && additionalProperty !== undefined) {
    const names = Object.keys((error.parentSchema?.["properties"] as object | undefined) ?? {});
    const nearest = nearestName(additionalProperty, names);
    const hint = nearest === undefined ? `known: ${names.join(", ") || "none"}` : `did you mean "${nearest}"?`;
    const field = [place, additionalProperty].filter((word) => word !== "").join(".");
    return new NomalyError("REQUEST", `the ${part} has no field "${field}"; ${hint}`, { field });
  }
  if (error.keyword === "required" && missingProperty !== undefined) {
    const field = [place, missingProperty].filter((word) => word !== "").join(".");
    return new NomalyError("REQUEST", `the ${part} lacks "${field}"`, { field });
  }
  const field = place === "" ? part : place;
  const received = JSON.stringify(error.data)?.slice(0, 80) ?? "nothing";
  return new NomalyError("REQUEST", `${field} ${expectation(error)}, got ${received}`, { field, received });
}

function expectation({ keyword, params, message }: ErrorObject): string {
  const allowed = params as { readonly allowedValue?: unknown; readonly allowedValues?: readonly unknown[] };
  if (keyword === "const") return `must be ${JSON.stringify(allowed.allowedValue)}`;
  if (keyword === "enum") return `must be one of ${allowed.allowedValues?.map(String).join(", ")}`;
  return message ?? "is not allowed";
}
