/** Complete trees on WebAssembly. The last forest stays in the arena, so that a block of rows costs only its rows. */

import type { CompleteForest, ForestKernels } from "../forest-kernels.ts";
import { completeForestRowCountMin } from "../forest-kernels.ts";
import { referenceForest } from "../reference/forest.ts";
import type { CodedColumn, CodedForest } from "./coded-forest.ts";
import { codeBytes, codeForest, paddingCount, sliceCellCount } from "./coded-forest.ts";
import type { WasmArena } from "./instance.ts";
import { createResidence } from "./residence.ts";
import { laneCount, type PlacedRows, sumInBlocks } from "./row-blocks.ts";

/** Rows whose sets are parted at once: one bit each. */
const sliceRowCount = 256;
const setBytes = sliceRowCount / 8;
/** The largest number of columns, since sets have 16-bit numbers. */
const sliceColumnCountMax = 254;
/** The largest depth, since a leaf's number is a byte. */
const sliceDepthMax = 8;
/** Trees in a round; the module has the same number. */
const treesPerRound = 8;
/** Bytes of a column in the module's table. */
const columnBytes = 48;
/** Parting sets costs the same for one row as for many: fewer rows go down the trees themselves, eight at a time. */
const slicedRowCountMin = 24;

/** A forest in the arena, as addresses and counts, so that the forest itself can be freed. Rows are put behind `end`. */
interface PlacedForest extends Pick<CompleteForest, "columnCount" | "treeCount" | "depth"> {
  readonly leafValues: number;
  readonly end: number;
  readonly tests: PlacedTests | PlacedCodes;
}

/** Addresses of the forest's own columns and thresholds. */
interface PlacedTests {
  readonly kind: "direct";
  readonly columns: number;
  readonly thresholds: number;
}

/** Addresses of the coded forest: ranks instead of thresholds. */
interface PlacedCodes {
  readonly kind: "coded";
  readonly nodes: number;
  readonly columns: readonly PlacedColumn[];
  /** For calls of many rows, where the forest is small enough. */
  readonly slices: PlacedSlices | undefined;
}

/** Addresses of what `addSlices` needs, which moves sets of rows through the trees instead of single rows. */
interface PlacedSlices {
  readonly splits: number;
  readonly levelCounts: number;
  readonly usedColumnCount: number;
  readonly columnTable: number;
  readonly rowMasks: number;
  readonly scratch: Readonly<Record<"counts" | "order" | "places" | "sets" | "reach" | "bits" | "numbers", number>>;
}

interface PlacedColumn extends Pick<CodedColumn, "column" | "low" | "scale"> {
  readonly thresholdsAt: number;
  readonly thresholdCount: number;
  readonly cellStartsAt: number;
  readonly cellCount: number;
}

/** @param openArena makes the arena when it is first needed. */
export function createCompleteForestInto(openArena: () => WasmArena): ForestKernels["completeForestInto"] {
  let arena: WasmArena | undefined;
  // Coding sorts every threshold: each forest keeps its codes while it lives, also where models take turns.
  const codes = new WeakMap<CompleteForest, CodedForest | "direct">();

  function codesOf(forest: CompleteForest): CodedForest | "direct" {
    let held = codes.get(forest);
    if (held === undefined) codes.set(forest, (held = codeForest(forest) ?? "direct"));
    return held;
  }

  const residence = createResidence((forest: CompleteForest) => placeForest((arena ??= openArena()), forest, codesOf(forest)));

  return (forest, rows, sums) => {
    const placed = rows.rowCount < completeForestRowCountMin ? undefined : residence(forest, rows.rowCount);
    if (arena === undefined || placed === undefined) {
      referenceForest.completeForestInto(forest, rows, sums);
      return;
    }
    const open = arena;
    sumInBlocks(open, placed.end, rows, sums, (block) => addTrees(open, placed, block));
  };
}

function placeForest(arena: WasmArena, forest: CompleteForest, codes: CodedForest | "direct"): PlacedForest {
  arena.reset();
  const leafValues = arena.put(forest.leafValues);
  const tests =
    codes === "direct"
      ? { kind: "direct" as const, columns: arena.put(forest.columns), thresholds: arena.put(forest.thresholds) }
      : placeCodes(arena, codes, forest.depth);
  const { columnCount, treeCount, depth } = forest;
  return { columnCount, treeCount, depth, leafValues, tests, end: arena.reserve(0) };
}

function placeCodes(arena: WasmArena, codes: CodedForest, depth: number): PlacedCodes {
  const columns = codes.columns.map(({ column, low, scale, thresholds, cellStarts }) => ({
    column,
    low,
    scale,
    thresholdsAt: arena.put(thresholds),
    thresholdCount: thresholds.length - paddingCount,
    cellStartsAt: arena.put(cellStarts),
    cellCount: cellStarts.length - 1,
  }));
  const canSlice = depth <= sliceDepthMax && columns.length <= sliceColumnCountMax;
  const slices = canSlice ? placeSlices(arena, codes, columns, depth) : undefined;
  return { kind: "coded", nodes: arena.put(codes.nodes), columns, slices };
}

