/** Draws half-space trees: cuts through the middle of a random work range, chosen before any row is counted. */

import type { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { pieceWorkMax } from "../../threads/pieces.ts";

/** Smallest and largest value of each column in the rows that were fitted on. */
export interface ColumnRanges {
  readonly lows: Float64Array;
  readonly highs: Float64Array;
}

/** Complete trees: node i (from 1) of tree t at `(t << height) + i`, its children 2 i and 2 i + 1. */
export interface HalfSpaceCuts {
  readonly columnCount: number;
  readonly treeCount: number;
  readonly height: number;
  readonly columns: Uint16Array;
  /** Rows with `value > threshold` go right. */
  readonly thresholds: Float64Array;
}

export function* columnRanges(train: Matrix): Pieces<ColumnRanges> {
  const { rowCount, columnCount, values } = train;
  const lows = values.slice(0, columnCount);
  const highs = values.slice(0, columnCount);
  for (let row = 1, at = columnCount; row < rowCount; row++) {
    for (let column = 0; column < columnCount; column++, at++) {
      if (values[at] < lows[column]) lows[column] = values[at];
      if (values[at] > highs[column]) highs[column] = values[at];
    }
    if (at % pieceWorkMax < columnCount) yield;
  }
  return { lows, highs };
}

export function* drawCuts(ranges: ColumnRanges, treeCount: number, height: number, random: Random): Pieces<HalfSpaceCuts> {
  const columnCount = ranges.lows.length;
  const cuts: HalfSpaceCuts = {
    columnCount,
    treeCount,
    height,
    columns: new Uint16Array(treeCount << height),
    thresholds: new Float64Array(treeCount << height),
  };
  const all = Array.from({ length: columnCount }, (_, column) => column);
  const varying = all.filter((column) => ranges.lows[column] < ranges.highs[column]);
  for (let tree = 0; tree < treeCount; tree++) {
    drawTree(ranges, varying.length > 0 ? varying : all, cuts, tree, random.stream(tree));
    yield;
  }
  return cuts;
}

function drawTree(ranges: ColumnRanges, candidates: readonly number[], cuts: HalfSpaceCuts, tree: number, random: Random): void {
  const spans = candidates.map(() => drawWorkRange(random));
  const start = tree << cuts.height;
  const columns = cuts.columns.subarray(start, start + (1 << cuts.height));
  const middles = new Float64Array(columns.length);
  for (let node = 1; node < columns.length; node++) {
    const place = random.integer(candidates.length);
    columns[node] = candidates[place];
    middles[node] = middleOf(columns, middles, node, spans[place]);
    cuts.thresholds[start + node] = fromUnits(ranges, candidates[place], middles[node]);
  }
}

/** A range of a column, in units in which the rows fitted on span 0 to 1. */
interface Span {
  readonly low: number;
  readonly high: number;
}

/** Reaches beyond the rows by a random amount, so that trees cut at different places: section 3.1 of the paper. */
function drawWorkRange(random: Random): Span {
  const center = random.uniform();
  const reach = 2 * Math.max(center, 1 - center);
  return { low: center - reach, high: center + reach };
}

/** The middle of that part of the column's work range which the node covers. */
function middleOf(columns: Uint16Array, middles: Float64Array, node: number, span: Span): number {
  let { low, high } = span;
  for (let child = node; child > 1; child >>= 1) {
    const parent = child >> 1;
    if (columns[parent] !== columns[node]) continue;
    if (child % 2 === 1) low = Math.max(low, middles[parent]);
    else high = Math.min(high, middles[parent]);
  }
  return (low + high) / 2;
}

/** Converts a place in units of the training range to a value, kept within finite float64. */
function fromUnits({ lows, highs }: ColumnRanges, column: number, unit: number): number {
  const value = lows[column] * (1 - unit) + highs[column] * unit;
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}
