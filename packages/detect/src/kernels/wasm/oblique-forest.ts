/** Trees of weighted sums on WebAssembly. The last forest stays in the arena, so that a block of rows costs only its rows. */

import type { ForestKernels, ObliqueForest } from "../forest-kernels.ts";
import { referenceForest } from "../reference/forest.ts";
import type { WasmArena } from "./instance.ts";
import { createResidence } from "./residence.ts";
import { sumInBlocks } from "./row-blocks.ts";

/** Forests with more weights are not copied into the arena: the reference scores them. */
const weightCountMax = 33_554_432;

/** Rows that go side by side through these trees. */
const obliqueLaneCount = 4;

interface PlacedForest {
  readonly roots: number;
  readonly nodes: number;
  readonly columns: number;
  readonly weights: number;
  readonly offsets: number;
  readonly leafValues: number;
  readonly end: number;
}

/** @param openArena makes the arena when it is first needed. */
export function createObliqueForestInto(openArena: () => WasmArena): ForestKernels["obliqueForestInto"] {
  let arena: WasmArena | undefined;
  const residence = createResidence((forest: ObliqueForest) => placeForest((arena ??= openArena()), forest));

  return (forest, rows, sums) => {
    const placed = forest.weights.length > weightCountMax ? undefined : residence(forest, rows.rowCount);
    if (arena === undefined || placed === undefined) {
      referenceForest.obliqueForestInto(forest, rows, sums);
      return;
    }
    const { call } = arena;
    const { roots, nodes, columns, weights, offsets, leafValues, end } = placed;
    const { columnCount, depth, termCount } = forest;
    const trees = [roots, nodes, columns, weights, offsets, leafValues, forest.roots.length, depth, termCount] as const;
    sumInBlocks(arena, end, rows, sums, ({ valuesAt, rowCount, sumsAt }) => {
      call["descendOblique"](...trees, valuesAt, columnCount, Math.ceil(rowCount / obliqueLaneCount), sumsAt);
    });
  };
}

/** Copies a forest into the arena; leaves become their own left children, with one split more that sends every row left. */
function placeForest(arena: WasmArena, forest: ObliqueForest): PlacedForest {
  arena.reset();
  const { lefts, splits, termCount, columns, weights, offsets } = forest;
  const nodes = new Uint32Array(2 * lefts.length);
  for (let node = 0; node < lefts.length; node++) {
    const isLeaf = lefts[node] === 0;
    nodes[2 * node] = isLeaf ? node : lefts[node];
    nodes[2 * node + 1] = isLeaf ? offsets.length : splits[node];
  }
  return {
    roots: arena.put(forest.roots),
    nodes: arena.put(nodes),
    columns: arena.put(withLast(columns, new Uint16Array(columns.length + termCount), 0)),
    weights: arena.put(withLast(weights, new Float32Array(weights.length + termCount), 0)),
    offsets: arena.put(withLast(offsets, new Float64Array(offsets.length + 1), Number.POSITIVE_INFINITY)),
    leafValues: arena.put(forest.leafValues),
    end: arena.reserve(0),
  };
}

function withLast<A extends Uint16Array | Float32Array | Float64Array>(source: A, target: A, filler: number): A {
  target.fill(filler);
  target.set(source);
  return target;
}
