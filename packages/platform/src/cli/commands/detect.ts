/** `nomaly detect`: fits on a file, scores its rows, and shows the most anomalous ones with reasons. */

import { createFindings } from "../../table-work/findings.ts";
import { detectTable } from "../../table-work/fit-table.ts";
import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { fitRequest } from "../fitting/fit-options.ts";
import { withInput } from "../fitting/open-input.ts";
import { openOutputs } from "../presenting/outputs.ts";
import { present, tableNotes } from "../presenting/present.ts";
import { createProgress } from "../frame/progress-bar.ts";

const topCountMax = 10_000;
const topCountDefault = 20;

export async function runDetect(given: Arguments, context: CliContext): Promise<void> {
  const startedAt = context.now();
  const progress = createProgress(context, given);
  const topCount = topCountOf(given);
  const nameColumn = given.text("id");
  const label = given.text("label");
  const outputs = openOutputs(given, context);
  await withInput(given, context, async (table) => {
    const request = await fitRequest(given, context, table);
    const findings = createFindings({ topCount, label, chartSeed: request.options.seed + 1 });
    const { model, fittedRowCount } = await detectTable(table, request, progress, findings);
    progress.clear();
    const notes = [...request.notes, ...tableNotes(table.rows)];
    const outcome = { table, model, findings, fittedRowCount, label, nameColumn, notes };
    await present(outcome, given, context, { outputs, progress, startedAt });
  });
}

export function topCountOf(given: Arguments): number {
  return given.number("top", { min: 0, max: topCountMax, whole: true }) ?? topCountDefault;
}
