/** `nomaly score`: scores the rows of a file with a saved model, in bounded memory. */

import { tableNotes } from "../../files/read/table-notes.ts";
import { requireColumns } from "../../table-work/file-errors.ts";
import { createFindings } from "../../table-work/findings.ts";
import { requireModelColumns } from "../../table-work/model-columns.ts";
import { scoreTable } from "../../table-work/score-table.ts";
import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { topCountOf } from "./detect.ts";
import { UsageError } from "../frame/exit-codes.ts";
import { thresholdOf } from "../fitting/fit-options.ts";
import { readModel } from "../fitting/model-file.ts";
import { labelReaderOf } from "../fitting/label-options.ts";
import { withInput } from "../fitting/open-input.ts";
import { scoringOf } from "../fitting/scoring.ts";
import { openOutputs } from "../presenting/outputs.ts";
import { present } from "../presenting/present.ts";
import { createProgress } from "../frame/progress-bar.ts";

export async function runScore(given: Arguments, context: CliContext): Promise<void> {
  const startedAt = context.now();
  const progress = createProgress(context, given);
  const path = given.text("model");
  if (path === undefined) throw new UsageError("nomaly score needs -m MODEL: a file made by nomaly fit");
  const saved = readModel(path);
  const threshold = thresholdOf(given);
  const model = threshold === undefined ? saved : saved.withThreshold(threshold);
  const [label, nameColumn] = [given.text("label"), given.text("id")];
  const labels = labelReaderOf(given);
  const topCount = topCountOf(given);
  const outputs = openOutputs(given, context);
  await withInput(
    given,
    context,
    async (table) => {
      requireColumns(table, [nameColumn], "id");
      requireColumns(table, [label], "label");
      requireModelColumns(table, model);
      const findings = createFindings({ topCount, labels, chartSeed: model.seed + 1 });
      await scoreTable(table, scoringOf(given, context, { table, model }, { label, nameColumn }), progress, findings);
      progress.clear();
      const { trainingRowCount: fittedRowCount } = model;
      const notes = tableNotes(table.rows);
      const outcome = { table, model, findings, fittedRowCount, labels, nameColumn, notes };
      await present(outcome, given, context, { outputs, progress, startedAt });
    },
    model,
  );
}
