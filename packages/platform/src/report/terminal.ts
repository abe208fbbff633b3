/** Renders the result for the terminal: facts, a histogram of scores, and the most anomalous rows with reasons. */

import { alignedLines, clipped, widthFor } from "./columns.ts";
import type { ReportContent } from "./content.ts";
import { printable } from "./printable.ts";
import { agreementNote, defaultShareText, ensembleTexts, foundByText, howSureText, scoreNote } from "./words/agreement.ts";
import { rocAucNote, labelledCountsText, topCountText } from "./words/evaluation.ts";
import { noSingleReason, reasonsText, shownReasons } from "./words/reasons.ts";
import { countText, numberText, percentText, rankTexts, scoreTexts } from "./wording.ts";

export interface TerminalStyle {
  readonly colour: boolean;
  readonly width: number;
}

const barWidthMax = 40;
const reasonCount = 3;
const reasonWidthMin = 30;
const nameWidthMax = 28;
const ansi = { bold: "1", dim: "2", red: "31", cyan: "36" } as const;

export async function terminalReport(content: ReportContent, style: TerminalStyle): Promise<string> {
  const paint = painter(style.colour);
  const parts = [factLines(content, paint), histogramLines(content, paint)];
  if (content.evaluation !== undefined) parts.push(evaluationLines(content, paint));
  if (content.top.length > 0) parts.push(await rowLines(content, style, paint));
  return parts.map((lines) => lines.join("\n")).join("\n\n");
}

type Paint = (text: string, colour: keyof typeof ansi) => string;

export function painter(colour: boolean): Paint {
  return (text, name) => (colour ? `\u001b[${ansi[name]}m${text}\u001b[0m` : text);
}

function factLines(content: ReportContent, paint: Paint): string[] {
  const { rowCount, anomalyCount, columns, fittedRowCount, ensemble, agreement, defaultShare } = content;
  const share = anomalyCount / rowCount;
  const found = paint(`${countText(anomalyCount, "anomaly", "anomalies")} (${percentText(share)})`, "bold");
  const learned = fittedRowCount < rowCount ? `, learned from ${countText(fittedRowCount, "row")}` : "";
  return [
    `${paint(printable(content.file), "bold")}: ${countText(rowCount, "row")}, ${countText(columns.length, "column")} used${learned}`,
    `${content.algorithm}, seed ${content.seed}, threshold ${numberText(content.threshold)} (${printable(content.thresholdRule)})`,
    ...ensembleTexts(ensemble).map(printable),
    defaultShare === undefined ? found : `${found}: ${defaultShareText(share, defaultShare)}`,
    ...(agreement === undefined ? [] : [howSureText(agreement, anomalyCount)]),
  ];
}

function histogramLines({ histogram, threshold }: ReportContent, paint: Paint): string[] {
  const { counts, edges, anomalyCounts, beyondCount, max } = histogram;
  const largest = Math.max(...counts);
  const labels = edges.map(numberText);
  const labelWidth = Math.max(...labels.map((label) => label.length));
  const lines = ["score distribution (lengths of bars are square roots of the counts)"];
  for (const [index, count] of counts.entries()) {
    // Square roots keep a bin of three rows visible beside one of three thousand.
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
  const knownCount = evaluation.truePositives + evaluation.falseNegatives;
  return [
    paint("compared with known labels", "bold"),
    `  ${labelledCountsText(evaluation)}`,
    `  ${topCountText(evaluation)}`,
    `  ROC-AUC ${evaluation.rocAuc.toFixed(4)}, average precision ${evaluation.averagePrecision.toFixed(4)}, ` +
      `precision at ${knownCount} ${evaluation.precisionAtN.toFixed(4)}, F1 ${evaluation.f1.toFixed(4)}`,
    paint(`  ${rocAucNote}`, "dim"),
  ];
}

async function rowLines(
  { top, nameColumn, anomalyCount, ensemble }: ReportContent,
  style: TerminalStyle,
  paint: Paint,
): Promise<string[]> {
  const hasNames = nameColumn !== undefined;
  const hasLabels = top.some((row) => row.label !== undefined);
  const names = hasNames ? [nameColumn, ...top.map(({ name }) => name ?? "")].map(printable) : [];
  const reasons = top.map((row) => reasonLines(row.reasons));
  const widthOf = await widthFor([...names, ...reasons.flat()]);
  const nameCell = (index: number) => (hasNames ? [clipped(names[index], nameWidthMax, widthOf)] : []);
  const [scores, ranks] = [scoreTexts(top.map(({ score }) => score)), rankTexts(top.map(({ rank }) => rank))];
  const hasMembers = top.some(({ members }) => members.length > 0);
  const [head, ...rows] = alignedLines(
    [
      [
        "row",
        ...nameCell(0),
        "score",
        "ranks above",
        ...(hasMembers ? [ensemble === undefined ? "found by" : "agree"] : []),
        ...(hasLabels ? ["known as"] : []),
      ],
      ...top.map((row, index) => [
        String(row.row),
        ...nameCell(index + 1),
        scores[index],
        ranks[index],
        ...(hasMembers ? [foundByText(row.members)] : []),
        ...(hasLabels ? [row.label === 1 ? "anomaly" : "normal"] : []),
      ]),
    ],
    [...(hasNames ? [1] : []), ...(hasMembers ? [hasNames ? 4 : 3] : [])],
    widthOf,
  );
  const reasonWidth = Math.max(reasonWidthMin, style.width - widthOf(head) - 4);
  const lines = [paint(`${head}  why`, "dim")];
  for (const [index, cells] of rows.entries()) {
    const reason = reasons[index].find((line) => widthOf(line) <= reasonWidth) ?? reasons[index].at(-1);
    lines.push(`${top[index].isAnomaly ? paint(cells, "red") : cells}  ${reason}`);
  }
  if (anomalyCount > top.length)
    lines.push(paint(`the first ${top.length} of ${anomalyCount} anomalies; --top N shows more`, "dim"));
  const usualCount = top.filter(({ isAnomaly }) => !isAnomaly).length;
  if (usualCount > 0)
    lines.push(paint(`the last ${usualCount} of these rows ${usualCount === 1 ? "is" : "are"} not above the threshold`, "dim"));
  const note = ensemble === undefined ? undefined : agreementNote(ensemble.members.length);
  lines.push(...[scoreNote, ...(note === undefined ? [] : [note])].map((text) => paint(text, "dim")));
  return lines;
}

/** Texts of the reasons, the longest first; the first that fits the line is shown, or else the last. */
function reasonLines(reasons: ReportContent["top"][number]["reasons"]): string[] {
  const shown = shownReasons(reasons, reasonCount);
  if (shown.length === 0) return [reasons.length > 0 ? noSingleReason : ""];
  return shown.map((_, index) => printable(reasonsText(shown.slice(0, shown.length - index))));
}
