/** Complete trees on WebAssembly. The last forest stays in the arena, so that a block of rows costs only its rows. */

import type { CompleteForest, ForestKernels } from "../forest-kernels.ts";
import { referenceForest } from "../reference/forest.ts";
import type { CodedColumn, CodedForest } from "./coded-forest.ts";
import { codeBytes, codeForest } from "./coded-forest.ts";
import type { WasmArena } from "./instance.ts";
import { type PlacedRows, sumInBlocks } from "./row-blocks.ts";

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
