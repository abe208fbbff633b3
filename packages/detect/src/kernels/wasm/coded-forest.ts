/**
 * A complete forest with its thresholds replaced by their ranks among all thresholds of the column: trees then compare
 * whole numbers, fewer loads than a comparison of float64, and decide the same. `value > thresholds[k]` exactly when more
 * than k of the sorted thresholds lie below the value.
 */

import type { CompleteForest } from "../forest-kernels.ts";

/** The sorted thresholds of a column, and a grid that finds a value's place among them in a few steps. */
export interface CodedColumn {
  readonly column: number;
  /** Distinct, rising, with `paddingCount` infinities behind. */
  readonly thresholds: Float64Array;
  /** Thresholds in lower cells than c: `cellStarts[c]`. */
  readonly cellStarts: Uint32Array;
  readonly low: number;
  /** Cells for each unit of value; 0 when one cell holds all. */
  readonly scale: number;
}

export interface CodedForest {
  /** High half: rank of the threshold. Low half: byte offset of the column's codes, `place * codeBytes`. */
  readonly nodes: Uint32Array;
  /** The columns that the trees look at, in order. */
  readonly columns: readonly CodedColumn[];
  /** The splits alone, tree by tree, level by level: 2 * place of the threshold among all, 32 * number of the node. */
  readonly splits: Uint32Array;
  /** Splits of each level of each tree. */
  readonly levelCounts: Uint32Array;
}

/** Eight rows' codes of one column, four bytes each. */
export const codeBytes = 32;
const columnCountMax = 65_536 / codeBytes;
/** The rank that no code exceeds: its node sends every row left. */
const noRank = 65_535;
export const paddingCount = 4;
/** Cells of the grid for each threshold: most then hold at most one. */
const cellsPerThreshold = 2;

/**
 * Walks through one row's trees that pay for coding one of its values. Measured: coding a value takes 8 to 10 ns, and a
 * step between ranks saves 0.5 ns.
 */
const stepsPerColumnMin = 20;

/** Undefined where it would not be faster (no split at all, few trees, many columns) or ranks would not fit. */
export function codeForest(forest: CompleteForest): CodedForest | undefined {
  const found = collectThresholds(forest);
  if (found.size === 0 || found.size > columnCountMax || found.size * stepsPerColumnMin > forest.treeCount * forest.depth)
    return undefined;
  for (const values of found.values()) if (values.size > noRank) return undefined;
  const columns = [...found].sort(([a], [b]) => a - b).map(([column, values]) => codeColumn(column, values));
  const nodes = codeNodes(forest, columns);
  return { nodes, columns, ...listSplits(forest, nodes, columns) };
}

function listSplits(
  forest: CompleteForest,
  nodes: Uint32Array,
  columns: readonly CodedColumn[],
): Pick<CodedForest, "splits" | "levelCounts"> {
  const starts: number[] = [];
  let total = 0;
  for (const { thresholds } of columns) {
    starts.push(total);
    total += sliceCellCount(thresholds.length - paddingCount);
  }
  const splits: number[] = [];
  const levelCounts = new Uint32Array(forest.treeCount * forest.depth);
  const width = 1 << forest.depth;
  for (let tree = 0; tree < forest.treeCount; tree++) {
    const ranks = nodes.subarray(tree << forest.depth, (tree + 1) << forest.depth);
    const reached = reachedSplits(ranks, width);
    for (let node = 1; node < width; node++) {
      if (reached[node] === 0) continue;
      const rank = ranks[node] >>> 16;
      // A node that is closed but has splits below sends all its rows to them, by the threshold behind the last.
      const threshold = rank === noRank ? total : starts[(ranks[node] & 0xffff) / codeBytes] + rank;
      splits.push(2 * threshold, 32 * node);
      levelCounts[tree * forest.depth + 31 - Math.clz32(node)]++;
    }
  }
  return { splits: Uint32Array.from(splits), levelCounts };
}

function collectThresholds(forest: CompleteForest): Map<number, Set<number>> {
  const found = new Map<number, Set<number>>();
  for (let at = 0; at < forest.thresholds.length; at++) {
    const threshold = forest.thresholds[at];
    if (threshold === Number.POSITIVE_INFINITY) continue;
    let values = found.get(forest.columns[at]);
    if (values === undefined) found.set(forest.columns[at], (values = new Set()));
    values.add(threshold);
  }
  return found;
}

/** Places that a column's thresholds take: they are written eight at a time, and one more. */
export function sliceCellCount(thresholdCount: number): number {
  return 8 * Math.floor((thresholdCount + 8) / 8);
}

/** 1 for nodes that rows can reach and that have a split at or below them. */
function reachedSplits(ranks: Uint32Array, width: number): Uint8Array {
  const isSplit = (node: number) => ranks[node] >>> 16 !== noRank;
  const leadsOn = new Uint8Array(2 * width);
  for (let node = width - 1; node > 0; node--) {
    leadsOn[node] = isSplit(node) || leadsOn[2 * node] === 1 || leadsOn[2 * node + 1] === 1 ? 1 : 0;
  }
  for (let node = 2; node < width; node++) {
    const parent = node >> 1;
    const isCutOff = leadsOn[parent] === 0 || (node % 2 === 1 && !isSplit(parent));
    if (isCutOff) leadsOn[node] = 0;
  }
  return leadsOn;
}

function codeColumn(column: number, found: ReadonlySet<number>): CodedColumn {
  const count = found.size;
  const thresholds = new Float64Array(count + paddingCount).fill(Number.POSITIVE_INFINITY);
  thresholds.set([...found]);
  thresholds.subarray(0, count).sort();
  const low = thresholds[0];
  const cellCount = 2 ** Math.ceil(Math.log2(cellsPerThreshold * count));
  const wanted = cellCount / (thresholds[count - 1] - low);
  // A spread too wide or too narrow to divide by: one cell, searched by halves.
  const scale = Number.isFinite(wanted) ? wanted : 0;
  const cellStarts = new Uint32Array(cellCount + 1);
  for (let i = 0; i < count; i++) cellStarts[cellOf(thresholds[i], low, scale, cellCount) + 1]++;
  for (let cell = 0; cell < cellCount; cell++) cellStarts[cell + 1] += cellStarts[cell];
  return { column, thresholds, cellStarts, low, scale };
}

/** Added and taken away again, it leaves the nearest whole number. */
const rounder = 2 ** 52;

/** Computes as the module does, step for step: rounding must fall alike on both sides. */
function cellOf(value: number, low: number, scale: number, cellCount: number): number {
  const place = (value - low) * scale;
  // An infinite difference times scale 0 is NaN, and not above 0.
  return place > 0 ? Math.min(place, cellCount - 1) + rounder - rounder : 0;
}

function codeNodes(forest: CompleteForest, columns: readonly CodedColumn[]): Uint32Array {
  const placeOf = new Map(columns.map(({ column }, place) => [column, place]));
  const nodes = new Uint32Array(forest.thresholds.length);
  for (let at = 0; at < nodes.length; at++) {
    const threshold = forest.thresholds[at];
    if (threshold === Number.POSITIVE_INFINITY) {
      nodes[at] = noRank * 65_536;
    } else {
      const place = placeOf.get(forest.columns[at]) as number;
      nodes[at] = rankOf(columns[place].thresholds, threshold) * 65_536 + place * codeBytes;
    }
  }
  return nodes;
}

function rankOf(sorted: Float64Array, threshold: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}
