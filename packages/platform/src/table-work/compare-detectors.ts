/** Compares detectors on one table without known labels: their time, how far they agree, and the rows on which they agree. */

import {
  averageRanks,
  correlation,
  detect,
  detectorById,
  type Detection,
  NomalyError,
  type Table,
  topIndexes,
} from "@nomaly/detect";
import { idsOf, naming } from "./detect-several.ts";
import { roundedMean } from "./ensemble.ts";
import { onRows } from "./file-errors.ts";
import type { FitRequest } from "./fit-table.ts";
import type { GivenTable, Progress } from "./given-table.ts";
import { trainingRows } from "./training-rows.ts";

export interface Comparison {
  readonly rowCount: number;
  /** Fewer than `rowCount` when a sample was drawn; the others are not compared. */
  readonly comparedRowCount: number;
  /** Rows of highest score that are compared. */
  readonly topCount: number;
  readonly detectors: readonly Compared[];
  /** In the order of how many detectors have the row among their top rows. */
  readonly agreed: readonly AgreedRow[];
  readonly columnCount: number;
}

export interface Compared {
  readonly id: string;
  /** Seconds to fit and score. */
  readonly seconds: number;
  /** The error, instead of figures. */
  readonly failure: string | undefined;
  readonly figures: AgreementFigures | undefined;
}

export interface AgreementFigures {
  /** Spearman's, with the mean of the others' ranks; null if one of them gives all rows the same. */
  readonly rankCorrelation: number | null;
  /** Share of the top rows that another detector has among its own; the mean over the others. */
  readonly topShared: number;
  /** Share of the top rows that stay with another seed; undefined for a detector without randomness. */
  readonly topKept: number | undefined;
}

export interface AgreedRow {
  /** Index in the file. */
  readonly row: number;
  readonly name: string | undefined;
  /** Detectors that have the row among their top rows. */
  readonly detectors: readonly string[];
  /** Over all detectors. */
  readonly meanRank: number;
}

interface Run {
  readonly id: string;
  readonly seconds: number;
  readonly failure?: string;
  readonly scored?: Scored;
}

interface Scored {
  readonly id: string;
  readonly ranks: Float64Array;
  readonly top: readonly number[];
  readonly topKept: number | undefined;
}

export interface ComparisonAsked {
  /** One for each detector; they differ in detector and parameters only. */
  readonly requests: readonly FitRequest[];
  readonly topCount: number | undefined;
  /** Column that names rows. */
  readonly nameColumn: string | undefined;
  /** Milliseconds. */
  readonly now: () => number;
}

const topCountDefault = 20;
/** Without a number that is asked for, at most this share of the rows counts as top rows. */
const topShareMax = 0.1;

/** A detector that cannot fit does not stop the others. @throws NomalyError UNSUPPORTED if fewer than two can. */
export async function compareDetectors(table: GivenTable, asked: ComparisonAsked, progress: Progress): Promise<Comparison> {
  const { requests, now } = asked;
  const training = await trainingRows(table, requests[0], progress, idsOf(requests));
  const { table: rows, rowIndexes, totalRowCount: rowCount } = training;
  const topCount = Math.min(rows.rowCount, asked.topCount ?? defaultTopCount(rows.rowCount));
  const runs: Run[] = [];
  let first: Detection | undefined;
  for (const [index, { options }] of requests.entries()) {
    const report = (share: number) => progress.report("fitting", (index + share) / requests.length);
    const startedAt = now();
    const id = options.detector ?? "";
    const fitted = await attempt(table, rowIndexes, () => naming(id, () => detect(rows, { ...options, progress: report })));
    const seconds = Math.round(now() - startedAt) / 1000;
    if (typeof fitted === "string") {
      runs.push({ id, seconds, failure: fitted });
      continue;
    }
    first ??= fitted;
    const top = topIndexes(fitted.scores, topCount);
    const topKept = await keptWithAnotherSeed(rows, { options, top });
    runs.push({ id, seconds, scored: { id, ranks: fitted.ranks, top, topKept } });
  }
  const scored = runs.flatMap((run) => run.scored ?? []);
  if (first === undefined || scored.length < 2) throw tooFew(runs);
  const nameColumn = asked.nameColumn ?? nameColumnOf(rows, first);
  return {
    rowCount,
    comparedRowCount: rows.rowCount,
    topCount,
    detectors: comparedRuns(runs, scored),
    agreed: agreedRows(scored, { rows, rowIndexes, nameColumn }),
    columnCount: first.model.columns.length,
  };
}

