/** The column family on WebAssembly: sorting by radix, and step functions of sparse projections two rows at a time. */

import type { Matrix } from "../../matrix.ts";
import { rowRange } from "../../matrix.ts";
import type { BinCells, BinSearch, ColumnKernels, ProjectedSteps, Projections } from "../column-kernels.ts";
import { referenceColumn } from "../reference/column.ts";
import { relaxedSimd, simd } from "./generated/column.ts";
import { createArena } from "./instance.ts";
import type { WasmArena, WasmBuild } from "./instance.ts";

/** Three tables of 2048 counts. */
const tableBytes = 3 * 2048 * 4;
/** Four tables of 64 counts. */
const spareCountBytes = 4 * 64 * 4;
/** Longer columns are sorted in pieces that are merged: a row takes 28 bytes of arena. */
const pieceRowCountMax = 16_777_216;
/** Values of one block of rows, held twice in the arena: half of a usual second-level cache. */
const blockValueCount = 16_384;
/** With fewer rows, copying the tables takes longer than the plain loops. */
const projectedRowCountMin = 64;

/** Numbers that describe one column's bins to the assembly. */
const binFieldCount = 12;
/** With fewer rows, copying the bins takes longer than the plain loops. */
const binnedRowCountMin = 64;

/** @param pieceRowCount lets a test merge pieces without a large column. */
export function wasmColumn(build: WasmBuild, pieceRowCount = pieceRowCountMax): ColumnKernels {
  let held: WasmArena | undefined;

  function freshArena(): WasmArena {
    held ??= createArena(build === "simd" ? simd : relaxedSimd);
    held.reset();
    return held;
  }

  function sortPiece(values: Float64Array, order: Uint32Array): void {
    const count = values.length;
    const arena = freshArena();
    const valuesAt = arena.put(values);
    const orderAt = arena.reserve(count * 4);
    const recordsAt = arena.reserve(count * 8);
    const spareAt = arena.reserve(count * 8);
    const tableAt = arena.reserve(tableBytes);
    arena.call["sortColumn"](valuesAt, orderAt, recordsAt, spareAt, tableAt, count);
    // The sorted values end where the spare records stood.
    values.set(arena.float64(spareAt, count));
    // An arena has no view of unsigned numbers; the bits are the same.
    order.set(arena.int32(orderAt, count));
  }

  function sortColumn(values: Float64Array, order: Uint32Array): void {
    sortPiece(values.subarray(0, pieceRowCount), order.subarray(0, pieceRowCount));
    for (let start = pieceRowCount; start < values.length; start += pieceRowCount) {
      const end = Math.min(start + pieceRowCount, values.length);
      sortPiece(values.subarray(start, end), order.subarray(start, end));
      mergeAt(values.subarray(0, end), order.subarray(0, end), start);
    }
  }

  function projectedRangesInto(rows: Matrix, projections: Projections, ranges: Float64Array): void {
    if (rows.rowCount < projectedRowCountMin) {
      referenceColumn.projectedRangesInto(rows, projections, ranges);
      return;
    }
    const arena = freshArena();
    const { count, width } = projections;
    const columnsAt = arena.put(projections.columns);
    const weightsAt = arena.put(projections.weights);
    const rangesAt = arena.put(ranges);
    const blocks = putBlocks(arena, rows.columnCount);
    for (let start = 0; start < rows.rowCount; start += blocks.rowCount) {
      const { pitch } = blocks.load(rows, start);
      arena.call["projectedRanges"](blocks.address, pitch, count, width, columnsAt, weightsAt, rangesAt, blocks.projectedAt);
    }
    const found = arena.float64(rangesAt, ranges.length);
    for (let i = 0; i < ranges.length; i++) ranges[i] = found[i] + 0; // -0 becomes 0
  }

  function projectedCountsInto(rows: Matrix, steps: ProjectedSteps, counts: Int32Array): void {
    if (rows.rowCount < projectedRowCountMin) {
      referenceColumn.projectedCountsInto(rows, steps, counts);
      return;
    }
    const arena = freshArena();
    const stepsAt = putSteps(arena, steps);
    const countsAt = arena.put(counts);
    const spareAt = arena.reserve(spareCountBytes);
    const blocks = putBlocks(arena, rows.columnCount);
    for (let start = 0; start < rows.rowCount; start += blocks.rowCount) {
      const { rowCount, pitch } = blocks.load(rows, start);
      arena.call["projectedCounts"](blocks.address, rowCount, pitch, ...stepsAt, countsAt, spareAt, blocks.projectedAt);
    }
    counts.set(arena.int32(countsAt, counts.length));
  }

  function projectedSumsInto(rows: Matrix, steps: ProjectedSteps, cells: Float64Array, sums: Float64Array): void {
    if (rows.rowCount < projectedRowCountMin) {
      referenceColumn.projectedSumsInto(rows, steps, cells, sums);
      return;
    }
    const arena = freshArena();
    const stepsAt = putSteps(arena, steps);
    const cellsAt = arena.put(cells);
    const blocks = putBlocks(arena, rows.columnCount);
    const sumsAt = arena.reserve(blocks.rowCount * 8);
    for (let start = 0; start < rows.rowCount; start += blocks.rowCount) {
      const { rowCount, pitch } = blocks.load(rows, start);
      arena.call["projectedSums"](blocks.address, pitch, ...stepsAt, cellsAt, sumsAt, blocks.projectedAt);
      sums.set(arena.float64(sumsAt, rowCount), start);
    }
  }

  return {
    sortColumn,
    projectedRangesInto,
    projectedCountsInto,
    projectedSumsInto,
    ...binKernels(freshArena),
    binnedCellsInto: (rows, bins, out) => referenceColumn.binnedCellsInto(rows, bins, out),
  };
}

