/** Detects the delimiter of a CSV file from its first bytes, and reads its first record. */

import { NomalyError } from "@nomaly/detect";
import { wrongValue } from "../wrong-value.ts";
import type { WrittenOptions } from "./written-options.ts";

/** Delimiters that are detected, likeliest first. */
const commonDelimiters = [",", ";", "\t", "|"] as const;
/** Delimiters that an error only suggests, because they also occur inside values. */
const rareDelimiters = [":", "^", "~", "#", " "] as const;
const recordCountMax = 200;
/** Share of records that must have as many fields as the first. */
const agreementMin = 0.5;

export interface CsvOptions extends WrittenOptions {
  readonly delimiter?: string;
  /** Undefined: detected from the first rows. */
  readonly header?: boolean;
  /** Texts that mean missing; by default an empty one, NA, NULL, nan and the like. */
  readonly missingTexts?: readonly string[];
  /** A label that TextDecoder knows; undefined: detected from the bytes. */
  readonly encoding?: string;
  /** How a line begins that is left out. */
  readonly comment?: string;
  /** Lines before the table, at most {@link skipRowsMax}. */
  readonly skipRows?: number;
  /** Missing values fill rows that are too short. */
  readonly fillShortRows?: boolean;
}

export interface CsvDialect {
  readonly delimiter: string;
  /** Fields of the first record, unquoted. */
  readonly firstRecord: readonly string[];
  /** The first records with that one, as texts. */
  readonly records: readonly (readonly string[])[];
}

interface Cut {
  readonly delimiter: string;
  readonly fieldCount: number;
  readonly agreement: number;
  /** Some field is a number with a decimal comma. */
  readonly hasDecimalCommas: boolean;
}

/**
 * @param given the user's delimiter; undefined detects it.
 * @throws NomalyError FILE_FORMAT if lines form a single column although another delimiter would split them.
 */
export function csvDialect(fileName: string, head: string, given: string | undefined): CsvDialect {
  const cuts = commonDelimiters.map((delimiter) => cutBy(head, delimiter));
  const best = bestOf(cuts);
  const delimiter = given ?? best?.delimiter ?? ",";
  const first = records(head, delimiter, recordCountMax);
  const firstRecord = first[0] ?? [];
  if (firstRecord.length === 1) refuseOneColumn(fileName, head, delimiter, given === undefined ? undefined : best);
  return { delimiter, firstRecord, records: first };
}

function bestOf(cuts: readonly Cut[]): Cut | undefined {
  const usable = cuts.filter((cut) => cut.fieldCount > 1 && cut.agreement >= agreementMin);
  // Commas within the numbers of fields that another delimiter cuts as evenly are no delimiters.
  const best = usable.filter(({ agreement }) => agreement === Math.max(...usable.map((cut) => cut.agreement)));
  const within = best.find((cut) => cut.hasDecimalCommas);
  if (within !== undefined) return within;
  // Sorting is stable: of equals the likelier delimiter stays first.
  return usable.sort((a, b) => b.agreement - a.agreement || b.fieldCount - a.fieldCount)[0];
}

function refuseOneColumn(fileName: string, head: string, delimiter: string, better: Cut | undefined): void {
  const suspect = better ?? bestOf(rareDelimiters.filter((rare) => rare !== delimiter).map((rare) => cutBy(head, rare)));
  if (suspect === undefined || suspect.agreement < 0.9) return;
  const [used, seen] = [nameOfDelimiter(delimiter), nameOfDelimiter(suspect.delimiter)];
  const message = `${fileName}: cut at ${used} everything falls into one column, but the lines look cut at ${seen}; pass --delimiter ${seen}`;
  throw new NomalyError("FILE_FORMAT", message, { field: "delimiter", expected: suspect.delimiter, received: delimiter });
}

/** The delimiter as one types it in a shell. */
function nameOfDelimiter(delimiter: string): string {
  return delimiter === "\t" ? "tab" : `"${delimiter}"`;
}

/** `tab`, `\t` and the delimiter itself. @throws NomalyError USAGE when it is empty, too long, a quote or a line end. */
export function parseDelimiter(text: string): string {
  const delimiter = text === "tab" || text === "\\t" ? "\t" : text;
  const sizeBytes = Buffer.byteLength(delimiter);
  if (sizeBytes >= 1 && sizeBytes <= 4 && !/["\r\n]/.test(delimiter)) return delimiter;
  throw wrongValue("delimiter", "1 to 4 bytes without quotes or line ends", text);
}

function cutBy(head: string, delimiter: string): Cut {
  const cut = records(head, delimiter, recordCountMax);
  const fieldCount = cut[0]?.length ?? 0;
  const agreeing = cut.filter((record) => record.length === fieldCount).length;
  const hasDecimalCommas = delimiter !== "," && cut.some((record) => record.some((field) => /^-?\d+,\d+$/.test(field.trim())));
  return { delimiter, fieldCount, agreement: cut.length === 0 ? 0 : agreeing / cut.length, hasDecimalCommas };
}

/** Parses the first records, except a last one that the head cuts off, unless it is the only one. */
function records(head: string, delimiter: string, countMax: number): string[][] {
  const result: string[][] = [];
  let record: string[] = [];
  let field = "";
  let quoted = false;
  for (let at = 0; at < head.length && result.length < countMax; at++) {
    const letter = head[at];
    if (quoted) {
      if (letter !== '"') field += letter;
      else if (head[at + 1] === '"') field += head[++at];
      else quoted = false;
    } else if (letter === '"' && field === "") quoted = true;
    else if (head.startsWith(delimiter, at)) {
      record.push(field);
      field = "";
      at += delimiter.length - 1;
    } else if (letter === "\n" || letter === "\r") {
      if (record.length > 0 || field !== "") result.push([...record, field]);
      record = [];
      field = "";
    } else field += letter;
  }
  if (result.length === 0 && (record.length > 0 || field !== "")) result.push([...record, field]);
  return result;
}
