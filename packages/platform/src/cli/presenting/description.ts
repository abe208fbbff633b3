/** Presents a file's columns, and what a fit makes of them, as text and as JSON. */

import type { NomalyError, PipelineColumn, SkippedColumn } from "@nomaly/detect";
import type { ColumnSummary, Inspected } from "../../files/read/shown-file.ts";
import { typeText } from "../../files/read/type-text.ts";
import { alignedLines, clipped, widthFor } from "../../report/columns.ts";
import { printable } from "../../report/printable.ts";
import { painter } from "../../report/terminal.ts";
import { countText, numberText, percentText, usualText } from "../../report/wording.ts";
import type { CliContext } from "../frame/context.ts";

/** What a fit chose. */
export interface Learned {
  readonly columns: readonly PipelineColumn[];
  readonly skipped: readonly SkippedColumn[];
  /** Why it did not read a column. */
  readonly unaskedReason: (name: string) => string;
}

export interface Description {
  readonly file: string;
  readonly inspected: Inspected;
  /** Undefined if detection refuses the file. */
  readonly learned: Learned | undefined;
  readonly refusal: NomalyError | undefined;
  readonly notes: readonly string[];
}

/** What detection does with a column; null if it refuses the file. */
interface Use {
  readonly use: "number" | "date" | "boolean" | "category" | "left out" | null;
  readonly reason?: string;
}

const nameWidthMax = 40;
const valuesWidthMax = 56;

export function descriptionJson({ file, inspected, learned, refusal, notes }: Description): Record<string, unknown> {
  const { format, rowCount, profile } = inspected;
  return {
    file,
    format,
    row_count: rowCount,
    columns: profile.columns.map((column) => ({
      ...column,
      infinite_count: infiniteCount(column, inspected),
      ...useOf(column, learned),
    })),
    findings: profile.findings,
    refusal: refusal === undefined ? null : { code: refusal.code, message: refusal.message },
    notes,
  };
}

export async function descriptionText(
  { file, inspected, learned, refusal, notes }: Description,
  { colour, width }: Pick<CliContext, "colour" | "width">,
): Promise<string> {
  const paint = painter(colour);
  const { columns } = inspected.profile;
  const uses = columns.map((column) => useOf(column, learned));
  const shown = columns.map((column) => [column.name, valuesOf(column, learned)].map(printable));
  const widthOf = await widthFor(shown.flat());
  const [head, ...lines] = alignedLines(
    [
      ["column", "kind", "missing", "distinct", "values", learned === undefined ? "" : "detect uses it as"],
      ...columns.map((column, index) => [
        clipped(shown[index][0], nameWidthMax, widthOf),
        column.kind ?? typeText(column.type),
        column.missing_count === 0 ? "" : missingText(column, infiniteCount(column, inspected)),
        `${column.is_estimated ? "about " : ""}${Math.min(column.distinct_count, inspected.rowCount - column.missing_count).toLocaleString("en-US")}`,
        clipped(shown[index][1], Math.min(valuesWidthMax, Math.max(20, width - 60)), widthOf),
        useText(uses[index]),
      ]),
    ],
    [0, 1, 4, 5],
    widthOf,
  );
  const stops = refusal === undefined ? [] : [`detect stops: ${refusal.code}: ${refusal.message}`];
  const closing = [...stops, ...notes].map((line) => paint(printable(line), "dim"));
  return [
    `${paint(printable(file), "bold")}: ${inspected.format}, ${countText(inspected.rowCount, "row")}, ${countText(columns.length, "column")}`,
    "",
    paint(head.trimEnd(), "dim"),
    ...lines.map((line) => line.trimEnd()),
    ...(closing.length === 0 ? [] : ["", ...closing]),
  ].join("\n");
}

function infiniteCount({ name }: ColumnSummary, { infinite }: Inspected): number {
  return infinite.find(({ column }) => column === name)?.count ?? 0;
}

/** `12 (0.5 %)`, `12 (0.5 %), 2 infinite`. */
function missingText({ missing_count: count, missing_share: share }: ColumnSummary, infinite: number): string {
  const missing = `${count.toLocaleString("en-US")} (${percentText(share)})`;
  return infinite === 0 ? missing : `${missing}, ${infinite.toLocaleString("en-US")} infinite`;
}

function useOf({ name, kind, type }: ColumnSummary, learned: Learned | undefined): Use {
  if (kind === null) return { use: "left out", reason: `values of type ${typeText(type)} cannot be used` };
  if (learned === undefined) return { use: null };
  const column = learned.columns.find((candidate) => candidate.name === name);
  if (column?.kind === "text") return { use: "category" };
  if (column !== undefined) return { use: column.kind };
  const skipped = learned.skipped.find((candidate) => candidate.name === name);
  return { use: "left out", reason: skipped?.reason ?? learned.unaskedReason(name) };
}

function useText({ use, reason }: Use): string {
  return reason === undefined ? (use ?? "") : `${use}: ${printable(reason)}`;
}

/** `3.5 to 80, median 12`, `2013-01-01 to 2013-12-31`, `north (60 %) or south (40 %)`. */
function valuesOf({ name, kind, min, max, quartiles }: ColumnSummary, learned: Learned | undefined): string {
  if (kind === null || min === null || max === null) return "";
  if (kind === "number") {
    const range = min === max ? numberText(Number(min)) : `${numberText(Number(min))} to ${numberText(Number(max))}`;
    return quartiles === null || min === max ? range : `${range}, median ${numberText(quartiles[1])}`;
  }
  const column = learned?.columns.find((candidate) => candidate.name === name);
  if (kind === "text" && column?.profile.kind === "category") return usualText(column.profile, "text");
  if (kind === "text" && learned === undefined) return "";
  return min === max ? min : `${min} to ${max}`;
}
