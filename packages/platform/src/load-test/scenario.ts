/** A scenario of several kinds of request, read from JSON: what each field may be, and errors that name the one at fault. */

import { nearestName, NomalyError } from "@nomaly/detect";
import { type Expectation, parseExpectation } from "./expectations.ts";
import { requestFields } from "./summaries.ts";

interface Common {
  readonly name: string;
  readonly weight: number;
  readonly expect: readonly Expectation[];
}

export type ScenarioKind =
  | (Common & { readonly kind: "predict"; readonly detectorId: string; readonly file: string; readonly rowsPerRequest: number })
  | (Common & { readonly kind: "train"; readonly detectorId: string; readonly file: string })
  | (Common & { readonly kind: "health" | "get"; readonly path: string });

/** Numbers that the command line may also give, and then does; times in seconds. */
export const scenarioNumbers = {
  duration: { above: 0, max: 86_400 },
  concurrency: { min: 1, max: 10_000, whole: true },
  rate: { above: 0, max: 1_000_000 },
  warm_up: { min: 0, max: 86_400 },
  ramp: { min: 0, max: 86_400 },
  timeout: { above: 0, max: 86_400 },
} as const satisfies Readonly<Record<string, FieldRange>>;

export interface FieldRange {
  readonly min?: number;
  /** Instead of `min`: an exclusive lower limit. */
  readonly above?: number;
  readonly max: number;
  readonly whole?: boolean;
}

export const rowsPerRequestRange = { min: 1, max: 10_000, whole: true } as const;
export const rowsPerRequestDefault = 10;

export interface Scenario {
  readonly numbers: Readonly<Partial<Record<keyof typeof scenarioNumbers, number>>>;
  readonly kinds: readonly ScenarioKind[];
  readonly expect: readonly Expectation[];
}

const kindCountMax = 20;
const expectCountMax = 50;
const weightRange = { above: 0, max: 1000 } as const;
const nameLengthMax = 100;
const fieldsOfKind = {
  predict: ["detector_id", "data", "rows"],
  train: ["detector_id", "data"],
  health: [],
  get: ["path"],
} as const satisfies Readonly<Record<ScenarioKind["kind"], readonly string[]>>;

type Fields = Readonly<Record<string, unknown>>;

/** @param name of the file, for messages. @throws NomalyError FILE_FORMAT naming the field. */
export function parseScenario(name: string, text: string): Scenario {
  const scenario = fieldsOf(parsedJson(name, text), "the scenario", [...Object.keys(scenarioNumbers), "kinds", "expect"]);
  const numbers = Object.fromEntries(
    Object.entries(scenarioNumbers)
      .filter(([field]) => scenario[field] !== undefined)
      .map(([field, range]) => [field, numberOf(scenario[field], field, range)]),
  );
  const kinds = arrayOf(scenario["kinds"], "kinds", kindCountMax);
  if (kinds.length === 0) throw wrong("kinds", "a list of at least one kind of request", "an empty list");
  const read = kinds.map(kindOf);
  const twice = read.find(({ name: kind }, index) => read.findIndex((other) => other.name === kind) < index);
  if (twice !== undefined) {
    throw wrong(`kinds[${read.indexOf(twice)}].name`, "another name than those before it", JSON.stringify(twice.name));
  }
  return { numbers, kinds: read, expect: expectOf(scenario["expect"], "expect") };
}

