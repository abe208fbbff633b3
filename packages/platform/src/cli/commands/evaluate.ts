/** `nomaly evaluate`: compares algorithms, a model or given scores with known labels. */

import { infiniteNotes } from "../../files/read/table-notes.ts";
import { type AnomalyModel, NomalyError, type PipelineColumn } from "@nomaly/detect";
import type { EvaluationFigures } from "../../report/content.ts";
import type { LabelReader } from "../../files/read/labels.ts";
import { type MissingColumn, missingColumns, missingNote } from "../../report/missing-values.ts";
import { printable } from "../../report/printable.ts";
import { alignedLines, widthFor } from "../../report/columns.ts";
import { painter } from "../../report/terminal.ts";
import { onRows, requireColumns } from "../../table-work/file-errors.ts";
import { createFindings, type Findings } from "../../table-work/findings.ts";
import { detectTable } from "../../table-work/fit-table.ts";
import type { GivenTable } from "../../table-work/given-table.ts";
import { requireModelColumns } from "../../table-work/model-columns.ts";
import { scoreTable } from "../../table-work/score-table.ts";
import type { Arguments } from "../frame/arguments.ts";
import { type CliContext, say, sayJson, secondsSince } from "../frame/context.ts";
import { isCoded, UsageError } from "../frame/exit-codes.ts";
import { askedDetectors } from "../fitting/asked-detectors.ts";
import { fitRequests, refuseFitOptions } from "../fitting/fit-options.ts";
import { invertedLabelNotes, labelReaderOf } from "../fitting/label-options.ts";
import { readModel } from "../fitting/model-file.ts";
import { withInput } from "../fitting/open-input.ts";
import { scoringOf } from "../fitting/scoring.ts";
import { evaluate, flagsOf } from "../presenting/outcome.ts";
import { evaluationJson } from "../presenting/outcome-json.ts";
import { warn } from "../presenting/present.ts";
import { createProgress, type Progress } from "../frame/progress-bar.ts";

interface Evaluated {
  readonly name: string;
  readonly rowCount: number;
  readonly seconds: number;
  /** False if there are only ranking figures. */
  readonly hasThreshold: boolean;
  readonly figures: EvaluationFigures | undefined;
  /** Columns with missing values that an algorithm learned from; undefined for scores given. */
  readonly missing?: readonly MissingColumn[];
  /** The error, if there are no figures. */
  readonly failure: string | undefined;
}

interface Run {
  readonly given: Arguments;
  readonly context: CliContext;
  readonly progress: Progress;
  readonly labels: LabelReader;
}

export async function runEvaluate(given: Arguments, context: CliContext): Promise<void> {
  const labels = labelReaderOf(given);
  if (labels === undefined) throw new UsageError("nomaly evaluate needs --label COL: the column of known labels");
  const ways = ["score", "model", "algorithm"].filter((name) => given.has(name));
  if (ways.length > 1) throw new UsageError(`--${ways[0]} and --${ways[1]} exclude each other`);
  if (given.has("model")) refuseFitOptions(given, "a saved model is judged as it was fitted");
  if (given.has("score")) refuseFitOptions(given, "scores are judged as they are", ["threshold"]);
  const progress = createProgress(context, given);
  const modelPath = given.text("model");
  const saved = modelPath === undefined ? undefined : readModel(modelPath);
  const results = await withInput(
    given,
    context,
    async (table) => {
      requireColumns(table, [labels.name], "label");
      if (given.has("score")) return [await ofScores(given, context, table, labels)];
      if (saved !== undefined) return [await ofModel({ given, context, progress, labels }, table, saved)];
      return ofAlgorithms({ given, context, progress, labels }, table);
    },
    saved,
  );
  progress.clear();
  const filled = missingNote(results.find(({ missing }) => missing !== undefined)?.missing ?? []);
  if (filled !== undefined) warn(context, [filled]);
  const best = results[0]?.figures;
  const notes = best === undefined ? [] : invertedLabelNotes(labels, best);
  if (given.has("json")) return sayJson(context, resultsJson(given, results, notes));
  say(context, [await resultsText(results, context), ...notes.map(printable)].join("\n"));
}

async function ofAlgorithms({ given, context, progress, labels }: Run, table: GivenTable): Promise<Evaluated[]> {
  const names = askedDetectors(given);
  const requests = await fitRequests(given, context, table, { detectors: names, labels });
  warn(context, requests[0].notes);
  const results: Evaluated[] = [];
  for (const [index, name] of names.entries()) {
    const startedAt = context.now();
    const request = requests[index];
    const findings = createFindings({ topCount: 0, labels });
    try {
      const { model } = await detectTable(table, request, progress, findings);
      const judged = { threshold: model.threshold, seconds: secondsSince(context, startedAt), columns: model.columns };
      results.push(await evaluated(name, table, findings, judged));
    } catch (error) {
      // An algorithm that fails must not hide the results of others; a single algorithm's error is thrown.
      if (names.length === 1 || !isCoded(error) || error.code === "ABORTED" || error.code === "LABEL") throw error;
      results.push({
        name,
        rowCount: 0,
        seconds: secondsSince(context, startedAt),
        hasThreshold: false,
        figures: undefined,
        failure: error.message,
      });
    }
  }
  warn(context, infiniteNotes(table.rows));
  return results.sort((a, b) => (b.figures?.rocAuc ?? -1) - (a.figures?.rocAuc ?? -1));
}

