/** Parameter specs: the one definition from which parsing, types, CLI help, schemas and docs come. */

import { NomalyError } from "../errors.ts";
import { nearestName } from "./nearest-name.ts";

interface SpecBase {
  /** One sentence for help and docs. */
  readonly summary: string;
}

export interface IntegerSpec extends SpecBase {
  readonly kind: "integer";
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

export interface NumberSpec extends SpecBase {
  readonly kind: "number";
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** The bound itself is refused. */
  readonly minExclusive?: boolean;
  readonly maxExclusive?: boolean;
}

export interface BooleanSpec extends SpecBase {
  readonly kind: "boolean";
  readonly default: boolean;
}

export interface ChoiceSpec<C extends string = string> extends SpecBase {
  readonly kind: "choice";
  readonly default: C;
  readonly choices: readonly C[];
}

/** A word such as "auto", or a number in a range. */
export interface NumberOrWordSpec<W extends string = string> extends SpecBase {
  readonly kind: "number-or-word";
  readonly default: number | W;
  readonly words: readonly W[];
  readonly min: number;
  readonly max: number;
  readonly minExclusive?: boolean;
  readonly integer?: boolean;
}

/** What one parameter may be. */
export type ParamSpec = IntegerSpec | NumberSpec | BooleanSpec | ChoiceSpec | NumberOrWordSpec;
/** The parameters of a detector, by their names in camelCase. */
export type ParamSpecs = Readonly<Record<string, ParamSpec>>;
/** The value of a parameter. */
export type ParamValue = number | string | boolean;

/** The values that a spec allows: its choices and words by name, numbers whatever their range. */
export type ValueOf<S> = S extends { kind: "boolean" }
  ? boolean
  : S extends { kind: "choice"; choices: readonly (infer C)[] }
    ? C
    : S extends { kind: "number-or-word"; words: readonly (infer W)[] }
      ? number | W
      : number;

/** The frozen, complete parameters that a detector's specs describe. */
export type ParamsOf<S extends ParamSpecs> = { readonly [K in keyof S]: ValueOf<S[K]> };

/** Parameters of a detector that is known only when the program runs: they are checked then. */
export type UncheckedParams = Readonly<Record<string, unknown>>;

/** The parameters of each of some detectors, by the detector's id. */
// The inner type has neither a name nor "readonly", so that the compiler's messages list the parameters, and are short.
export type ParamsById<D extends { readonly id: string; readonly params: ParamSpecs }> = {
  readonly [Each in D as Each["id"]]: string extends keyof Each["params"]
    ? UncheckedParams
    : { -readonly [Name in keyof Each["params"]]?: ValueOf<Each["params"][Name]> | undefined };
};

/** `nNeighbors` -> `n_neighbors`: the name in files, HTTP and on the command line. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * Completes and checks parameters. Names may be camelCase or snake_case.
 * @throws NomalyError PARAM naming the parameter, the limit and what came; an unknown name gets the nearest known one.
 */
export function parseParams<S extends ParamSpecs>(
  owner: string,
  specs: S,
  given: Readonly<Record<string, unknown>>,
): ParamsOf<S> {
  const nameOf = new Map<string, string>();
  for (const name of Object.keys(specs)) {
    nameOf.set(name, name);
    nameOf.set(snakeCase(name), name);
  }
  const parsed: Record<string, ParamValue> = {};
  const written = new Map<string, string>();
  for (const [name, spec] of Object.entries(specs)) parsed[name] = spec.default;
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const name = nameOf.get(key);
    if (name === undefined) throw unknownParam(owner, specs, key);
    parsed[name] = checkValue({ owner, name, given: key }, specs[name], value);
    if (written.has(name)) throw givenTwice(owner, name, [written.get(name) ?? name, key]);
    written.set(name, key);
  }
  writtenNames.set(parsed, written);
  return Object.freeze(parsed) as ParamsOf<S>;
}

function givenTwice(owner: string, name: string, [first, second]: readonly [string, string]): NomalyError {
  const message = `${owner}: ${first} and ${second} are the same parameter; give it once`;
  return new NomalyError("PARAM", message, { field: name, received: `${first}, ${second}` });
}

