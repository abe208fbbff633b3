/** `nomaly update`: lets a saved model learn further from the rows of a file, in their order. */

import { tableNotes } from "../../files/read/table-notes.ts";
import { openDestination, writeWhole } from "../../files/write/destination.ts";
import { printable } from "../../report/printable.ts";
import { countText, numberText } from "../../report/wording.ts";
import type { GivenTable } from "../../table-work/given-table.ts";
import { requireLearner } from "../../table-work/learners.ts";
import { updateOnTable } from "../../table-work/update-table.ts";
import type { Arguments } from "../frame/arguments.ts";
import { type CliContext, say, sayJson, secondsSince } from "../frame/context.ts";
import { UsageError } from "../frame/exit-codes.ts";
import { createProgress } from "../frame/progress-bar.ts";
import { readModel } from "../fitting/model-file.ts";
import { withInput } from "../fitting/open-input.ts";
import { isStandardOutput, refuseSameFile, refuseSharedStdout } from "../presenting/output-paths.ts";
import { warn } from "../presenting/present.ts";

export async function runUpdate(given: Arguments, context: CliContext): Promise<void> {
  const startedAt = context.now();
  const progress = createProgress(context, given);
  const path = given.text("model");
  if (path === undefined) throw new UsageError("nomaly update needs -m MODEL: a file made by nomaly fit");
  const target = given.text("output") ?? path;
  if (given.has("json"))
    refuseSharedStdout([
      ["-o", target],
      ["--json", "-"],
    ]);
  refuseSameFile([
    ["the input", given.operands[0]],
    [given.has("output") ? "-o" : "-m", target],
  ]);
  const model = readModel(path);
  requireLearner(model.detectorId, path);
  const destination = openDestination(target, context.temporary, context.stdout);
  const learn = async (table: GivenTable) => {
    const rowCount = await updateOnTable(table, { model, signal: context.signal }, progress);
    const bytes = model.save();
    await writeWhole(destination, bytes);
    progress.clear();
    warn(context, tableNotes(table.rows));
    if (given.has("json")) {
      return sayJson(context, {
        file: table.rows.name,
        model: target,
        size_bytes: bytes.length,
        algorithm: model.detectorId,
        threshold: model.threshold,
        row_count: rowCount,
        seconds: secondsSince(context, startedAt),
      });
    }
    const lines = [
      `${model.detectorId} learned further from ${countText(rowCount, "row")} of ${printable(table.rows.name)}`,
      `threshold ${numberText(model.threshold)}, as before`,
      `model written to ${printable(target)} (${bytes.length.toLocaleString("en-US")} bytes)`,
    ];
    if (!isStandardOutput(target)) say(context, lines.join("\n"));
  };
  await withInput(given, context, learn, model);
}
