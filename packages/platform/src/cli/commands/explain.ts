/** `nomaly explain`: shows for given or the most anomalous rows what each column added to the score, and its usual values. */

import type { AnomalyModel, Explanation, Reason, Vote } from "@nomaly/detect";
import { infiniteNotes } from "../../files/read/table-notes.ts";
import { printable } from "../../report/printable.ts";
import { alignedLines, widthFor } from "../../report/columns.ts";
import { painter } from "../../report/terminal.ts";
import { missingColumns, missingNote, trainingCounts } from "../../report/missing-values.ts";
import { foundByText } from "../../report/words/agreement.ts";
import { presenceTells, presenceText } from "../../report/words/reasons.ts";
import { numberText, rankText, usualText, valueText } from "../../report/wording.ts";
import { onRows } from "../../table-work/file-errors.ts";
import { createFindings, type Findings } from "../../table-work/findings.ts";
import { detectTable, fitTable } from "../../table-work/fit-table.ts";
import type { GivenTable } from "../../table-work/given-table.ts";
import { requireModelColumns } from "../../table-work/model-columns.ts";
import { rowsAt } from "../../table-work/rows-at.ts";
import { scoreTable } from "../../table-work/score-table.ts";
import type { Arguments } from "../frame/arguments.ts";
import { type CliContext, say, sayJson } from "../frame/context.ts";
import { topCountOf } from "./detect.ts";
import { UsageError } from "../frame/exit-codes.ts";
import { fitRequest, refuseFitOptions } from "../fitting/fit-options.ts";
import { readModel } from "../fitting/model-file.ts";
import { withInput } from "../fitting/open-input.ts";
import { scoringOf } from "../fitting/scoring.ts";
import { votedFinding } from "../presenting/outcome.ts";
import { membersJson, reasonJson } from "../presenting/outcome-json.ts";
import { warn } from "../presenting/present.ts";
import { createProgress, type Progress } from "../frame/progress-bar.ts";

const rowCountMax = 1000;
const topCountDefault = 5;

export async function runExplain(given: Arguments, context: CliContext): Promise<void> {
  const progress = createProgress(context, given);
  const path = given.text("model");
  if (path !== undefined) refuseFitOptions(given, "a saved model explains as it was fitted");
  const rows = rowsOf(given);
  const topCount = given.has("top") ? topCountOf(given) : topCountDefault;
  const saved = path === undefined ? undefined : readModel(path);
  await withInput(
    given,
    context,
    async (table) => {
      const findings = createFindings({ topCount: rows === undefined ? topCount : 0 });
      const model = saved ?? (await fittedModel({ given, context, table, progress }, rows === undefined ? findings : undefined));
      if (saved !== undefined) requireModelColumns(table, saved);
      if (saved !== undefined && rows === undefined)
        await scoreTable(table, scoringOf(given, context, { table, model }), progress, findings);
      warn(context, infiniteNotes(table.rows));
      const chosen = rows ?? findings.topRows().map(({ row }) => row);
      const names = model.columns.map(({ name }) => name);
      const cells = rows === undefined ? findings.topTable() : await rowsAt(table.rows, names, rows);
      progress.clear();
      const rowIndexOf = (row: number) => chosen[row];
      const explanation = await onRows(table, rowIndexOf, () => model.explain(cells));
      if (given.has("json")) return sayJson(context, explanationJson(table.rows.name, model, chosen, explanation));
      say(context, await explanationText(model, chosen, explanation, context));
    },
    saved,
  );
}

/** @param findings receives the scores of all rows, if the most anomalous rows are to be explained. */
async function fittedModel(
  { given, context, table, progress }: { given: Arguments; context: CliContext; table: GivenTable; progress: Progress },
  findings: Findings | undefined,
): Promise<AnomalyModel> {
  const request = await fitRequest(given, context, table);
  warn(context, request.notes);
  const fitted = findings === undefined ? fitTable(table, request, progress) : detectTable(table, request, progress, findings);
  const { model } = await fitted;
  const filled = missingNote(missingColumns(model.columns, trainingCounts(model.columns), model.trainingRowCount));
  if (filled !== undefined) warn(context, [filled]);
  return model;
}

/** Parses --rows, which counts from 1, to indexes from 0. */
function rowsOf(given: Arguments): number[] | undefined {
  const list = given.list("rows");
  if (list === undefined) return undefined;
  const rows = list.map((text) => {
    const row = Number(text);
    if (!Number.isSafeInteger(row) || row < 1) throw new UsageError(`--rows must be whole numbers from 1, got "${text}"`);
    return row - 1;
  });
  if (rows.length === 0 || rows.length > rowCountMax)
    throw new UsageError(`--rows takes 1 to ${rowCountMax} rows, got ${rows.length}`);
  return rows;
}

const meanings: Readonly<Record<Explanation["meaning"], string>> = {
  "sums-to-score": "contributions sum to the score",
  "sums-to-score-less-baseline": "contributions sum to the score less that of an empty model",
  "sums-to-one": "contributions are shares of the score",
  substitution: "contributions: how much the score falls when the column is made usual",
};

async function explanationText(
  model: AnomalyModel,
  rows: readonly number[],
  explanation: Explanation,
  context: CliContext,
): Promise<string> {
  const paint = painter(context.colour);
  const blocks = explanation.rows.map(async ({ score, rank, label, reasons, votes = [] }, index) => {
    const verdict = label === 1 ? "anomaly" : "normal";
    const head = `row ${rows[index] + 1}: ${verdict}, score ${numberText(score)} (threshold ${numberText(model.threshold)}), above ${rankText(rank)} of the training rows${agreementOf(model, votes)}`;
    const cells = reasons.map((reason) => [
      printable(reason.column),
      printable(valueText(reason.value, reason.kind)),
      printable(besideText(reason)),
      numberText(reason.contribution),
    ]);
    const lines = alignedLines(cells, [0, 1, 2, 3], await widthFor(cells.flat()));
    return [paint(head, label === 1 ? "red" : "bold"), ...lines.map((line) => `  ${line}`)].join("\n");
  });
  return [...(await Promise.all(blocks)), paint(`${model.detectorId}: ${meanings[explanation.meaning]}`, "dim")].join("\n\n");
}

/** `; found by checks: 4 of 5: all but relations`, empty for single detectors. */
function agreementOf(model: AnomalyModel, votes: readonly Vote[]): string {
  return votes.length === 0 ? "" : `; found by checks: ${foundByText(votes.map((vote) => votedFinding(model, vote)))}`;
}

function besideText(reason: Reason): string {
  const { profile, kind, missingShare } = reason;
  return presenceTells(reason) ? presenceText(reason) : `usual ${usualText(profile, kind, missingShare)}`;
}

function explanationJson(file: string, model: AnomalyModel, rows: readonly number[], explanation: Explanation): unknown {
  return {
    file,
    algorithm: model.detectorId,
    seed: model.seed,
    threshold: model.threshold,
    meaning: explanation.meaning,
    rows: explanation.rows.map(({ score, rank, label, reasons, votes = [] }, index) => ({
      row: rows[index] + 1,
      anomaly_score: score,
      is_anomaly: label === 1,
      rank,
      ...(votes.length === 0 ? {} : membersJson(votes.map((vote) => votedFinding(model, vote)))),
      reasons: reasons.map(reasonJson),
    })),
  };
}
