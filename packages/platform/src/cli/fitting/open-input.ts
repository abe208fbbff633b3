/** Opens the input file of a command line. */

import { type AnomalyModel, NomalyError, threadCount } from "@nomaly/detect";
import { withFile } from "../../files/open-file.ts";
import { parseDelimiter } from "../../files/read/csv-dialect.ts";
import { parseFormat } from "../../files/read/format.ts";
import {
  type KnownWriting,
  parseDateOrder,
  parseThousands,
  requireOneMark,
  type WrittenOptions,
} from "../../files/read/written-options.ts";
import { commandLineNaming } from "../../table-work/file-errors.ts";
import { writingsOf } from "../../table-work/model-columns.ts";
import type { GivenTable } from "../../table-work/given-table.ts";
import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { UsageError } from "../frame/exit-codes.ts";

/**
 * Runs `use` with the opened file, then closes it.
 * @param model reads texts as it has learned to.
 */
export async function withInput<T>(
  given: Arguments,
  context: CliContext,
  use: (table: GivenTable) => Promise<T>,
  model?: AnomalyModel,
): Promise<T> {
  const format = given.text("format");
  const delimiter = given.text("delimiter");
  const missingTexts = given.list("missing-texts");
  if (given.has("header") && given.has("no-header")) throw new UsageError("--header and --no-header exclude each other");
  const written = writtenOptionsOf(given, model);
  const options = {
    ...written,
    ...(format === undefined ? {} : { format: parseFormat(format) }),
    ...(delimiter === undefined ? {} : { delimiter: parseDelimiter(delimiter) }),
    ...(given.has("header") ? { header: true } : {}),
    ...(given.has("no-header") ? { header: false } : {}),
    ...(missingTexts === undefined ? {} : { missingTexts: ["", ...missingTexts] }),
    threadCount: threadCountOf(given) ?? threadCount(),
    temporary: context.temporary,
    stdin: context.stdin,
    signal: context.signal,
  };
  try {
    return await withFile(given.operands[0], options, ({ rows, sink }) => use({ rows, sink, caller: "command" }));
  } catch (error) {
    throw error instanceof NomalyError && error.code === "FILE_FORMAT" ? error.retold({ naming: commandLineNaming }) : error;
  }
}

function writtenOptionsOf(given: Arguments, model: AnomalyModel | undefined): WrittenOptions {
  const [thousands, dateOrder] = [given.text("thousands"), given.text("date-order")];
  const options = {
    decimalComma: given.has("decimal-comma"),
    ...(thousands === undefined ? {} : { thousands: parseThousands(thousands) }),
    ...(dateOrder === undefined ? {} : { dateOrder: parseDateOrder(dateOrder) }),
  };
  requireOneMark(options);
  const declared = (given.list("categorical") ?? []).map((name): KnownWriting => ({ name, writing: "text" }));
  return { ...options, knownWritings: [...declared, ...(model === undefined ? [] : writingsOf(model))] };
}

export function threadCountOf(given: Arguments): number | undefined {
  return given.number("threads", { min: 1, max: 256, whole: true });
}