type BinKernels = Pick<ColumnKernels, "columnRangesInto" | "binCountsInto" | "binnedSumsInto">;

function binKernels(freshArena: () => WasmArena): BinKernels {
  function columnRangesInto(rows: Matrix, ranges: Float64Array): void {
    const arena = freshArena();
    const rangesAt = arena.put(ranges);
    eachBlock(arena, rows, (rowsAt, rowCount) => arena.call["columnRanges"](rowsAt, rowCount, rows.columnCount, rangesAt));
    const found = arena.float64(rangesAt, ranges.length);
    for (let i = 0; i < ranges.length; i++) ranges[i] = found[i] + 0; // -0 becomes 0
  }

  function binCountsInto(rows: Matrix, search: BinSearch, counts: Int32Array): void {
    if (rows.rowCount < binnedRowCountMin) {
      referenceColumn.binCountsInto(rows, search, counts);
      return;
    }
    const arena = freshArena();
    const fieldsAt = arena.put(binFields(search));
    const startsAt = arena.put(search.starts);
    const countsAt = arena.put(counts);
    const spareAt = arena.reserve(spareCountBytes);
    eachBlock(arena, rows, (rowsAt, rowCount) =>
      arena.call["binCounts"](rowsAt, rowCount, rows.columnCount, fieldsAt, startsAt, countsAt, spareAt),
    );
    counts.set(arena.int32(countsAt, counts.length));
  }

  function binnedSumsInto(rows: Matrix, bins: BinCells, sums: Float64Array): void {
    if (rows.rowCount < binnedRowCountMin) {
      referenceColumn.binnedSumsInto(rows, bins, sums);
      return;
    }
    const arena = freshArena();
    const fieldsAt = arena.put(binFields(bins, bins));
    const startsAt = arena.put(bins.starts);
    const cellsAt = arena.put(bins.cells);
    const sumsAt = arena.reserve((blockValueCount + 1) * 8);
    eachBlock(arena, rows, (rowsAt, rowCount, start) => {
      arena.call["binnedSums"](rowsAt, rowCount, rows.columnCount, fieldsAt, startsAt, cellsAt, sumsAt);
      sums.set(arena.float64(sumsAt, rowCount), start);
    });
  }

  return { columnRangesInto, binCountsInto, binnedSumsInto };
}

