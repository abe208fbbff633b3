/**
 * Orders rows as the leaves of a balanced k-d tree: the permutation is the tree.
 *
 * The rows are cut into blocks of `blockRowCount`; a node is a range of blocks, split near the median of the column that
 * spreads most (Bentley 1975, Friedman, Bentley and Finkel 1977). Splits fall on multiples of the greatest power of
 * `groupBlockCount` below the node's size, so that every aligned group of that many blocks is a node. So no node has to be
 * stored, any permutation is a valid tree, and boxes around groups follow from the rows.
 */

import { blockRowCount } from "../../kernels/neighbour-kernels.ts";
import type { Matrix } from "../../matrix.ts";
import type { Pieces } from "../../threads/pieces.ts";

/** Blocks, or groups of blocks, that searches look at together. */
const groupBlockCount = 8;
/** Rows looked at to find the column that spreads most. */
const sampleRowCountMax = 128;

/** Rows moved and values looked at between two pieces: some ten milliseconds. */
const pieceWorkMax = 1_000_000;

/** O(n log n (1 + d / 32)); the same permutation for the same rows. */
export function* treeOrder(rows: Matrix): Pieces<Int32Array> {
  const order = Int32Array.from({ length: rows.rowCount }, (_, row) => row);
  const keys = new Float64Array(rows.rowCount);
  const pending: [number, number][] = [[0, Math.ceil(rows.rowCount / blockRowCount)]];
  for (let node = pending.pop(), work = 0; node !== undefined; node = pending.pop()) {
    const [firstBlock, endBlock] = node;
    if (endBlock - firstBlock < 2) continue;
    const middleBlock = firstBlock + firstPart(endBlock - firstBlock);
    const start = firstBlock * blockRowCount;
    const end = Math.min(endBlock * blockRowCount, rows.rowCount);
    const column = widestColumn(rows, order, start, end);
    for (let i = start; i < end; i++) keys[i] = rows.values[order[i] * rows.columnCount + column];
    selectInPlace(keys, order, { start, end, nth: middleBlock * blockRowCount });
    pending.push([firstBlock, middleBlock], [middleBlock, endBlock]);
    work += end - start + Math.min(end - start, sampleRowCountMax) * rows.columnCount;
    if (work < pieceWorkMax) continue;
    work = 0;
    yield;
  }
  return order;
}

/** How many blocks stand before the split of a node of `blockCount` blocks. */
function firstPart(blockCount: number): number {
  let unit = 1;
  while (unit * groupBlockCount < blockCount) unit *= groupBlockCount;
  return Math.ceil(blockCount / 2 / unit) * unit;
}

/** The column of greatest variance, by a sample at even steps. */
function widestColumn(rows: Matrix, order: Int32Array, start: number, end: number): number {
  const { values, columnCount } = rows;
  const step = Math.max(1, Math.floor((end - start) / sampleRowCountMax));
  const first = order[start] * columnCount;
  const sums = new Float64Array(columnCount);
  const squares = new Float64Array(columnCount);
  let count = 0;
  for (let i = start; i < end; i += step, count++) {
    const at = order[i] * columnCount;
    for (let column = 0; column < columnCount; column++) {
      const value = values[at + column] - values[first + column];
      sums[column] += value;
      squares[column] += value * value;
    }
  }
  let widest = 0;
  let widestSpread = -1;
  for (let column = 0; column < columnCount; column++) {
    const spread = squares[column] - (sums[column] * sums[column]) / count;
    if (spread > widestSpread) {
      widestSpread = spread;
      widest = column;
    }
  }
  return widest;
}

/** Hoare's selection: moves items so that none before `nth` has a larger key than any from `nth` on. */
function selectInPlace(keys: Float64Array, items: Int32Array, range: { start: number; end: number; nth: number }): void {
  let left = range.start;
  let right = range.end - 1;
  while (left < right) {
    const pivot = medianOfThree(keys[left], keys[(left + right) >> 1], keys[right]);
    let i = left;
    let j = right;
    while (i <= j) {
      while (keys[i] < pivot) i++;
      while (keys[j] > pivot) j--;
      if (i > j) break;
      const key = keys[i];
      keys[i] = keys[j];
      keys[j] = key;
      const item = items[i];
      items[i++] = items[j];
      items[j--] = item;
    }
    if (range.nth <= j) right = j;
    else if (range.nth >= i) left = i;
    else return;
  }
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
