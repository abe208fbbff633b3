/** Opens the file that a command line names, and turns errors about its rows into errors about the file. */

import type { ErrorCode, Naming } from "@nomaly/detect";
import { nearestName, NomalyError, threadCount } from "@nomaly/detect";
import { parseDelimiter } from "../../files/read/csv-dialect.ts";
import { parseFormat } from "../../files/read/format.ts";
import type { Source } from "../../files/read/source.ts";
import { openSource } from "../../files/read/source.ts";
import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { UsageError } from "../frame/exit-codes.ts";

/** Columns of a file that a message lists. */
const shownNameCount = 12;

/** Runs `use` with the opened file, and closes it whatever happens. */
export async function withInput<T>(given: Arguments, context: CliContext, use: (source: Source) => Promise<T>): Promise<T> {
  const format = given.text("format");
  const delimiter = given.text("delimiter");
  const missingTexts = given.list("missing-texts");
  if (given.has("header") && given.has("no-header")) throw new UsageError("--header and --no-header exclude each other");
  const source = await openSource(given.operands[0], {
    ...(format === undefined ? {} : { format: parseFormat(format) }),
    ...(delimiter === undefined ? {} : { delimiter: parseDelimiter(delimiter) }),
    ...(given.has("header") ? { header: true } : {}),
    ...(given.has("no-header") ? { header: false } : {}),
    ...(missingTexts === undefined ? {} : { missingTexts: ["", ...missingTexts] }),
    decimalComma: given.has("decimal-comma"),
    threadCount: threadCountOf(given) ?? threadCount(),
    temporary: context.temporary,
    stdin: context.stdin,
    signal: context.signal,
  });
  try {
    return await use(source);
  } finally {
    source.close();
  }
}

export function threadCountOf(given: Arguments): number | undefined {
  return given.number("threads", { min: 1, max: 256, whole: true });
}

const aboutRows: ReadonlySet<ErrorCode> = new Set(["COLUMN", "NOT_FINITE", "LABEL", "SHAPE", "TOO_FEW_ROWS"]);

const commandLineNaming: Naming = {
  // The library counts rows from 0; a person counts those of a file from 1.
  row: (rowIndex) => `row ${rowIndex + 1}`,
  option: (name, values) => values.map((value) => `--${name} ${value}`).join(" or "),
};

/** Runs `work` on rows of the file: an error then names the file, and rows by their number in it, the first being 1. */
export async function onRows<T>(source: Source, rowIndexOf: (row: number) => number, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NomalyError) || !aboutRows.has(error.code)) throw error;
    const rowIndex = error.rowIndex === undefined ? undefined : rowIndexOf(error.rowIndex);
    throw error.retold({ prefix: `${source.name}: `, rowIndex, naming: commandLineNaming });
  }
}

/** What helps whoever named a column that is not there: the nearest name, or the first that are. */
export function columnHint(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  return `it has ${known.slice(0, shownNameCount).join(", ")}${known.length > shownNameCount ? ", ..." : ""}`;
}

/** Names given for an option must be columns of the file. @throws NomalyError COLUMN with the nearest name. */
export function requireColumns(source: Source, names: readonly string[], option: string): void {
  const known = source.columns.map((column) => column.name);
  for (const name of names) {
    const column = source.columns.find((candidate) => candidate.name === name);
    if (column === undefined) {
      throw new NomalyError("COLUMN", `${source.name} has no column "${name}" (${option}); ${columnHint(name, known)}`, {
        field: name,
        received: name,
      });
    }
    if (column.kind === undefined) {
      throw new NomalyError("COLUMN", `${source.name}: column "${name}" of type ${column.type} cannot be used (${option})`, {
        field: name,
        received: column.type,
      });
    }
  }
}
