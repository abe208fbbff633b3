/** The forest family on WebAssembly. The last forest stays in the arena, so that a block of rows costs only its rows. */

import type { Matrix } from "../../matrix.ts";
import type { CompleteForest, ForestKernels } from "../forest-kernels.ts";
import { referenceForest } from "../reference/forest.ts";
import type { CodedColumn, CodedForest } from "./coded-forest.ts";
import { codeBytes, codeForest } from "./coded-forest.ts";
import { relaxedSimd, simd } from "./generated/forest.ts";
import type { WasmArena, WasmBuild } from "./instance.ts";
import { createArena } from "./instance.ts";

/** Fewer rows than these are not worth the copies. */
const rowCountMin = 16;
/** Rows that descend side by side in the module. */
const laneCount = 8;
/** Rows in the arena at once, so that their values and codes stay in a near cache. */
const blockRowCountMax = 1024;
const blockRowCountMin = 64;
const blockValueCount = 16_384;

/** A forest in the arena; what is put behind `end` are rows. */
interface PlacedForest {
  readonly forest: CompleteForest;
  readonly leafValues: number;
  readonly end: number;
  /** Codes and their nodes, or the forest's own columns and thresholds. */
  readonly tests: PlacedCodes | { readonly kind: "direct"; readonly columns: number; readonly thresholds: number };
}

interface PlacedCodes {
  readonly kind: "coded";
  readonly nodes: number;
  readonly columns: readonly PlacedColumn[];
}

interface PlacedColumn extends CodedColumn {
  readonly thresholdsAt: number;
  readonly cellStartsAt: number;
}

export function wasmForest(build: WasmBuild): ForestKernels {
  let arena: WasmArena | undefined;
  let resident: PlacedForest | undefined;
  // Coding sorts every threshold: models that take turns keep theirs for as long as they live.
  const codes = new WeakMap<CompleteForest, CodedForest | "direct">();

  function codesOf(forest: CompleteForest): CodedForest | "direct" {
    let held = codes.get(forest);
    if (held === undefined) codes.set(forest, (held = codeForest(forest) ?? "direct"));
    return held;
  }

  function completeForestInto(forest: CompleteForest, rows: Matrix, sums: Float64Array): void {
    if (rows.rowCount < rowCountMin) {
      referenceForest.completeForestInto(forest, rows, sums);
      return;
    }
    arena ??= createArena(build === "simd" ? simd : relaxedSimd);
    if (resident?.forest !== forest) resident = placeForest(arena, forest, codesOf(forest));
    const fitting = Math.floor(blockValueCount / rows.columnCount / laneCount) * laneCount;
    const blockRowCount = Math.max(blockRowCountMin, Math.min(blockRowCountMax, fitting));
    for (let start = 0; start < rows.rowCount; start += blockRowCount) {
      const end = Math.min(start + blockRowCount, rows.rowCount);
      const values = rows.values.subarray(start * rows.columnCount, end * rows.columnCount);
      sumBlock(arena, resident, values, sums.subarray(start, end));
    }
  }

  return { completeForestInto };
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
    columns: codes.columns.map((column) => ({
      ...column,
      thresholdsAt: arena.put(column.thresholds),
      cellStartsAt: arena.put(column.cellStarts),
    })),
  };
}

/** Whole groups of eight rows are computed; what stands in the lanes behind the last row is computed and left. */
function sumBlock(arena: WasmArena, placed: PlacedForest, values: Float64Array, sums: Float64Array): void {
  const { columnCount, treeCount, depth } = placed.forest;
  const rowCount = sums.length;
  const groupCount = Math.ceil(rowCount / laneCount);
  arena.rewind(placed.end);
  const sumsAt = arena.reserve(groupCount * laneCount * 8);
  const valuesAt = arena.reserve(groupCount * laneCount * columnCount * 8);
  arena.float64(valuesAt, values.length).set(values);
  const { tests, leafValues } = placed;
  if (tests.kind === "direct") {
    arena.float64(sumsAt, groupCount * laneCount).fill(0);
    arena.call["descend"](
      tests.columns,
      tests.thresholds,
      leafValues,
      treeCount,
      depth,
      valuesAt,
      columnCount,
      groupCount,
      sumsAt,
    );
  } else {
    const groupBytes = Math.max(1, tests.columns.length) * codeBytes;
    const codesAt = arena.reserve(groupCount * groupBytes);
    arena.float64(sumsAt, groupCount * laneCount).fill(0);
    for (const [place, column] of tests.columns.entries()) {
      arena.call["codeColumn"](
        valuesAt + column.column * 8,
        columnCount * 8,
        rowCount,
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
  sums.set(arena.float64(sumsAt, rowCount));
}
