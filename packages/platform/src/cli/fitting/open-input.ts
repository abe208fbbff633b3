/** Opens the input file of a command line. */

import { type AnomalyModel, NomalyError, threadCount } from "@nomaly/detect";
import { type OpenFile, withFile } from "../../files/open-file.ts";
import type { CsvOptions } from "../../files/read/csv/csv-dialect.ts";
import { csvOptionsOf } from "../../files/read/csv/csv-options.ts";
import { parseFormat } from "../../files/read/format.ts";
import type { KnownWriting } from "../../files/read/csv/written-options.ts";
import { commandLineNaming } from "../../table-work/file-errors.ts";
import { writingsOf } from "../../table-work/model-columns.ts";
import type { GivenTable } from "../../table-work/given-table.ts";
import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";

/**
 * Runs `use` with the opened file, then closes it.
 * @param model reads texts as it has learned to.
 */
export async function withInput<T>(
  given: Arguments,
  context: CliContext,
  use: (table: GivenTable, file: Pick<OpenFile, "inspect">) => Promise<T>,
  model?: AnomalyModel,
): Promise<T> {
  const format = given.text("format");
  const options = {
    ...csvOptionsGiven(given),
    knownWritings: knownWritingsOf(given, model),
    infiniteAsMissing: model === undefined ? given.text("missing") !== "refuse" : fillsMissing(model),
    ...(format === undefined ? {} : { format: parseFormat(format) }),
    threadCount: threadCountOf(given) ?? threadCount(),
    temporary: context.temporary,
    stdin: context.stdin,
    signal: context.signal,
  };
  try {
    return await withFile(given.operands[0], options, (file) =>
      use({ rows: file.rows, sink: file.sink, caller: "command" }, file),
    );
  } catch (error) {
    throw error instanceof NomalyError && error.code === "FILE_FORMAT" ? error.retold({ naming: commandLineNaming }) : error;
  }
}

function csvOptionsGiven(given: Arguments): CsvOptions {
  const typed = (name: string) => name.replaceAll("_", "-");
  try {
    return csvOptionsOf({ text: (name) => given.text(typed(name)), has: (name) => given.has(typed(name)) });
  } catch (error) {
    throw error instanceof NomalyError ? error.retold({ naming: commandLineNaming }) : error;
  }
}

/** Columns that the command line declares categories, or whose texts a model has learned to read. */
function knownWritingsOf(given: Arguments, model: AnomalyModel | undefined): KnownWriting[] {
  const declared = (given.list("categorical") ?? []).map((name): KnownWriting => ({ name, writing: "text" }));
  return [...declared, ...(model === undefined ? [] : writingsOf(model))];
}

/** Whether the model was fitted with missing values filled. */
function fillsMissing({ columns }: AnomalyModel): boolean {
  return columns.some(({ encoding }) => encoding.kind === "number" && encoding.fill !== null);
}

export function threadCountOf(given: Arguments): number | undefined {
  return given.number("threads", { min: 1, max: 256, whole: true });
}
