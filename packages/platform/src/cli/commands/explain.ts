/** `nomaly explain`: for given rows, or the most anomalous, what each column added and what is usual there. */

import type { AnomalyModel, Explanation } from "@nomaly/detect";
import { NomalyError } from "@nomaly/detect";
import type { Source } from "../../files/read/source.ts";
import { printable } from "../../report/printable.ts";
import { alignedLines, widthFor } from "../../report/columns.ts";
import { painter } from "../../report/terminal.ts";
import { numberText, rankText, usualText, valueText } from "../../report/wording.ts";
import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { say, sayJson } from "../frame/context.ts";
import { topCountOf } from "./detect.ts";
import { detectFile, fitFile, scoreFile } from "../fitting/detection.ts";
import { UsageError } from "../frame/exit-codes.ts";
import type { Findings, TopRow } from "../presenting/findings.ts";
import { createFindings } from "../presenting/findings.ts";
import { fitRequest, refuseFitOptions } from "../fitting/fit-options.ts";
import { readModel } from "../fitting/model-file.ts";
import { onRows, threadCountOf, withInput } from "../fitting/open-input.ts";
import { reasonJson } from "../presenting/outcome-json.ts";
import { warn } from "../presenting/present.ts";
import type { Progress } from "../frame/progress-bar.ts";
import { createProgress } from "../frame/progress-bar.ts";
import { columnsToRead, requireModelColumns } from "./score.ts";

const rowCountMax = 1000;
const topCountDefault = 5;

export async function runExplain(given: Arguments, context: CliContext): Promise<void> {
  const progress = createProgress(context);
  const path = given.text("model");
  if (path !== undefined) refuseFitOptions(given, "a saved model explains as it was fitted");
  const rows = rowsOf(given);
  const topCount = given.has("top") ? topCountOf(given) : topCountDefault;
  const saved = path === undefined ? undefined : readModel(path);
  await withInput(given, context, async (source) => {
    const findings = createFindings({ topCount: rows === undefined ? topCount : 0, label: undefined, seed: 0 });
    const model = saved ?? (await fittedModel({ given, context, source, progress }, rows === undefined ? findings : undefined));
    if (saved !== undefined) requireModelColumns(source, saved);
    if (saved !== undefined && rows === undefined) {
      const scoring = { source, model, progress, threads: threadCountOf(given), ...columnsToRead(source, saved, undefined) };
      await scoreFile({ ...scoring, signal: context.signal }, findings);
    }
    const chosen = rows === undefined ? { rows: findings.topRows(), findings } : await readRows(source, model, rows);
    progress.clear();
    const explanation = await onRows(
      source,
      (row) => chosen.rows[row].row,
      () => model.explain(chosen.findings.tableOf(chosen.rows)),
    );
    if (given.has("json")) return sayJson(context, explanationJson(source, model, chosen.rows, explanation));
    say(context, await explanationText(model, chosen.rows, explanation, context));
  });
}

/** @param findings of all rows, where the most anomalous are to be told. */
async function fittedModel(
  { given, context, source, progress }: { given: Arguments; context: CliContext; source: Source; progress: Progress },
  findings: Findings | undefined,
): Promise<AnomalyModel> {
  const request = await fitRequest(given, context, source);
  warn(context, request.notes);
  const work = { source, progress, request };
  return findings === undefined ? (await fitFile(work)).model : (await detectFile(work, findings)).model;
}

/** Rows from 0, as asked from 1. */
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

async function readRows(
  source: Source,
  model: AnomalyModel,
  wanted: readonly number[],
): Promise<{ rows: TopRow[]; findings: Findings }> {
  const findings = createFindings({ topCount: 0, label: undefined, seed: 0 });
  const found = new Map<number, TopRow>();
  let rowCount = 0;
  for await (const batch of source.batches(model.columns.map(({ name }) => name))) {
    findings.add({ ...batch, rowCount: 0 }, new Float64Array(0));
    rowCount = batch.firstRow + batch.rowCount;
    for (const row of wanted) {
      if (row < batch.firstRow || row >= rowCount) continue;
      found.set(row, { row, score: 0, cells: batch.columns.map((column) => column.values[row - batch.firstRow]) });
    }
    if (found.size === new Set(wanted).size) break;
  }
  const rows = wanted.map((row) => {
    const at = found.get(row);
    if (at === undefined)
      throw new NomalyError("SHAPE", `${source.name} has no row ${row + 1}; it has ${rowCount}`, { field: "rows" });
    return at;
  });
  return { rows, findings };
}

const meanings: Readonly<Record<Explanation["meaning"], string>> = {
  "sums-to-score": "contributions sum to the score",
  "sums-to-score-less-baseline": "contributions sum to the score less that of an empty model",
  "sums-to-one": "contributions are shares of the score",
  substitution: "contributions: how much the score falls when the column is made usual",
};

async function explanationText(
  model: AnomalyModel,
  rows: readonly TopRow[],
  explanation: Explanation,
  context: CliContext,
): Promise<string> {
  const paint = painter(context.colour);
  const blocks = explanation.rows.map(async ({ score, rank, label, reasons }, index) => {
    const verdict = label === 1 ? "anomaly" : "normal";
    const head = `row ${rows[index].row + 1}: ${verdict}, score ${numberText(score)} (threshold ${numberText(model.threshold)}), above ${rankText(rank)} of the training rows`;
    const cells = reasons.map((reason) => [
      printable(reason.column),
      printable(valueText(reason.value, reason.kind)),
      `usual ${printable(usualText(reason.profile, reason.kind))}`,
      numberText(reason.contribution),
    ]);
    const lines = alignedLines(cells, [0, 1, 2, 3], await widthFor(cells.flat()));
    return [paint(head, label === 1 ? "red" : "bold"), ...lines.map((line) => `  ${line}`)].join("\n");
  });
  return [...(await Promise.all(blocks)), paint(`${model.detectorId}: ${meanings[explanation.meaning]}`, "dim")].join("\n\n");
}

function explanationJson(source: Source, model: AnomalyModel, rows: readonly TopRow[], explanation: Explanation): unknown {
  return {
    file: source.name,
    algorithm: model.detectorId,
    seed: model.seed,
    threshold: model.threshold,
    meaning: explanation.meaning,
    rows: explanation.rows.map(({ score, rank, label, reasons }, index) => ({
      row: rows[index].row + 1,
      anomaly_score: score,
      is_anomaly: label === 1,
      rank,
      reasons: reasons.map(reasonJson),
    })),
  };
}
