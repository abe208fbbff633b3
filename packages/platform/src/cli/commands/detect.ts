/** `nomaly detect`: fits on a file, scores its rows, and shows the most anomalous ones with reasons. */

import { tableNotes } from "../../files/read/table-notes.ts";
import { detectBySeveral } from "../../table-work/detect-several.ts";
import { createFindings } from "../../table-work/findings.ts";
import { detectTable } from "../../table-work/fit-table.ts";
import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { askedDetectors } from "../fitting/asked-detectors.ts";
import { fitRequests } from "../fitting/fit-options.ts";
import { labelReaderOf } from "../fitting/label-options.ts";
import { withInput } from "../fitting/open-input.ts";
import { mixedColumnNotes } from "../presenting/mixed-columns.ts";
import { openOutputs } from "../presenting/outputs.ts";
import { present } from "../presenting/present.ts";
import { createProgress } from "../frame/progress-bar.ts";

const topCountMax = 10_000;
const topCountDefault = 20;

export async function runDetect(given: Arguments, context: CliContext): Promise<void> {
  const startedAt = context.now();
  const progress = createProgress(context, given);
  const topCount = topCountOf(given);
  const nameColumn = given.text("id");
  const labels = labelReaderOf(given);
  const outputs = openOutputs(given, context);
  await withInput(given, context, async (table) => {
    const requests = await fitRequests(given, context, table, { detectors: askedDetectors(given), labels });
    const [request] = requests;
    const memberCount = requests.length > 1 && outputs.writesRows ? requests.length : 0;
    const findings = createFindings({ topCount, labels, chartSeed: request.options.seed + 1, memberCount });
    const found =
      requests.length === 1
        ? await detectTable(table, request, progress, findings)
        : await detectBySeveral(table, requests, progress, findings);
    progress.clear();
    const mixed = mixedColumnNotes(found.model.columns, given.list("categorical"));
    const notes = [...request.notes, ...mixed, ...tableNotes(table.rows)];
    const outcome = { ...found, table, findings, labels, nameColumn, notes };
    await present(outcome, given, context, { outputs, progress, startedAt });
  });
}

export function topCountOf(given: Arguments): number {
  return given.number("top", { min: 0, max: topCountMax, whole: true }) ?? topCountDefault;
}
