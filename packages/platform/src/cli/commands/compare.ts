/** `nomaly compare`: how far detectors agree on a file, without known labels. */

import { infiniteNotes } from "../../files/read/table-notes.ts";
import { alignedLines, clipped, widthFor } from "../../report/columns.ts";
import { printable } from "../../report/printable.ts";
import { painter } from "../../report/terminal.ts";
import { countText, percentText, rankTexts } from "../../report/wording.ts";
import { compareDetectors, type Compared, type Comparison } from "../../table-work/compare-detectors.ts";
import type { Arguments } from "../frame/arguments.ts";
import { type CliContext, say, sayJson } from "../frame/context.ts";
import { createProgress } from "../frame/progress-bar.ts";
import { UsageError } from "../frame/exit-codes.ts";
import { askedDetectors } from "../fitting/asked-detectors.ts";
import { fitRequests } from "../fitting/fit-options.ts";
import { withInput } from "../fitting/open-input.ts";
import { warn } from "../presenting/present.ts";

/** Fast ones with different ideas. */
const detectorsDefault = ["isolation-forest", "ecod", "knn", "pca", "mcd"];
const topCountMax = 10_000;
const nameWidthMax = 28;
const meaning =
  "Detectors that agree see these rows alike; that does not make them right: only known labels tell which of them finds what you look for (nomaly evaluate --label COL).";

export async function runCompare(given: Arguments, context: CliContext): Promise<void> {
  const progress = createProgress(context, given);
  const detectors = askedDetectors(given, detectorsDefault);
  if (detectors.length < 2) throw new UsageError(`nomaly compare needs at least two algorithms, got -a ${detectors.join(",")}`);
  const topCount = given.number("top", { min: 1, max: topCountMax, whole: true });
  const nameColumn = given.text("id");
  await withInput(given, context, async (table) => {
    const requests = await fitRequests(given, context, table, { detectors });
    warn(context, requests[0].notes);
    const comparison = await compareDetectors(table, { requests, topCount, nameColumn, now: context.now }, progress);
    progress.clear();
    warn(context, infiniteNotes(table.rows));
    if (given.has("json")) return sayJson(context, comparisonJson(table.rows.name, requests[0].options.seed, comparison));
    say(context, await comparisonText(table.rows.name, comparison, context));
  });
}

async function comparisonText(file: string, comparison: Comparison, context: CliContext): Promise<string> {
  const paint = painter(context.colour);
  const { rowCount, comparedRowCount, columnCount } = comparison;
  const sampled = comparedRowCount < rowCount ? `, compared on a sample of ${countText(comparedRowCount, "row")}` : "";
  return [
    `${paint(printable(file), "bold")}: ${countText(rowCount, "row")}, ${countText(columnCount, "column")} used${sampled}`,
    "",
    ...(await detectorLines(comparison, context)),
    "",
    ...(await agreedLines(comparison, context)),
    "",
    paint(meaning, "dim"),
  ].join("\n");
}

async function detectorLines({ detectors, topCount }: Comparison, context: CliContext): Promise<string[]> {
  const paint = painter(context.colour);
  const head = ["", "seconds", "rank correlation", `of its top ${topCount}, others have`, "kept with another seed"];
  const table = detectors.map(({ id, seconds, figures }) => [
    id,
    seconds.toFixed(2),
    ...(figures === undefined
      ? ["", "", ""]
      : [
          figures.rankCorrelation?.toFixed(3) ?? "none",
          percentText(figures.topShared),
          figures.topKept === undefined ? "no seed" : percentText(figures.topKept),
        ]),
  ]);
  const [titles, ...lines] = alignedLines([head, ...table], [0], await widthFor(table.flat()));
  const failure = (index: number) => (detectors[index].failure === undefined ? "" : `  ${printable(detectors[index].failure)}`);
  return [
    paint(titles, "dim"),
    ...lines.map((line, index) => line + failure(index)),
    paint("rank correlation: with the mean rank of the others, 1 for the same order, 0 for none in common", "dim"),
  ];
}

async function agreedLines({ agreed, topCount, detectors }: Comparison, context: CliContext): Promise<string[]> {
  const paint = painter(context.colour);
  const count = detectors.filter(({ figures }) => figures !== undefined).length;
  const hasNames = agreed.some(({ name }) => name !== undefined);
  if (agreed.length === 0) return [`no row is in the top ${topCount} of two detectors`];
  const ranks = rankTexts(agreed.map(({ meanRank }) => meanRank));
  const names = agreed.map(({ name }) => printable(name ?? ""));
  const widthOf = await widthFor(names);
  const rows = agreed.map(({ row, detectors: holders }, index) => [
    String(row + 1),
    ...(hasNames ? [clipped(names[index], nameWidthMax, widthOf)] : []),
    ranks[index],
    `${holders.length} of ${count}`,
    holders.length === count ? "all" : holders.join(", "),
  ]);
  const head = ["row", ...(hasNames ? ["name"] : []), "mean rank", "found by", "which"];
  const [titles, ...lines] = alignedLines([head, ...rows], hasNames ? [1, 4] : [3], widthOf);
  return [
    paint(`rows that most detectors have in their top ${topCount}`, "bold"),
    paint(titles.trimEnd(), "dim"),
    ...lines.map((line) => line.trimEnd()),
  ];
}

function comparisonJson(file: string, seed: number, comparison: Comparison): unknown {
  return {
    file,
    seed,
    row_count: comparison.rowCount,
    compared_row_count: comparison.comparedRowCount,
    top_count: comparison.topCount,
    detectors: comparison.detectors.map(detectorJson),
    rows: comparison.agreed.map(({ row, name, detectors, meanRank }) => ({
      row: row + 1,
      ...(name === undefined ? {} : { name }),
      detectors,
      mean_rank: meanRank,
    })),
    note: meaning,
  };
}

function detectorJson({ id, seconds, failure, figures }: Compared): Record<string, unknown> {
  if (figures === undefined) return { algorithm: id, seconds, failure };
  return {
    algorithm: id,
    seconds,
    rank_correlation: figures.rankCorrelation,
    top_shared: figures.topShared,
    ...(figures.topKept === undefined ? {} : { top_kept: figures.topKept }),
  };
}
