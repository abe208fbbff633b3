/** `nomaly detect`: learns from a file, scores its rows, shows the most anomalous ones and why. */

import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { detectFile } from "../fitting/detection.ts";
import { createFindings } from "../presenting/findings.ts";
import { fitRequest } from "../fitting/fit-options.ts";
import { withInput } from "../fitting/open-input.ts";
import { openOutputs } from "../presenting/outputs.ts";
import { present, sourceNotes } from "../presenting/present.ts";
import { createProgress } from "../frame/progress-bar.ts";

const topCountMax = 10_000;
const topCountDefault = 20;

export async function runDetect(given: Arguments, context: CliContext): Promise<void> {
  const startedAt = context.now();
  const progress = createProgress(context);
  const topCount = topCountOf(given);
  const nameColumn = given.text("id");
  const label = given.text("label");
  const outputs = openOutputs(given, context);
  await withInput(given, context, async (source) => {
    const request = await fitRequest(given, context, source);
    const findings = createFindings({ topCount, label, seed: request.options.seed });
    const { model, fittedRowCount } = await detectFile({ source, request, progress }, findings);
    progress.clear();
    const notes = [...request.notes, ...sourceNotes({ source })];
    await present({ source, model, findings, fittedRowCount, label, nameColumn, notes }, given, context, { outputs, startedAt });
  });
}

export function topCountOf(given: Arguments): number {
  return given.number("top", { min: 0, max: topCountMax, whole: true }) ?? topCountDefault;
}
