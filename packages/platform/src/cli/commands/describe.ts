/** `nomaly describe`: shows a file's columns as they are read, and what `detect` does with each. */

import { libraryVersion, NomalyError } from "@nomaly/detect";
import type { OpenFile } from "../../files/open-file.ts";
import { tableNotes } from "../../files/read/table-notes.ts";
import { fitTable } from "../../table-work/fit-table.ts";
import type { GivenTable } from "../../table-work/given-table.ts";
import type { Arguments } from "../frame/arguments.ts";
import { type CliContext, say, sayJson, secondsSince } from "../frame/context.ts";
import { createProgress } from "../frame/progress-bar.ts";
import { fitRequests } from "../fitting/fit-options.ts";
import { withInput } from "../fitting/open-input.ts";
import { type Description, descriptionJson, descriptionText, type Learned } from "../presenting/description.ts";
import { mixedColumnNotes } from "../presenting/mixed-columns.ts";

/** Learns the columns as every detector does, in the shortest time. */
const quickDetector = "robust-z";

export async function runDescribe(given: Arguments, context: CliContext): Promise<void> {
  const startedAt = context.now();
  await withInput(given, context, async (table, file) => {
    const description = await describe(given, context, { table, file });
    if (given.has("json")) {
      const seconds = secondsSince(context, startedAt);
      return sayJson(context, { ...descriptionJson(description), seconds, version: libraryVersion });
    }
    say(context, await descriptionText(description, context));
  });
}

interface Opened {
  readonly table: GivenTable;
  readonly file: Pick<OpenFile, "inspect">;
}

async function describe(given: Arguments, context: CliContext, { table, file }: Opened): Promise<Description> {
  const progress = createProgress(context, given);
  const inspected = await file.inspect();
  let learned: Learned | undefined;
  let refusal: NomalyError | undefined;
  let notes: readonly string[] = [];
  try {
    const [request] = await fitRequests(given, context, table, { detectors: [quickDetector] });
    notes = request.notes;
    const { model } = await fitTable(table, request, progress);
    notes = [...notes, ...mixedColumnNotes(model.columns, given.list("categorical"))];
    learned = { columns: model.columns, skipped: model.skippedColumns, unaskedReason: (name) => unaskedReason(given, name) };
  } catch (error) {
    // Detection would stop here; the columns can be described all the same.
    if (!(error instanceof NomalyError) || error.code === "ABORTED" || given.has("columns")) throw error;
    refusal = error;
  }
  progress.clear();
  return { file: table.rows.name, inspected, learned, refusal, notes: [...notes, ...tableNotes(table.rows)] };
}

/** Why a fit did not read a column that it could use. */
function unaskedReason(given: Arguments, name: string): string {
  if (name === given.text("label")) return "it holds the labels";
  if (given.has("columns")) return "not among --columns";
  return given.list("exclude")?.includes(name) === true ? "named by --exclude" : "a score of an earlier run";
}