/** For parameters that came from {@link parseParams}: each name as the caller wrote it. */
const writtenNames = new WeakMap<object, ReadonlyMap<string, string>>();

/** The error for a value that the spec allows but these rows do not: it names the parameter as the caller wrote it. */
export function refusedParam(
  owner: string,
  params: object,
  name: string,
  { expected, received }: { readonly expected: string; readonly received: ParamValue },
): NomalyError {
  const written = writtenNames.get(params)?.get(name) ?? name;
  const details = { field: name, expected, received: String(received) };
  return new NomalyError("PARAM", `${owner}: ${written} must be ${expected}, got ${received}`, details);
}

/** Reads a parameter from text, as on a command line; the value is checked by {@link parseParams}. */
export function paramFromText(text: string): ParamValue {
  if (text === "true") return true;
  if (text === "false") return false;
  const number = Number(text);
  return text.trim() !== "" && !Number.isNaN(number) ? number : text;
}

/** What a spec allows, in words: for error messages, help and docs. */
export function describeRange(spec: ParamSpec): string {
  switch (spec.kind) {
    case "boolean":
      return "true or false";
    case "choice":
      return `one of ${spec.choices.join(", ")}`;
    case "integer":
      return `a whole number ${range(spec)}`;
    case "number":
      return `a number ${range(spec)}`;
    case "number-or-word":
      return `${spec.words.join(", ")}, or a ${spec.integer === true ? "whole number" : "number"} ${range(spec)}`;
  }
}

function range(spec: IntegerSpec | NumberSpec | NumberOrWordSpec): string {
  const above = "minExclusive" in spec && spec.minExclusive === true ? "above" : "from";
  const below = "maxExclusive" in spec && spec.maxExclusive === true ? "below" : "to";
  return spec.max === Number.POSITIVE_INFINITY ? `${above} ${spec.min}` : `${above} ${spec.min} ${below} ${spec.max}`;
}

/** The hint spells names as the caller does: camelCase if the name has a capital letter, else snake_case. */
function unknownParam(owner: string, specs: ParamSpecs, key: string): NomalyError {
  const spell = /[A-Z]/.test(key) ? (name: string) => name : snakeCase;
  const names = Object.keys(specs);
  const nearest = nearestName(key, [...names, ...names.map(snakeCase)]);
  const meant = names.find((name) => name === nearest || snakeCase(name) === nearest);
  const hint = meant === undefined ? `known: ${names.map(spell).join(", ") || "none"}` : `did you mean "${spell(meant)}"?`;
  return new NomalyError("PARAM", `${owner} has no parameter "${key}"; ${hint}`, { field: key, received: key });
}

/** `given` is the parameter's name as the caller wrote it: errors use it. */
function checkValue(
  { owner, name, given }: { readonly owner: string; readonly name: string; readonly given: string },
  spec: ParamSpec,
  value: unknown,
): ParamValue {
  if (isAllowed(spec, value)) return value as ParamValue;
  const received = typeof value === "string" ? `"${value}"` : String(value);
  throw new NomalyError("PARAM", `${owner}: ${given} must be ${describeRange(spec)}, got ${received}`, {
    field: name,
    expected: describeRange(spec),
    received,
  });
}

function isAllowed(spec: ParamSpec, value: unknown): boolean {
  switch (spec.kind) {
    case "boolean":
      return typeof value === "boolean";
    case "choice":
      return typeof value === "string" && spec.choices.includes(value);
    case "integer":
      return Number.isInteger(value) && inRange(spec, value as number);
    case "number":
      return typeof value === "number" && inRange(spec, value);
    case "number-or-word":
      if (typeof value === "string") return spec.words.includes(value);
      return typeof value === "number" && (spec.integer !== true || Number.isInteger(value)) && inRange(spec, value);
  }
}

function inRange(spec: IntegerSpec | NumberSpec | NumberOrWordSpec, value: number): boolean {
  if ("minExclusive" in spec && spec.minExclusive === true && value === spec.min) return false;
  if ("maxExclusive" in spec && spec.maxExclusive === true && value === spec.max) return false;
  return value >= spec.min && value <= spec.max;
}