/** Puts block after block of rows, as they come, at one address. */
function eachBlock(arena: WasmArena, rows: Matrix, use: (rowsAt: number, rowCount: number, start: number) => void): void {
  const { columnCount } = rows;
  const blockRowCount = Math.max(1, Math.floor(blockValueCount / columnCount));
  const rowsAt = arena.reserve(blockRowCount * columnCount * 8);
  for (let start = 0; start < rows.rowCount; start += blockRowCount) {
    const end = Math.min(start + blockRowCount, rows.rowCount);
    arena.float64(rowsAt, (end - start) * columnCount).set(rowRange(rows, start, end).values);
    use(rowsAt, end - start, start);
  }
}

/** The fields of the assembly's `binCounts`, and those of `binnedSums` where cells are given. */
function binFields(search: BinSearch, bins?: BinCells): Float64Array {
  const { firstBins, starts, scales } = search;
  const fields = new Float64Array(scales.length * binFieldCount);
  for (let column = 0; column < scales.length; column++) {
    const first = firstBins[column] + column;
    const last = firstBins[column + 1] + column;
    const at = column * binFieldCount;
    fields.set([starts[first], scales[column], last - first - 1, first, firstBins[column]], at);
    if (bins === undefined) continue;
    const { edges, tol, outside } = bins;
    const below = (edges[first + 1] - edges[first]) * tol;
    const above = (edges[last] - edges[last - 1]) * tol;
    fields.set([edges[first], below, edges[last], above, outside[column]], at + 5);
  }
  return fields;
}

/** Room for blocks of rows, and the loading of one: rows as they come, then column by column. */
interface Blocks {
  /** Rows of a full block: an even number. */
  readonly rowCount: number;
  /** Where the block stands column by column. */
  readonly address: number;
  /** Scratch for one projection of every row. */
  readonly projectedAt: number;
  /** Loads the rows from `start` on; `pitch` is their number, made even. */
  load(rows: Matrix, start: number): { rowCount: number; pitch: number };
}

function putBlocks(arena: WasmArena, columnCount: number): Blocks {
  const blockRowCount = Math.max(2, 2 * Math.floor(blockValueCount / columnCount / 2));
  const rowsAt = arena.reserve(blockRowCount * columnCount * 8);
  const address = arena.reserve(blockRowCount * columnCount * 8);
  const projectedAt = arena.reserve(blockRowCount * 8);

  function load(rows: Matrix, start: number): { rowCount: number; pitch: number } {
    const rowCount = Math.min(blockRowCount, rows.rowCount - start);
    const pitch = rowCount + (rowCount % 2);
    arena.float64(rowsAt, rowCount * columnCount).set(rowRange(rows, start, start + rowCount).values);
    arena.call["toColumns"](rowsAt, address, rowCount, columnCount, pitch);
    return { rowCount, pitch };
  }

  return { rowCount: blockRowCount, address, projectedAt, load };
}

/** The arguments that describe step functions, in the order of the assembly: see `limits` there. */
function putSteps(arena: WasmArena, steps: ProjectedSteps): number[] {
  const limits = new Float64Array(4 * steps.count);
  for (let index = 0; index < steps.count; index++) {
    const { lows, scales, leasts, mosts } = steps;
    limits.set([lows[index], scales[index], leasts[index], mosts[index]], 4 * index);
  }
  const columnsAt = arena.put(steps.columns);
  const weightsAt = arena.put(steps.weights);
  return [steps.count, steps.width, columnsAt, weightsAt, arena.put(limits), arena.put(steps.starts)];
}

/** Merges two sorted parts that meet at `middle`; the order of the second part still counts from there. */
function mergeAt(values: Float64Array, order: Uint32Array, middle: number): void {
  const firstValues = values.slice(0, middle);
  const firstOrder = order.slice(0, middle);
  let first = 0;
  let second = middle;
  for (let out = 0; first < middle; out++) {
    // Among equal values, those of the first part come first.
    if (second < values.length && values[second] < firstValues[first]) {
      values[out] = values[second];
      order[out] = order[second] + middle;
      second++;
    } else {
      values[out] = firstValues[first];
      order[out] = firstOrder[first];
      first++;
    }
  }
  for (; second < values.length; second++) order[second] += middle;
}
