/** Opens the input file of a command line. */

import { threadCount } from "@nomaly/detect";
import { type OpenFile, withFile } from "../../files/open-file.ts";
import { parseDelimiter } from "../../files/read/csv-dialect.ts";
import { parseFormat } from "../../files/read/format.ts";
import type { GivenTable } from "../../table-work/given-table.ts";
import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { UsageError } from "../frame/exit-codes.ts";

/** Runs `use` with the opened file, then closes it. */
export async function withInput<T>(
  given: Arguments,
  context: CliContext,
  use: (table: GivenTable, file: Pick<OpenFile, "inspect">) => Promise<T>,
): Promise<T> {
  const format = given.text("format");
  const delimiter = given.text("delimiter");
  const missingTexts = given.list("missing-texts");
  if (given.has("header") && given.has("no-header")) throw new UsageError("--header and --no-header exclude each other");
  const options = {
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
  };
  return withFile(given.operands[0], options, (file) => use({ rows: file.rows, sink: file.sink, caller: "command" }, file));
}

export function threadCountOf(given: Arguments): number | undefined {
  return given.number("threads", { min: 1, max: 256, whole: true });
}
