/** Reads the options of text files from the texts that a user gave, on the command line or with an upload. */

import { NomalyError } from "@nomaly/detect";
import { skipRowsMax } from "./csv-beginning.ts";
import { type CsvOptions, parseDelimiter } from "./csv-dialect.ts";
import { csvOptionSpecs, splitList } from "./csv-option-specs.ts";
import { parseEncoding } from "./encoding.ts";
import { wrongValue } from "../wrong-value.ts";
import { parseDateOrder, parseThousands } from "./written-options.ts";

/** The options given, by the names of {@link csvOptionSpecs}. */
export interface GivenCsvOptions {
  /** The value, or undefined where the option is not given. */
  text(name: string): string | undefined;
  /** For a switch. */
  has(name: string): boolean;
}

const commentBytesMax = 8;

/** @throws NomalyError USAGE naming the option. */
export function csvOptionsOf(given: GivenCsvOptions): CsvOptions {
  if (given.has("header") && given.has("no_header")) throw exclusive("header", "no_header");
  const header = given.has("header") ? { header: true } : given.has("no_header") ? { header: false } : {};
  const options = {
    ...header,
    ...parsed(given, "delimiter", "delimiter", parseDelimiter),
    ...parsed(given, "missing_texts", "missingTexts", (text) => ["", ...splitList(text)]),
    ...parsed(given, "thousands", "thousands", parseThousands),
    ...parsed(given, "date_order", "dateOrder", parseDateOrder),
    ...parsed(given, "encoding", "encoding", parseEncoding),
    ...parsed(given, "comment", "comment", parseComment),
    ...parsed(given, "skip_rows", "skipRows", parseSkipRows),
    decimalComma: given.has("decimal_comma"),
    fillShortRows: given.has("fill_short_rows"),
  };
  if (options.decimalComma && options.thousands === ",") throw exclusive("decimal_comma", "thousands ,");
  return options;
}

/**
 * The options of an upload, whose switches are `true` or `false`.
 * @throws NomalyError REQUEST for another option, PARAM for a value that cannot be used.
 */
export function uploadOptionsOf(fields: Readonly<Record<string, string>>): CsvOptions {
  for (const [name, text] of Object.entries(fields)) {
    const spec = csvOptionSpecs.find((known) => known.name === name);
    if (spec === undefined) {
      const known = `name, file, ${csvOptionSpecs.map((option) => option.name).join(", ")}`;
      throw new NomalyError("REQUEST", `the form has an unknown field "${name}"; it may have ${known}`, {
        field: name,
        expected: known,
      });
    }
    if (spec.value === undefined && text !== "true" && text !== "false") {
      throw new NomalyError("PARAM", `${name} must be true or false, got ${JSON.stringify(text)}`, {
        field: name,
        expected: "true or false",
        received: text,
      });
    }
  }
  const text = (name: string) => (Object.hasOwn(fields, name) ? fields[name] : undefined);
  try {
    return csvOptionsOf({ text, has: (name) => text(name) === "true" });
  } catch (error) {
    throw error instanceof NomalyError ? error.retold({ code: "PARAM" }) : error;
  }
}

function parsed<const Name extends string, Value>(
  given: GivenCsvOptions,
  option: string,
  name: Name,
  parse: (text: string) => Value,
): { [key in Name]?: Value } {
  const text = given.text(option);
  return text === undefined ? {} : ({ [name]: parse(text) } as { [key in Name]: Value });
}

function exclusive(first: string, second: string): NomalyError {
  const option = (name: string) => ({ kind: "option", name, values: [] }) as const;
  return new NomalyError("USAGE", [option(first), " and ", option(second), " exclude each other"], { field: second });
}

function parseComment(text: string): string {
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes >= 1 && sizeBytes <= commentBytesMax && !/["\r\n]/.test(text)) return text;
  const expected = `1 to ${commentBytesMax} bytes without quotes or line ends`;
  throw wrongValue("comment", expected, text);
}

function parseSkipRows(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count <= skipRowsMax) return count;
  throw wrongValue("skip_rows", `a whole number from 0 to ${skipRowsMax}`, text);
}
