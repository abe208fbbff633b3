/** `nomaly fit`: fits on a file and saves the model. */

import { snakeCase } from "@nomaly/detect";
import { tableNotes } from "../../files/read/table-notes.ts";
import { openDestination, writeWhole } from "../../files/write/destination.ts";
import { printable } from "../../report/printable.ts";
import { missingColumns, missingNote, trainingCounts } from "../../report/missing-values.ts";
import { ensembleTexts } from "../../report/words/agreement.ts";
import { countText, numberText } from "../../report/wording.ts";
import { fitTable } from "../../table-work/fit-table.ts";
import type { Arguments } from "../frame/arguments.ts";
import { type CliContext, say, sayJson, secondsSince } from "../frame/context.ts";
import { UsageError } from "../frame/exit-codes.ts";
import { fitRequest } from "../fitting/fit-options.ts";
import { withInput } from "../fitting/open-input.ts";
import { mixedColumnNotes } from "../presenting/mixed-columns.ts";
import { ensembleJson } from "../presenting/outcome-json.ts";
import { isStandardOutput, refuseSameFile, refuseSharedStdout } from "../presenting/output-paths.ts";
import { warn } from "../presenting/present.ts";
import { createProgress } from "../frame/progress-bar.ts";

export async function runFit(given: Arguments, context: CliContext): Promise<void> {
  const startedAt = context.now();
  const progress = createProgress(context, given);
  const path = given.text("model");
  if (path === undefined) throw new UsageError("nomaly fit needs -m MODEL: where the model is saved");
  if (given.has("json"))
    refuseSharedStdout([
      ["-m", path],
      ["--json", "-"],
    ]);
  refuseSameFile([
    ["the input", given.operands[0]],
    ["-m", path],
  ]);
  const destination = openDestination(path, context.temporary, context.stdout);
  await withInput(given, context, async (table) => {
    const request = await fitRequest(given, context, table);
    const { model, rowCount, fittedRowCount } = await fitTable(table, request, progress);
    const bytes = model.save();
    await writeWhole(destination, bytes);
    progress.clear();
    const mixed = mixedColumnNotes(model.columns, given.list("categorical"));
    warn(context, [...request.notes, ...mixed, ...tableNotes(table.rows)]);
    const missing = missingColumns(model.columns, trainingCounts(model.columns), fittedRowCount);
    const filled = missingNote(missing);
    const seconds = secondsSince(context, startedAt);
    if (given.has("json")) {
      const params = Object.fromEntries(Object.entries(model.params).map(([name, value]) => [snakeCase(name), value]));
      const document = {
        file: table.rows.name,
        model: path,
        size_bytes: bytes.length,
        algorithm: model.detectorId,
        ...(model.ensemble === undefined ? {} : ensembleJson(model.ensemble)),
        params,
        seed: model.seed,
        threshold: model.threshold,
        row_count: rowCount,
        fitted_row_count: fittedRowCount,
        columns: model.columns.map(({ name, kind }) => ({ name, kind })),
        skipped_columns: model.skippedColumns,
        missing_values: missing,
        seconds,
      };
      return sayJson(context, document);
    }
    const sampled = fittedRowCount < rowCount ? ` (a sample of ${rowCount.toLocaleString("en-US")})` : "";
    const lines = [
      `${model.detectorId}, seed ${model.seed}, learned from ${countText(fittedRowCount, "row")}${sampled} of ${printable(table.rows.name)}, ${countText(model.columns.length, "column")}`,
      ...ensembleTexts(model.ensemble).map(printable),
      `threshold ${numberText(model.threshold)}`,
      ...model.skippedColumns.map(({ name, reason }) => `column ${printable(name)} is left out: ${printable(reason)}`),
      ...(filled === undefined ? [] : [printable(filled)]),
      `model written to ${printable(path)} (${bytes.length.toLocaleString("en-US")} bytes)`,
    ];
    if (!isStandardOutput(path)) say(context, lines.join("\n"));
  });
}