function defaultTopCount(rowCount: number): number {
  return Math.max(1, Math.min(topCountDefault, Math.floor(rowCount * topShareMax)));
}

/** The message of an error that concerns one detector. */
async function attempt<T>(table: GivenTable, rowIndexes: Float64Array, work: () => Promise<T>): Promise<T | string> {
  try {
    return await onRows(table, (row) => rowIndexes[row], work);
  } catch (error) {
    if (!(error instanceof NomalyError) || error.code === "ABORTED" || error.code === "WORKER") throw error;
    return error.message;
  }
}

/** The fit that a random detector repeats takes no longer than the first. */
async function keptWithAnotherSeed(
  rows: Table,
  { options, top }: { readonly options: FitRequest["options"]; readonly top: readonly number[] },
): Promise<number | undefined> {
  if (!detectorById(options.detector ?? "").traits.usesRandomness) return undefined;
  const { scores } = await detect(rows, { ...options, seed: options.seed + 1 });
  return sharedShare(top, topIndexes(scores, top.length));
}

function sharedShare(first: readonly number[], second: readonly number[]): number {
  const known = new Set(first);
  return second.filter((row) => known.has(row)).length / first.length;
}

function tooFew(runs: readonly Run[]): NomalyError {
  const failures = runs.flatMap(({ failure }) => failure ?? []);
  const why = failures.length === 0 ? "" : `: ${failures.join("; ")}`;
  return new NomalyError("UNSUPPORTED", `comparing needs at least two detectors that can learn from these rows${why}`, {
    field: "algorithm",
  });
}

function comparedRuns(runs: readonly Run[], scored: readonly Scored[]): Compared[] {
  const ranks = scored.map((one) => one.ranks);
  const sums = sumOf(ranks);
  return runs.map(({ id, seconds, failure, scored: own }) => {
    if (own === undefined) return { id, seconds, failure, figures: undefined };
    const others = sums.map((sum, row) => roundedMean(sum - own.ranks[row], scored.length - 1));
    const shares = scored.filter((other) => other !== own).map((other) => sharedShare(own.top, other.top));
    const figures = {
      rankCorrelation: correlation(averageRanks(own.ranks), averageRanks(others)),
      topShared: shares.reduce((sum, share) => sum + share, 0) / shares.length,
      topKept: own.topKept,
    };
    return { id, seconds, failure, figures };
  });
}

function sumOf(lists: readonly Float64Array[]): Float64Array {
  const sums = new Float64Array(lists[0].length);
  for (const list of lists) for (let row = 0; row < sums.length; row++) sums[row] += list[row];
  return sums;
}

interface ComparedTable {
  readonly rows: Table;
  readonly rowIndexes: Float64Array;
  readonly nameColumn: string | undefined;
}

/** Rows that at least two detectors have among their top rows. */
function agreedRows(scored: readonly Scored[], { rows, rowIndexes, nameColumn }: ComparedTable): AgreedRow[] {
  const holders = new Map<number, string[]>();
  for (const { id, top } of scored) for (const row of top) holders.set(row, [...(holders.get(row) ?? []), id]);
  const names = rows.columns.find(({ name }) => name === nameColumn);
  const sumAt = (row: number) => scored.reduce((sum, { ranks }) => sum + ranks[row], 0);
  return [...holders]
    .filter(([, detectors]) => detectors.length > 1)
    .map(([row, detectors]) => ({ row, detectors, meanRank: roundedMean(sumAt(row), scored.length) }))
    .sort((a, b) => b.detectors.length - a.detectors.length || b.meanRank - a.meanRank || a.row - b.row)
    .slice(0, scored[0].top.length)
    .map(({ row, ...agreed }) => ({
      ...agreed,
      row: rowIndexes[row],
      name: names === undefined ? undefined : String(names.values[row] ?? ""),
    }));
}

/** By default, a text column that was left out because its values differ names the rows. */
function nameColumnOf(rows: Table, { model }: Detection): string | undefined {
  const skipped = model.skippedColumns.map(({ name }) => name);
  return rows.columns.find(({ kind, name }) => kind === "text" && skipped.includes(name))?.name;
}
