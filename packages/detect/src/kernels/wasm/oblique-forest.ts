/** Trees of weighted sums on WebAssembly. The last forest stays in the arena, so that a block of rows costs only its rows. */

import type { ForestKernels, ObliqueForest } from "../forest-kernels.ts";
import { referenceForest } from "../reference/forest.ts";
import type { WasmArena } from "./instance.ts";
import { sumInBlocks } from "./row-blocks.ts";

/** Fewer rows than these are not worth the copies. */
const rowCountMin = 16;
/** More weights than these stay where they are. */
const weightCountMax = 33_554_432;

interface PlacedForest {
  readonly forest: ObliqueForest;
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
  let resident: PlacedForest | undefined;

  return (forest, rows, sums) => {
    if (rows.rowCount < rowCountMin || forest.weights.length > weightCountMax) {
      referenceForest.obliqueForestInto(forest, rows, sums);
      return;
    }
    const open = (arena ??= openArena());
    if (resident?.forest !== forest) resident = placeForest(open, forest);
    const { roots, nodes, columns, weights, offsets, leafValues, end } = resident;
    const { columnCount, depth, termCount } = forest;
    const treeCount = forest.roots.length;
    sumInBlocks(open, end, rows, sums, ({ valuesAt, groupCount, sumsAt }) => {
      const trees = [roots, nodes, columns, weights, offsets, leafValues, treeCount, depth, termCount];
      open.call["descendOblique"](...trees, valuesAt, columnCount, groupCount, sumsAt);
    });
  };
}

/** Leaves become their own left children, with one split more that sends every row left. */
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
    forest,
    roots: arena.put(forest.roots),
    nodes: arena.put(nodes),
    columns: arena.put(withLast(columns, new Uint16Array(columns.length + termCount), 0)),
    weights: arena.put(withLast(weights, new Float64Array(weights.length + termCount), 0)),
    offsets: arena.put(withLast(offsets, new Float64Array(offsets.length + 1), Number.POSITIVE_INFINITY)),
    leafValues: arena.put(forest.leafValues),
    end: arena.reserve(0),
  };
}

function withLast<A extends Uint16Array | Float64Array>(source: A, target: A, filler: number): A {
  target.fill(filler);
  target.set(source);
  return target;
}
