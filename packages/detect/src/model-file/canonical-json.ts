/** JSON text that is the same for equal values: sorted keys, no spaces, and -0 kept apart from 0. */

import type { StateValue } from "../detector/detector.ts";
import { assert } from "../errors.ts";
import { headerDepthMax } from "./format.ts";

/** Throws an internal error for what JSON would silently change: NaN, infinity, undefined, functions, class instances. */
export function canonicalJson(value: StateValue, path = "content", depth = 0): string {
  assert(depth <= headerDepthMax, `${path} is nested deeper than ${headerDepthMax}`);
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") {
    assert(Number.isFinite(value), `${path} is ${value}; numbers in a model file's header must be finite`);
    return Object.is(value, -0) ? "-0" : JSON.stringify(value);
  }
  assert(typeof value === "object", `${path} is ${typeof value}, which JSON cannot hold`);
  if (isList(value)) return `[${value.map((item, i) => canonicalJson(item, `${path}[${i}]`, depth + 1)).join(",")}]`;
  const prototype: unknown = Object.getPrototypeOf(value);
  assert(prototype === Object.prototype || prototype === null, `${path} is no plain object`);
  const keys = Object.keys(value).sort();
  assert(!keys.includes("__proto__"), `${path} has a key "__proto__"`);
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key], `${path}.${key}`, depth + 1)}`).join(",")}}`;
}

function isList(value: StateValue): value is readonly StateValue[] {
  return Array.isArray(value);
}