function kindOf(value: unknown, index: number): ScenarioKind {
  const where = `kinds[${index}]`;
  const kind = textOf(fieldsOf(value, where)["kind"], `${where}.kind`);
  if (!Object.hasOwn(fieldsOfKind, kind)) {
    throw wrong(`${where}.kind`, `one of ${Object.keys(fieldsOfKind).join(", ")}`, JSON.stringify(kind));
  }
  const known = kind as ScenarioKind["kind"];
  const fields = fieldsOf(value, where, ["kind", "name", "weight", "expect", ...fieldsOfKind[known]]);
  const shared = {
    name: fields["name"] === undefined ? known : textOf(fields["name"], `${where}.name`),
    weight: fields["weight"] === undefined ? 1 : numberOf(fields["weight"], `${where}.weight`, weightRange),
    expect: expectOf(fields["expect"], `${where}.expect`),
  };
  switch (known) {
    case "health":
      return { ...shared, kind: known, path: "/health/ready" };
    case "get":
      return { ...shared, kind: known, path: pathOf(fields["path"], `${where}.path`) };
    case "train":
      return { ...shared, kind: known, ...rowsFields(fields, where) };
    case "predict": {
      const rows = fields["rows"] ?? rowsPerRequestDefault;
      return {
        ...shared,
        kind: known,
        ...rowsFields(fields, where),
        rowsPerRequest: numberOf(rows, `${where}.rows`, rowsPerRequestRange),
      };
    }
  }
}

function rowsFields(fields: Fields, where: string): { readonly detectorId: string; readonly file: string } {
  return { detectorId: textOf(fields["detector_id"], `${where}.detector_id`), file: textOf(fields["data"], `${where}.data`) };
}

function expectOf(value: unknown, where: string): Expectation[] {
  if (value === undefined) return [];
  return arrayOf(value, where, expectCountMax).map((text, index) => {
    const field = `${where}[${index}]`;
    try {
      return parseExpectation(textOf(text, field), requestFields, field);
    } catch (error) {
      throw error instanceof NomalyError && error.code === "USAGE" ? formatError(error.message, field) : error;
    }
  });
}

function parsedJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new NomalyError("FILE_FORMAT", `${name} is no JSON: ${why}`, { field: name, cause });
  }
}

/** @param known all fields that there may be; any if not given. */
function fieldsOf(value: unknown, where: string, known?: readonly string[]): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(where, "an object", shown(value));
  const unknown = known === undefined ? undefined : Object.keys(value).find((field) => !known.includes(field));
  if (known === undefined || unknown === undefined) return value as Fields;
  const nearest = nearestName(unknown, known);
  const hint = nearest === undefined ? `it may have ${known.join(", ")}` : `did you mean "${nearest}"?`;
  throw formatError(`${where} has no field "${unknown}"; ${hint}`, unknown);
}

function arrayOf(value: unknown, where: string, countMax: number): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(where, "a list", shown(value));
  if (value.length > countMax) throw wrong(where, `at most ${countMax} entries`, String(value.length));
  return value;
}

function textOf(value: unknown, where: string): string {
  if (typeof value === "string" && value !== "" && value.length <= nameLengthMax * 10) return value;
  throw wrong(where, `a text of 1 to ${nameLengthMax * 10} letters`, shown(value));
}

/** ASCII without spaces, so that it stays one line of a request. */
function pathOf(value: unknown, where: string): string {
  const path = textOf(value, where);
  if (/^\/[\x21-\x7e]*$/.test(path)) return path;
  throw wrong(where, "a path of ASCII letters that begins with /, such as /api/detectors", shown(value));
}

function numberOf(value: unknown, where: string, { min, above, max, whole }: FieldRange): number {
  const fits =
    typeof value === "number" &&
    value <= max &&
    (min === undefined || value >= min) &&
    (above === undefined || value > above) &&
    (whole !== true || Number.isInteger(value));
  if (fits) return value;
  const start = above === undefined ? `from ${min}` : `above ${above}`;
  throw wrong(where, `a ${whole === true ? "whole number" : "number"} ${start} to ${max}`, shown(value));
}

const shownLengthMax = 80;

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value).slice(0, shownLengthMax);
}

function wrong(field: string, expected: string, received: string): NomalyError {
  return new NomalyError("FILE_FORMAT", `${field} must be ${expected}, got ${received}`, { field, expected, received });
}

function formatError(message: string, field: string): NomalyError {
  return new NomalyError("FILE_FORMAT", message, { field });
}