function addTrees(arena: WasmArena, placed: PlacedForest, block: PlacedRows): void {
  const { columnCount, treeCount, depth, tests, leafValues } = placed;
  const { groupCount, valuesAt, sumsAt } = block;
  if (tests.kind === "direct") {
    const { columns, thresholds } = tests;
    arena.call["descend"](columns, thresholds, leafValues, treeCount, depth, valuesAt, columnCount, groupCount, sumsAt);
    return;
  }
  if (tests.slices !== undefined && block.rowCount >= slicedRowCountMin) {
    addSlices(arena, placed, tests.slices, block);
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
      column.cellCount,
      column.low,
      column.scale,
      codesAt + place * codeBytes,
      groupBytes,
    );
  }
  arena.call["descendCodes"](tests.nodes, leafValues, treeCount, depth, codesAt, groupCount, groupBytes, sumsAt);
}

/** Scores sets of rows instead of single ones: see `addSlices` in the module. */
function addSlices(arena: WasmArena, placed: PlacedForest, slices: PlacedSlices, block: PlacedRows): void {
  const { columnCount, treeCount, depth } = placed;
  const { usedColumnCount, scratch } = slices;
  const codesAt = arena.reserve(4 * laneCount * block.groupCount * usedColumnCount);
  arena.call["addSlices"](
    slices.columnTable,
    usedColumnCount,
    block.valuesAt,
    columnCount * 8,
    block.rowCount,
    codesAt,
    scratch.counts,
    scratch.order,
    slices.rowMasks,
    scratch.places,
    scratch.sets,
    slices.splits,
    slices.levelCounts,
    placed.leafValues,
    treeCount,
    depth,
    scratch.reach,
    scratch.bits,
    scratch.numbers,
    block.sumsAt,
  );
}

function placeSlices(arena: WasmArena, codes: CodedForest, columns: readonly PlacedColumn[], depth: number): PlacedSlices {
  const cellCounts = columns.map(({ thresholdCount }) => sliceCellCount(thresholdCount));
  const cellCount = cellCounts.reduce((sum, count) => sum + count, 0);
  const setCount = (sliceRowCount + 1) * columns.length;
  const slices = {
    splits: arena.put(codes.splits),
    levelCounts: arena.put(codes.levelCounts),
    usedColumnCount: columns.length,
    columnTable: arena.put(columnTable(columns, cellCounts)),
    rowMasks: arena.put(rowMasks()),
    scratch: {
      counts: arena.reserve(2 * Math.max(8, ...cellCounts)),
      order: arena.reserve(sliceRowCount),
      // The module writes the one behind the last as 32 bits.
      places: arena.reserve(2 * (cellCount + 2)),
      sets: arena.reserve(setBytes * (setCount + 1)),
      reach: arena.reserve(setBytes << (depth + 1)),
      bits: arena.reserve(setBytes * sliceDepthMax),
      numbers: arena.reserve(sliceRowCount * treesPerRound),
    },
  };
  // Behind all others the set of no rows, and the place that leads to it.
  const { places, sets } = slices.scratch;
  arena.int32(sets + setBytes * setCount, setBytes / 4).fill(0);
  arena.int32(places + 2 * cellCount, 1)[0] = setCount;
  return slices;
}

/** 48 bytes a column, in the order in which the module reads them. */
function columnTable(columns: readonly PlacedColumn[], cellCounts: readonly number[]): Uint8Array {
  const table = new DataView(new ArrayBuffer(columnBytes * columns.length));
  let place = 0;
  for (const [index, column] of columns.entries()) {
    const at = index * columnBytes;
    table.setFloat64(at, column.low, true);
    table.setFloat64(at + 8, column.scale, true);
    table.setUint32(at + 16, column.thresholdsAt, true);
    table.setUint32(at + 20, column.cellStartsAt, true);
    table.setUint32(at + 24, column.cellCount, true);
    table.setUint32(at + 28, column.column * 8, true);
    table.setUint32(at + 32, column.thresholdCount, true);
    table.setUint32(at + 36, 2 * place, true);
    place += cellCounts[index];
  }
  return new Uint8Array(table.buffer);
}

/** The bit of each row of a slice in a set: bit i of byte b of half h is that of row 128 h + 16 i + b. */
function rowMasks(): Uint8Array {
  const masks = new Uint8Array(sliceRowCount * setBytes);
  for (let row = 0; row < sliceRowCount; row++) {
    masks[row * setBytes + (row >> 7) * 16 + (row & 15)] = 1 << ((row >> 4) & 7);
  }
  return masks;
}
