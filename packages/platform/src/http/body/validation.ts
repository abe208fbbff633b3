/** Checks requests against their schemas: bodies strictly; texts of path and query are first converted to the types of the schema. */

import { nearestName, NomalyError } from "@nomaly/detect";
import { Ajv, type ErrorObject } from "ajv";
import addFormats from "ajv-formats";
import type { App } from "../app.ts";
import type { FastifySchemaCompiler, FastifySchemaValidationError } from "fastify";
import type { TSchema } from "typebox";
import { LargeBody } from "./large-body.ts";
import { checkedWhenRead } from "../schemas/shared.ts";

/** Ajv does not check our schemas at each start, which would take longer than making them: a test of the description checks them. */
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

/** @param schemas the schemas that others refer to by `$id`. */
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

/** Compiles the check of a schema at its first use, instead of a hundred checks at the start. */
function whenFirstUsed(compile: () => Check): Check {
  let check: Check | undefined;
  const checkRead = (value: unknown) => {
    // A worker reads a large body, and `validateFields` checks it then.
    if (value instanceof LargeBody) return true;
    check ??= compile();
    const isValid = check(value);
    checkRead.errors = check.errors;
    return isValid;
  };
  checkRead.errors = undefined as Check["errors"];
  return checkRead as unknown as Check;
}

/** Replaces the schema of rows by a short one: the reader of rows checks each cell, and checking all cells twice would be slow. */
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

/** Copies by schema, so that a schema with an `$id` stays one object. */
const copies = new WeakMap<object, object>();

const fieldsAjv = createAjv(false);

/** Checks the fields besides the rows of a body that a worker has read. @throws NomalyError REQUEST. */
export function validateFields<Fields>(schema: TSchema, fields: Readonly<Record<string, unknown>>): Fields {
  const check = fieldsAjv.getSchema((schema as { $id?: string }).$id ?? "") ?? fieldsAjv.compile(schema);
  if (check(fields) === true) return fields as Fields;
  throw validationError((check.errors ?? []) as FastifySchemaValidationError[], "body");
}

/** Makes a NomalyError of the first error. */
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
