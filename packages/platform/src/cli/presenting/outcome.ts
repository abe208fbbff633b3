/** Makes a report's content from a model and the findings of scoring. */

import type { Column, PipelineColumn, Reason, Vote } from "@nomaly/detect";
import { averagePrecision, confusion, detectorById, f1, precisionAtN, rocAuc, rocCurve, snakeCase } from "@nomaly/detect";
import type { SampledRows } from "../../files/sample/row-sample.ts";
import type { EvaluationFigures, MemberFinding, ReportContent, ReportRow, Scatter, ScatterPoint } from "../../report/content.ts";
import type { LabelReader } from "../../files/read/labels.ts";
import { histogramOf } from "../../report/charts/histogram.ts";
import { invertedLabelNotes } from "../fitting/label-options.ts";
import { dateText } from "../../report/wording.ts";
import { missingColumns, missingNote } from "../../report/missing-values.ts";
import { onRows } from "../../table-work/file-errors.ts";
import type { Ensemble, Judge } from "../../table-work/ensemble.ts";
import type { Findings, TopRow } from "../../table-work/findings.ts";
import type { GivenTable } from "../../table-work/given-table.ts";

const histogramBinCount = 16;
/** A column with fewer distinct values would draw stripes in a scatter chart. */
const manyValueCount = 15;
/** Most points drawn of a ROC curve. */
const curvePointCountMax = 400;

export interface Outcome {
  readonly table: GivenTable;
  readonly model: Judge | Ensemble;
  readonly findings: Findings;
  readonly fittedRowCount: number;
  readonly agreement?: readonly number[] | undefined;
  readonly labels: LabelReader | undefined;
  /** Column that names rows; undefined chooses a skipped text column. */
  readonly nameColumn: string | undefined;
  readonly notes: readonly string[];
}

export type OutcomeContent = Omit<ReportContent, "defaultShare" | "command" | "seconds" | "version" | "createdAt">;

export async function outcomeContent(outcome: Outcome): Promise<OutcomeContent> {
  const { table, model, findings } = outcome;
  const scores = findings.scores.toArray();
  const flags = flagsOf(scores, model.threshold);
  const sameIndex = (row: number) => row;
  const known = await onRows(table, sameIndex, () => findings.labels());
  const nameColumn = outcome.nameColumn ?? nameColumnOf(model, findings);
  const top = await explainedRows(outcome, findings.topRows(), known, nameColumn);
  const telling = tellingColumns(model, top);
  const sample = findings.sample();
  const evaluation = known === undefined ? undefined : await onRows(table, sameIndex, () => evaluate(known, scores, flags));
  const doubts = evaluation === undefined || outcome.labels === undefined ? [] : invertedLabelNotes(outcome.labels, evaluation);
  const missing = missingColumns(model.columns, findings.missingCounts(), scores.length);
  return {
    file: table.rows.name,
    algorithm: model.detectorId,
    algorithmSummary: summaryOf(model),
    ensemble: model.ensemble,
    agreement: outcome.agreement,
    params: Object.fromEntries(Object.entries(model.params).map(([name, value]) => [snakeCase(name), value])),
    seed: model.seed,
    threshold: model.threshold,
    thresholdRule: thresholdRule(model),
    rowCount: scores.length,
    fittedRowCount: outcome.fittedRowCount,
    anomalyCount: flags.reduce((sum, flag) => sum + flag, 0),
    columns: model.columns,
    skipped: model.skippedColumns,
    missing,
    histogram: histogramOf(scores, histogramBinCount, model.threshold),
    top,
    telling,
    scatter: sample && scatterOf(model, telling, { sample, scores, top: findings.topRows(), findings, nameColumn }),
    evaluation,
    notes: [missingNote(missing), ...doubts, ...outcome.notes].filter((text) => text !== undefined),
    nameColumn,
  };
}

function summaryOf(model: Judge | Ensemble): string {
  if (!("members" in model)) return detectorById(model.detectorId).summary;
  return `The score is the mean of the ranks, 0 to 1, that ${model.members.length} detectors give a row: ${model.detectorId}.`;
}

/** Unlike the model's judge(), this does not compute ranks. */
export function flagsOf(scores: Float64Array, threshold: number): Uint8Array {
  const flags = new Uint8Array(scores.length);
  for (let row = 0; row < scores.length; row++) flags[row] = scores[row] > threshold ? 1 : 0;
  return flags;
}

/** `contamination 0.1`, `iqr, factor 1.5`. */
function thresholdRule(model: Judge): string {
  const { method, ...params } = model.thresholdSpec;
  const values = Object.entries(params).map(([name, value]) => (name === method ? String(value) : `${name} ${String(value)}`));
  return method === "fixed" ? "given" : [`${method} ${values[0] ?? ""}`.trim(), ...values.slice(1)].join(", ");
}

/** By default, a text column that was skipped because its values differ names the rows. */
function nameColumnOf(model: Judge, findings: Findings): string | undefined {
  const skipped = model.skippedColumns.map(({ name }) => name);
  const { columns } = findings.topTable();
  return columns.find(
    (column) =>
      column.kind === "text" && skipped.includes(column.name) && column.values.some((value) => value !== null && value !== ""),
  )?.name;
}