async function ofModel({ given, context, progress, labels }: Run, table: GivenTable, model: AnomalyModel): Promise<Evaluated> {
  const startedAt = context.now();
  const path = given.text("model") ?? "";
  requireModelColumns(table, model);
  const findings = createFindings({ topCount: 0, labels });
  await scoreTable(table, scoringOf(given, context, { table, model }, { label: labels.name }), progress, findings);
  warn(context, infiniteNotes(table.rows));
  const name = `${path} (${model.detectorId})`;
  const judged = { threshold: model.threshold, seconds: secondsSince(context, startedAt), columns: model.columns };
  return evaluated(name, table, findings, judged);
}

async function ofScores(given: Arguments, context: CliContext, table: GivenTable, labels: LabelReader): Promise<Evaluated> {
  const startedAt = context.now();
  const name = given.text("score") ?? "";
  requireColumns(table, [name], "score");
  const threshold = given.number("threshold", { min: -Number.MAX_VALUE, max: Number.MAX_VALUE });
  const findings = createFindings({ topCount: 0, labels });
  for await (const batch of table.rows.batches([name, labels.name])) {
    const column = batch.columns.find((candidate) => candidate.name === name);
    if (column?.kind !== "number") {
      throw new NomalyError("COLUMN", `${table.rows.name}: column "${name}" must hold numbers to be evaluated as scores`, {
        field: name,
      });
    }
    const missing = column.values.findIndex(Number.isNaN);
    if (missing >= 0) {
      throw new NomalyError(
        "NOT_FINITE",
        `${table.rows.name}: column "${name}" has no score in row ${batch.firstRow + missing + 1}`,
        { field: name },
      );
    }
    const rowIndexOf = (row: number) => batch.firstRow + row;
    await onRows(table, rowIndexOf, () => findings.add(batch, column.values));
  }
  return evaluated(`column ${name}`, table, findings, {
    threshold,
    seconds: secondsSince(context, startedAt),
    columns: undefined,
  });
}

interface Judged {
  readonly threshold: number | undefined;
  readonly seconds: number;
  /** The model's columns; undefined for scores given. */
  readonly columns: readonly PipelineColumn[] | undefined;
}

async function evaluated(
  name: string,
  table: GivenTable,
  findings: Findings,
  { threshold, seconds, columns }: Judged,
): Promise<Evaluated> {
  const scores = findings.scores.toArray();
  const flags = flagsOf(scores, threshold ?? Number.POSITIVE_INFINITY);
  const known = findings.labels() ?? new Uint8Array(0);
  const rowIndexOf = (row: number) => row;
  const figures = await onRows(table, rowIndexOf, () => evaluate(known, scores, flags));
  const missing = columns && missingColumns(columns, findings.missingCounts(), scores.length);
  return {
    name,
    rowCount: scores.length,
    seconds,
    hasThreshold: threshold !== undefined,
    figures,
    ...(missing === undefined ? {} : { missing }),
    failure: undefined,
  };
}

async function resultsText(results: readonly Evaluated[], context: CliContext): Promise<string> {
  const paint = painter(context.colour);
  const head = ["", "ROC-AUC", "avg precision", "prec at n", "F1", "seconds"];
  const table = results.map(({ name, figures, hasThreshold, seconds }) => [
    printable(name),
    ...(figures === undefined
      ? ["", "", "", ""]
      : [figures.rocAuc, figures.averagePrecision, figures.precisionAtN, hasThreshold ? figures.f1 : undefined].map(
          (value) => value?.toFixed(4) ?? "",
        )),
    seconds.toFixed(2),
  ]);
  const [titles, ...rows] = alignedLines([head, ...table], [0], await widthFor(table.flat()));
  const lines = [paint(titles, "dim"), ...rows.map((cells, index) => cells + failureText(results[index]))];
  const first = results.find((result) => result.figures !== undefined);
  if (first?.figures !== undefined) {
    const knownCount = first.figures.truePositives + first.figures.falseNegatives;
    lines.push(
      paint(
        `${first.rowCount} rows, ${knownCount} known anomalies (n); F1 at each threshold; labels were not used to fit`,
        "dim",
      ),
    );
  }
  return lines.join("\n");
}

function failureText({ failure }: Evaluated): string {
  return failure === undefined ? "" : `  ${printable(failure)}`;
}

function resultsJson(given: Arguments, results: readonly Evaluated[], notes: readonly string[]): unknown {
  return {
    file: given.operands[0],
    label: given.text("label"),
    results: results.map(({ name, rowCount, seconds, hasThreshold, figures, missing, failure }) => ({
      name,
      ...(missing === undefined ? {} : { missing_values: missing }),
      ...(failure === undefined ? {} : { failure }),
      ...(figures === undefined ? {} : { row_count: rowCount, ...ranking(figures, hasThreshold) }),
      seconds,
    })),
    ...(notes.length === 0 ? {} : { notes }),
  };
}

function ranking(figures: EvaluationFigures, hasThreshold: boolean): Record<string, number> {
  const all = evaluationJson(figures);
  const names = hasThreshold ? Object.keys(all) : ["roc_auc", "average_precision", "precision_at_n"];
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}
