/** The result for the terminal: a line of facts, the score histogram, the most anomalous rows with their reasons. */

import type { ReportContent } from "./content.ts";
import { printable } from "./printable.ts";
import { countText, noSingleReason, numberText, percentText, rankText, reasonsText, tellingReasons } from "./wording.ts";

export interface TerminalStyle {
  readonly colour: boolean;
  readonly width: number;
}

const barWidthMax = 40;
const reasonCount = 3;
const nameWidthMax = 28;
const ansi = { bold: "1", dim: "2", red: "31", cyan: "36" } as const;

export function terminalReport(content: ReportContent, style: TerminalStyle): string {
  const paint = painter(style.colour);
  const parts = [factLines(content, paint), histogramLines(content, paint)];
  if (content.evaluation !== undefined) parts.push(evaluationLines(content, paint));
  if (content.top.length > 0) parts.push(rowLines(content, style, paint));
  return parts.map((lines) => lines.join("\n")).join("\n\n");
}

type Paint = (text: string, colour: keyof typeof ansi) => string;

export function painter(colour: boolean): Paint {
  return (text, name) => (colour ? `\u001b[${ansi[name]}m${text}\u001b[0m` : text);
}

function factLines(content: ReportContent, paint: Paint): string[] {
  const { rowCount, anomalyCount, columns, fittedRowCount } = content;
  const learned = fittedRowCount < rowCount ? `, learned from ${countText(fittedRowCount, "row")}` : "";
  return [
    `${paint(printable(content.file), "bold")}: ${countText(rowCount, "row")}, ${countText(columns.length, "column")} used${learned}`,
    `${content.algorithm}, seed ${content.seed}, threshold ${numberText(content.threshold)} (${printable(content.thresholdRule)})`,
    paint(`${countText(anomalyCount, "anomaly", "anomalies")} (${percentText(anomalyCount / rowCount)})`, "bold"),
  ];
}

function histogramLines({ histogram, threshold }: ReportContent, paint: Paint): string[] {
  const { counts, edges, anomalyCounts, beyondCount, max } = histogram;
  const largest = Math.max(...counts);
  const labels = edges.map(numberText);
  const labelWidth = Math.max(...labels.map((label) => label.length));
  const lines = ["score distribution (lengths of bars are square roots of the counts)"];
  for (const [index, count] of counts.entries()) {
    // Square roots: a bin of three rows beside one of three thousand can still be seen.
    const length = count === 0 ? 0 : Math.max(1, Math.round(Math.sqrt(count / largest) * barWidthMax));
    const isLast = index === counts.length - 1;
    const bar = paint("█".repeat(length), anomalyCounts[index] > 0 ? "red" : "cyan");
    const beyond = isLast && beyondCount > 0 ? paint(`, ${beyondCount} of them beyond, up to ${numberText(max)}`, "dim") : "";
    const mark = edges[index] <= threshold && threshold < edges[index + 1] ? paint("  threshold", "dim") : "";
    lines.push(`  ${labels[index].padStart(labelWidth)} ${bar}${count === 0 ? "" : " "}${count}${beyond}${mark}`);
  }
  return lines;
}

export function evaluationLines({ evaluation }: Pick<ReportContent, "evaluation">, paint: Paint): string[] {
  if (evaluation === undefined) return [];
  const { truePositives, falsePositives, falseNegatives } = evaluation;
  const knownCount = truePositives + falseNegatives;
  return [
    paint("compared with known labels", "bold"),
    `  ROC-AUC ${evaluation.rocAuc.toFixed(4)}, average precision ${evaluation.averagePrecision.toFixed(4)}, ` +
      `precision at ${knownCount} ${evaluation.precisionAtN.toFixed(4)}`,
    `  at the threshold: ${truePositives} of ${knownCount} anomalies found, ${countText(falsePositives, "false alarm")}, F1 ${evaluation.f1.toFixed(4)}`,
  ];
}

function rowLines(content: ReportContent, style: TerminalStyle, paint: Paint): string[] {
  const { top, nameColumn } = content;
  const hasNames = nameColumn !== undefined;
  const hasLabels = top.some((row) => row.label !== undefined);
  const table = top.map((row) => [
    String(row.row),
    ...(hasNames ? [clip(printable(row.name ?? ""), nameWidthMax)] : []),
    numberText(row.score),
    rankText(row.rank),
    ...(hasLabels ? [row.label === 1 ? "anomaly" : "normal"] : []),
  ]);
  const head = [
    "row",
    ...(hasNames ? [clip(printable(nameColumn), nameWidthMax)] : []),
    "score",
    "rank",
    ...(hasLabels ? ["known as"] : []),
  ];
  const widths = head.map((title, index) => Math.max(title.length, ...table.map((cells) => cells[index].length)));
  const align = (cells: readonly string[]) =>
    cells.map((cell, index) => (hasNames && index === 1 ? cell.padEnd(widths[index]) : cell.padStart(widths[index]))).join("  ");
  const reasonWidth = Math.max(30, style.width - widths.reduce((sum, width) => sum + width + 2, 2));
  const lines = [paint(`${align(head)}  why`, "dim")];
  for (const [index, row] of top.entries()) {
    const cells = align(table[index]);
    const reasons = reasonsFitting(row.reasons, reasonWidth);
    lines.push(`${row.isAnomaly ? paint(cells, "red") : cells}  ${reasons}`);
  }
  if (content.anomalyCount > top.length)
    lines.push(paint(`the first ${top.length} of ${content.anomalyCount} anomalies; --top N shows more`, "dim"));
  return lines;
}

/** As many reasons as fit one line; the first in any case. */
function reasonsFitting(reasons: ReportContent["top"][number]["reasons"], width: number): string {
  const telling = tellingReasons(reasons, reasonCount);
  if (telling.length === 0 && reasons.length > 0) return noSingleReason;
  for (let count = telling.length; count > 1; count--) {
    const line = printable(reasonsText(telling.slice(0, count)));
    if (line.length <= width) return line;
  }
  return printable(reasonsText(telling.slice(0, 1)));
}

function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