async function explainedRows(
  { table, model, findings }: Outcome,
  rows: readonly TopRow[],
  known: Uint8Array | undefined,
  nameColumn: string | undefined,
): Promise<ReportRow[]> {
  if (rows.length === 0) return [];
  const cells = findings.topTable();
  const rowIndexOf = (row: number) => rows[row].row;
  const explained = await onRows(table, rowIndexOf, () => model.explain(cells));
  const { ranks, labels } = model.judge(Float64Array.from(rows, (row) => row.score));
  const names = cells.columns.find((column) => column.name === nameColumn);
  return rows.map((row, index) => ({
    row: row.row + 1,
    name: names === undefined ? undefined : nameText(names, index),
    score: row.score,
    rank: ranks[index],
    isAnomaly: labels[index] === 1,
    label: known?.[row.row],
    members:
      "members" in model
        ? model.members.map((member, at) => memberFinding(member, row.memberScores[at]))
        : (explained.rows[index].votes ?? []).map((vote) => votedFinding(model, vote)),
    reasons: explained.rows[index].reasons,
  }));
}

function nameText({ kind, values }: Column, index: number): string {
  const value = values[index];
  return kind === "date" && typeof value === "number" ? dateText(value) : String(value ?? "");
}

function memberFinding(member: Judge, score: number): MemberFinding {
  const { ranks, labels } = member.judge(Float64Array.of(score));
  return { algorithm: member.detectorId, looksAt: undefined, score, rank: ranks[0], isAnomaly: labels[0] === 1 };
}

/** What a member of a detector that asks several says of a row. */
export function votedFinding(model: Pick<Judge, "ensemble">, { name, rank, label }: Vote): MemberFinding {
  const member = model.ensemble?.members.find((candidate) => candidate.name === name);
  return {
    algorithm: member?.detectorId ?? name,
    looksAt: member?.looksAt ?? name,
    score: undefined,
    rank,
    isAnomaly: label === 1,
  };
}

/** Each column's share of a row's positive contributions, averaged over the rows with equal weight. */
function tellingColumns(model: Judge, top: readonly ReportRow[]): { column: string; share: number }[] {
  const totals = new Map(model.columns.map(({ name }) => [name, 0]));
  const rows = top.some((row) => row.isAnomaly) ? top.filter((row) => row.isAnomaly) : top;
  for (const { reasons } of rows) {
    const sum = reasons.reduce((total, reason) => total + positive(reason), 0);
    if (sum === 0) continue;
    for (const reason of reasons) totals.set(reason.column, (totals.get(reason.column) ?? 0) + positive(reason) / sum);
  }
  const all = [...totals.values()].reduce((sum, value) => sum + value, 0);
  return [...totals].map(([column, total]) => ({ column, share: all === 0 ? 0 : total / all })).sort((a, b) => b.share - a.share);
}

function positive(reason: Reason): number {
  return Math.max(0, reason.contribution);
}

interface Drawn {
  readonly sample: SampledRows;
  readonly scores: Float64Array;
  readonly top: readonly TopRow[];
  readonly findings: Findings;
  readonly nameColumn: string | undefined;
}

/**
 * Chooses the two columns of numbers with the largest shares, preferring those with many distinct values, as others would only draw lines.
 * The points are the sample's rows and all top rows.
 */
function scatterOf(model: Judge, telling: readonly { column: string }[], drawn: Drawn): Scatter | undefined {
  const numeric = telling
    .map(({ column }) => model.columns.find((candidate) => candidate.name === column))
    .filter((column): column is PipelineColumn => column !== undefined && (column.kind === "number" || column.kind === "date"));
  const hasMany = ({ name }: PipelineColumn) => {
    const values = drawn.sample.table.columns.find((column) => column.name === name)?.values ?? [];
    return new Set<unknown>(values).size >= manyValueCount;
  };
  const [x, y] = [...numeric.filter(hasMany), ...numeric.filter((column) => !hasMany(column))];
  if (x === undefined || y === undefined) return undefined;
  const ahead = numeric.slice(0, Math.max(numeric.indexOf(x), numeric.indexOf(y)));
  const passedOver = ahead.filter((column) => column !== x && column !== y).map(({ name }) => name);
  const points = new Map<number, ScatterPoint>();
  const { sample, top, findings } = drawn;
  const sources = [
    { table: sample.table, rowOf: (index: number) => sample.rowIndexes[index] },
    { table: findings.topTable(), rowOf: (index: number) => top[index].row },
  ];
  for (const { table, rowOf } of sources) {
    const [xs, ys, names] = [x.name, y.name, drawn.nameColumn].map((name) =>
      table.columns.find((column) => column.name === name),
    );
    for (let index = 0; index < table.rowCount; index++) {
      const row = rowOf(index);
      const [xValue, yValue, name] = [xs?.values[index], ys?.values[index], names?.values[index]];
      if (typeof xValue !== "number" || typeof yValue !== "number" || !Number.isFinite(xValue + yValue)) continue;
      const score = drawn.scores[row];
      points.set(row, {
        row: row + 1,
        name: typeof name === "string" ? name : undefined,
        x: xValue,
        y: yValue,
        score,
        isAnomaly: score > model.threshold,
      });
    }
  }
  return { x, y, points: [...points.values()], passedOver, sampled: sample.table.rowCount < sample.totalRowCount };
}

export function evaluate(known: Uint8Array, scores: Float64Array, flags: Uint8Array): EvaluationFigures {
  const counts = confusion(known, flags);
  const curve = rocCurve(known, scores).map((point) => ({ x: point.falsePositiveRate, y: point.truePositiveRate }));
  const step = Math.max(1, Math.ceil(curve.length / curvePointCountMax));
  return {
    rocAuc: rocAuc(known, scores),
    averagePrecision: averagePrecision(known, scores),
    precisionAtN: precisionAtN(known, scores),
    f1: f1(counts),
    ...counts,
    rocCurve: curve.filter((_, index) => index % step === 0 || index === curve.length - 1),
  };
}
