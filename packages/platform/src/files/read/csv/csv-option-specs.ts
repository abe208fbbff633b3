/** The options of text files, once for the command line and for uploads. No imports: `nomaly --help` reads this file. */

export interface CsvOptionSpec {
  /** On the command line with hyphens. */
  readonly name: string;
  /** Placeholder of the value; without one the option is a switch. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly offers?: readonly string[];
  readonly summary: string;
}

export const csvOptionSpecs: readonly CsvOptionSpec[] = [
  { name: "delimiter", value: "TEXT", summary: 'the delimiter, "tab" for a tabulator (default: detected)' },
  { name: "header", summary: "the first line holds column names (default: detected)" },
  { name: "no_header", summary: "the first line is a row; columns are called column0, column1, ..." },
  { name: "missing_texts", value: "A,B", summary: "texts that mean missing (default: empty, NA, N/A, NULL, None, NaN, ? and .)" },
  { name: "decimal_comma", summary: "numbers that may mean both, such as 1,234, have a decimal comma" },
  {
    name: "thousands",
    value: "MARK",
    offers: [",", ".", "space", "apostrophe"],
    summary: "the mark of thousands in numbers that may mean both: comma, point, space or apostrophe",
  },
  {
    name: "date_order",
    value: "ORDER",
    choices: ["dmy", "mdy", "ymd"],
    summary: "order of day, month and year in dates that do not tell it",
  },
  { name: "encoding", value: "NAME", summary: "encoding of the text, such as windows-1252 (default: told from the bytes)" },
  { name: "comment", value: "TEXT", summary: "leave out lines that begin with this text, such as #" },
  { name: "skip_rows", value: "N", summary: "leave out the first N lines, at most 10000" },
  { name: "fill_short_rows", summary: "fill lines that are too short with missing values (default: refuse them)" },
];

/** Splits `a,b` and `a, b`; a comma inside a name is written `\,`. */
export function splitList(list: string): string[] {
  return list
    .split(/(?<!\\),/)
    .map((part) => part.trim().replaceAll("\\,", ","))
    .filter((part, _, parts) => part !== "" || parts.length > 1);
}
