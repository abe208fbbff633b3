/** Fits one histogram a column, on all threads: by rows where bins are equally many, by sorted columns where not. */

import type { Task } from "../../detector/detector.ts";
import { columnMajor, columnMajorInto } from "../ecdf/column-major.ts";
import type { BinSearch } from "../../kernels/column-kernels.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import type { Matrix } from "../../matrix.ts";
import type { ScoringContext } from "../../threads/score-rows.ts";
import type { BinRule } from "./bins.ts";
import { bestBinCount, equalCountEdges, equalWidthEdges, sortedCounts } from "./bins.ts";
import type { ColumnBins } from "./column-bins.ts";
import { binSearch, joinBins } from "./column-bins.ts";
import { inBlocks, mapTask, mergeRanges, rowPieces, sumCounts } from "./row-pieces.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { sortColumn } from "./sorted-column.ts";

export interface BinChoice {
  readonly binning: "static" | "dynamic";
  readonly binCount: number | "auto";
  readonly rule: BinRule;
}

export interface CountedBins {
  readonly bins: ColumnBins;
  /** Rows in each bin, numbered as in `bins`. */
  readonly counts: Int32Array;
}

/** @param detectorId the detector among whose tasks `binTasks` stand. */
export function fitBins(detectorId: string, train: Matrix, choice: BinChoice, context: ScoringContext): Promise<CountedBins> {
  const bySorting = choice.binning === "dynamic" || choice.binCount === "auto";
  return bySorting ? fitSorted(detectorId, train, choice, context) : fitEqual(detectorId, train, choice, context);
}

async function fitEqual(id: string, train: Matrix, choice: BinChoice, context: ScoringContext): Promise<CountedBins> {
  const pieces = rowPieces(train, context);
  const ranges = mergeRanges(await mapTask<Matrix, Float64Array>(`${id}/columnRanges`, pieces, context));
  const edges = Array.from({ length: train.columnCount }, (_, column) =>
    equalWidthEdges(ranges[2 * column], ranges[2 * column + 1], choice.binCount as number, choice.rule),
  );
  const bins = joinBins(edges);
  const search = binSearch(bins, "left");
  const inputs = pieces.map((rows) => ({ search, rows }));
  const counts = await mapTask<BinCountsTask, Int32Array>(`${id}/binCounts`, inputs, context);
  return { bins, counts: sumCounts(counts) };
}

async function fitSorted(id: string, train: Matrix, choice: BinChoice, context: ScoringContext): Promise<CountedBins> {
  const values = await columnMajor(id, train, context);
  const inputs = Array.from({ length: train.columnCount }, (_, column) => ({
    column: values.subarray(column * train.rowCount, (column + 1) * train.rowCount),
    choice,
  }));
  const fitted = await mapTask<SortedBinsTask, SortedBins>(`${id}/sortedBins`, inputs, context);
  const bins = joinBins(fitted.map((column) => column.edges));
  const counts = Int32Array.from(fitted.flatMap((column) => [...column.counts]));
  return { bins, counts };
}

interface BinCountsTask {
  readonly search: BinSearch;
  readonly rows: Matrix;
}

function* columnRanges(rows: Matrix, kernels: KernelSet): Pieces<Float64Array> {
  const ranges = Float64Array.from({ length: 2 * rows.columnCount }, (_, i) =>
    i % 2 === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY,
  );
  yield* inBlocks(rows, rows.columnCount, (block) => kernels.columnRangesInto(block, ranges));
  return ranges;
}

function* binCounts({ search, rows }: BinCountsTask, kernels: KernelSet): Pieces<Int32Array> {
  const counts = new Int32Array(search.firstBins[rows.columnCount]);
  yield* inBlocks(rows, rows.columnCount, (block) => kernels.binCountsInto(block, search, counts));
  return counts;
}

interface SortedBinsTask {
  /** Sorted in place. */
  readonly column: Float64Array;
  readonly choice: BinChoice;
}

interface SortedBins {
  readonly edges: Float64Array;
  readonly counts: Int32Array;
}

function* sortedBins({ column, choice }: SortedBinsTask, kernels: KernelSet): Pieces<SortedBins> {
  yield* sortColumn(column, new Uint32Array(column.length), kernels);
  const binCount = choice.binCount === "auto" ? yield* bestBinCount(column, choice.rule) : choice.binCount;
  const edges =
    choice.binning === "dynamic"
      ? equalCountEdges(column, binCount)
      : equalWidthEdges(column[0], column[column.length - 1], binCount, choice.rule);
  return { edges, counts: sortedCounts(column, edges) };
}

/** The tasks that a detector which fits bins must have. */
export const binTasks: Readonly<Record<string, Task>> = { columnMajor: columnMajorInto, columnRanges, binCounts, sortedBins };
