/** Complete trees on WebAssembly. The last forest stays in the arena, so that a block of rows costs only its rows. */

import type { CompleteForest, ForestKernels } from "../forest-kernels.ts";
import { referenceForest } from "../reference/forest.ts";
import type { CodedColumn, CodedForest } from "./coded-forest.ts";
import { codeBytes, codeForest, paddingCount, sliceCellCount } from "./coded-forest.ts";
import type { WasmArena } from "./instance.ts";
import { type PlacedRows, sumInBlocks } from "./row-blocks.ts";

/** Rows whose sets are parted at once: one bit each. */
const sliceRowCount = 256;
const setBytes = sliceRowCount / 8;
/** Sets have 16-bit numbers. */
const sliceColumnCountMax = 254;
/** A leaf's number is a byte. */
const sliceDepthMax = 8;
/** Fewer rows than these are not worth the copies. */
const rowCountMin = 16;

/** A forest in the arena; what is put behind `end` are rows. */
interface PlacedForest {
  readonly forest: CompleteForest;
  readonly leafValues: number;
  readonly end: number;
  /** Ranks and their columns, or the forest's own columns and thresholds. */
  readonly tests: PlacedCodes | { readonly kind: "direct"; readonly columns: number; readonly thresholds: number };
}

interface PlacedCodes {
  readonly kind: "coded";
  readonly nodes: number;
  readonly columns: readonly PlacedColumn[];
  readonly splits: number;
  readonly levelCounts: number;
}

interface PlacedColumn extends CodedColumn {
  readonly thresholdsAt: number;
  readonly cellStartsAt: number;
}

/** @param openArena makes the arena when it is first needed. */
export function createCompleteForestInto(openArena: () => WasmArena): ForestKernels["completeForestInto"] {
  let arena: WasmArena | undefined;
  let resident: PlacedForest | undefined;
  // Coding sorts every threshold: models that take turns keep theirs for as long as they live.
  const codes = new WeakMap<CompleteForest, CodedForest | "direct">();

  function codesOf(forest: CompleteForest): CodedForest | "direct" {
    let held = codes.get(forest);
    if (held === undefined) codes.set(forest, (held = codeForest(forest) ?? "direct"));
    return held;
  }

  return (forest, rows, sums) => {
    if (rows.rowCount < rowCountMin) {
      referenceForest.completeForestInto(forest, rows, sums);
      return;
    }
    const open = (arena ??= openArena());
    if (resident?.forest !== forest) resident = placeForest(open, forest, codesOf(forest));
    const placed = resident;
    sumInBlocks(open, placed.end, rows, sums, (block) => addTrees(open, placed, block));
  };
}

function placeForest(arena: WasmArena, forest: CompleteForest, codes: CodedForest | "direct"): PlacedForest {
  arena.reset();
  const leafValues = arena.put(forest.leafValues);
  const tests =
    codes === "direct"
      ? { kind: "direct" as const, columns: arena.put(forest.columns), thresholds: arena.put(forest.thresholds) }
      : placeCodes(arena, codes);
  return { forest, leafValues, tests, end: arena.reserve(0) };
}

function placeCodes(arena: WasmArena, codes: CodedForest): PlacedCodes {
  return {
    kind: "coded",
    nodes: arena.put(codes.nodes),
    splits: arena.put(codes.splits),
    levelCounts: arena.put(codes.levelCounts),
    columns: codes.columns.map((column) => ({
      ...column,
      thresholdsAt: arena.put(column.thresholds),
      cellStartsAt: arena.put(column.cellStarts),
    })),
  };
}

function addTrees(arena: WasmArena, placed: PlacedForest, block: PlacedRows): void {
  const { tests, leafValues } = placed;
  const { columnCount, treeCount, depth } = placed.forest;
  const { groupCount, valuesAt, sumsAt } = block;
  if (tests.kind === "direct") {
    const { columns, thresholds } = tests;
    arena.call["descend"](columns, thresholds, leafValues, treeCount, depth, valuesAt, columnCount, groupCount, sumsAt);
    return;
  }
  if (depth <= sliceDepthMax && tests.columns.length <= sliceColumnCountMax) {
    for (let start = 0; start < block.rowCount; start += sliceRowCount) {
      addSlice(arena, placed, tests, {
        rowCount: Math.min(sliceRowCount, block.rowCount - start),
        valuesAt: valuesAt + start * columnCount * 8,
        sumsAt: sumsAt + start * 8,
      });
    }
    return;
  }
  const groupBytes = Math.max(1, tests.columns.length) * codeBytes;
  const codesAt = arena.reserve(groupCount * groupBytes);
  for (const [place, column] of tests.columns.entries()) {
    arena.call["codeColumn"](
      valuesAt + column.column * 8,
      columnCount * 8,
      block.rowCount,
      column.thresholdsAt,
      column.cellStartsAt,
      column.cellStarts.length - 1,
      column.low,
      column.scale,
      codesAt + place * codeBytes,
      groupBytes,
    );
  }
  arena.call["descendCodes"](tests.nodes, leafValues, treeCount, depth, codesAt, groupCount, groupBytes, sumsAt);
}

/** Sets of rows instead of single ones: see `descendSlices` in the module. */
function addSlice(
  arena: WasmArena,
  placed: PlacedForest,
  tests: PlacedCodes,
  { rowCount, valuesAt, sumsAt }: Omit<PlacedRows, "groupCount">,
): void {
  const { columnCount, treeCount, depth } = placed.forest;
  const counts = tests.columns.map(({ thresholds }) => thresholds.length - paddingCount);
  const cellCounts = counts.map(sliceCellCount);
  const cellCount = cellCounts.reduce((sum, count) => sum + count, 0);
  const codesAt = arena.reserve(4 * sliceRowCount);
  const orderAt = arena.reserve(sliceRowCount);
  const countsAt = arena.reserve(2 * Math.max(8, ...cellCounts));
  const placesAt = arena.reserve(2 * (cellCount + 2));
  const setCount = sliceRowCount + 1;
  const setsAt = arena.reserve(setBytes * (setCount * counts.length + 1));
  const reachAt = arena.reserve(setBytes << (depth + 1));
  const bitsAt = arena.reserve(setBytes * Math.max(1, depth));
  // Behind all others the set of no rows, and the place that leads to it.
  arena.int32(setsAt + setBytes * setCount * counts.length, setBytes / 4).fill(0);
  arena.int32(placesAt + 2 * cellCount, 1)[0] = setCount * counts.length;
  let cell = 0;
  for (const [place, column] of tests.columns.entries()) {
    const { thresholdsAt, cellStartsAt, low, scale } = column;
    const grid = [thresholdsAt, cellStartsAt, column.cellStarts.length - 1, low, scale] as const;
    arena.call["codeColumn"](valuesAt + column.column * 8, columnCount * 8, rowCount, ...grid, codesAt, codeBytes);
    const firstSet = place * setCount;
    const out = [countsAt, placesAt + 2 * cell, firstSet, setsAt + firstSet * setBytes, orderAt] as const;
    arena.call["sliceColumn"](codesAt, rowCount, counts[place], ...out);
    cell += cellCounts[place];
  }
  const scratch = [placesAt, setsAt, reachAt, bitsAt, sumsAt, Math.ceil(rowCount / 16)] as const;
  arena.call["descendSlices"](tests.splits, tests.levelCounts, placed.leafValues, treeCount, depth, ...scratch);
}
