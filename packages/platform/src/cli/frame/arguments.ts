/** Parses a command line by the options of its command; errors about unknown names suggest the nearest one. */

import { parseArgs } from "node:util";
import { splitList } from "../../files/read/csv/csv-option-specs.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./exit-codes.ts";
import { generalOptions, type OptionSpec } from "./options.ts";

export interface Arguments {
  readonly command: Command;
  readonly operands: readonly string[];
  /** The command line as typed, for the report. */
  readonly typed: readonly string[];
  has(name: string): boolean;
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  /** Comma-separated names; undefined when not given. */
  list(name: string): readonly string[] | undefined;
  number(name: string, range: NumberRange): number | undefined;
}

export interface NumberRange {
  readonly min?: number;
  /** Instead of `min`: an exclusive lower limit. */
  readonly above?: number;
  readonly max: number;
  readonly whole?: boolean;
}

export async function parseCommandLine(command: Command, words: readonly string[]): Promise<Arguments> {
  const specs = [...command.options, ...generalOptions];
  const { tokens } = parseArgs({
    args: [...words],
    options: parserOptions(specs),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const spec = specs.find((candidate) => candidate.name === token.name);
    if (spec === undefined)
      throw await unknownName(
        "option",
        token.rawName,
        specs.map(({ name }) => `--${name}`),
        command.name,
      );
    addValue(values, spec, token.value, token.inlineValue === true);
  }
  const [min, max] = command.operands;
  const help = values.has("help");
  if (!help && operands.length < min)
    throw new UsageError(`nomaly ${command.name} needs ${command.usage.split(" ")[0]}; see nomaly ${command.name} --help`);
  if (!help && operands.length > max) throw await tooMany(command, operands);
  return createArguments(command, operands, values, words);
}

async function tooMany({ name, operands: [, max], offers }: Command, operands: readonly string[]): Promise<UsageError> {
  // Imported when needed, as it is for a mistake only.
  const hint =
    max === 1 && offers === undefined ? (await import("../../files/read/one-file.ts")).severalHint(operands) : undefined;
  return new UsageError(`nomaly ${name} ${hint ?? `takes no argument "${operands[max]}"`}`);
}

function parserOptions(
  specs: readonly OptionSpec[],
): Record<string, { type: "string" | "boolean"; short?: string; multiple?: boolean }> {
  return Object.fromEntries(
    specs.map(({ name, value, short }) => [
      name,
      { type: value === undefined ? ("boolean" as const) : ("string" as const), ...(short === undefined ? {} : { short }) },
    ]),
  );
}

function addValue(values: Map<string, string[]>, spec: OptionSpec, value: string | undefined, inline: boolean): void {
  if (spec.value === undefined) {
    if (value !== undefined) throw new UsageError(`--${spec.name} takes no value, got "${value}"`);
    values.set(spec.name, []);
    return;
  }
  // `--seed --json` lacks a value; `--threshold -0.5` and `--threshold=-x` have one.
  const isForgotten = value === undefined || (!inline && /^--?[a-z]/i.test(value));
  if (isForgotten) throw new UsageError(`--${spec.name} needs a value: --${spec.name} ${spec.value}`);
  const before = values.get(spec.name) ?? [];
  if (before.length > 0 && spec.repeated !== true) throw new UsageError(`--${spec.name} is given twice`);
  if (spec.choices !== undefined && !spec.choices.includes(value)) {
    throw new UsageError(`--${spec.name} must be one of ${spec.choices.join(", ")}, got "${value}"`);
  }
  values.set(spec.name, [...before, value]);
}

/** Loads the library only for this error, to find the nearest name. */
export async function unknownName(what: string, word: string, known: readonly string[], command?: string): Promise<UsageError> {
  const { nearestName } = await import("@nomaly/detect/core");
  const nearest = nearestName(word, known);
  const where = command === undefined ? "nomaly" : `nomaly ${command}`;
  const hint = nearest === undefined ? `see ${where} --help` : `did you mean "${nearest}"?`;
  return new UsageError(`${where} has no ${what} "${word}"; ${hint}`);
}

function createArguments(
  command: Command,
  operands: readonly string[],
  values: ReadonlyMap<string, readonly string[]>,
  typed: readonly string[],
): Arguments {
  const text = (name: string) => values.get(name)?.[0];
  return {
    command,
    operands,
    typed,
    has: (name) => values.has(name),
    text,
    texts: (name) => values.get(name) ?? [],
    list: (name) => (values.has(name) ? splitList(text(name) ?? "") : undefined),
    number(name, range) {
      const given = text(name);
      return given === undefined ? undefined : parseNumber(name, given, range);
    },
  };
}

function parseNumber(name: string, given: string, { min = Number.NEGATIVE_INFINITY, above, max, whole }: NumberRange): number {
  const value = Number(given);
  const fits =
    given.trim() !== "" &&
    value >= min &&
    value <= max &&
    (above === undefined || value > above) &&
    (whole !== true || Number.isInteger(value));
  if (fits) return value;
  const start = above === undefined ? `from ${min}` : `above ${above}`;
  const range = max === Number.MAX_SAFE_INTEGER ? start : `${start} to ${max}`;
  throw new UsageError(`--${name} must be a ${whole === true ? "whole number" : "number"} ${range}, got "${given}"`);
}
