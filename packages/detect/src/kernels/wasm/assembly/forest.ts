// The forest family in AssemblyScript. Addresses are bytes in the arena; `../forest.ts` lays the arrays out and says how.

import { codeColumn } from "./shared-threshold-codes";
import { addSlices } from "./shared-row-slices";

export { addSlices, codeColumn };

/** Rows that descend side by side: eight independent chains of loads hide each other's latency. */
const lanes: u32 = 8;

// @ts-ignore: decorator
@inline
function stepCodes(tree: u32, node: u32, group: u32, lane: u32): u32 {
  const packed = load<u32>(tree + (node << 2));
  const code = load<u32>(group + (packed & 0xffff) + (lane << 2));
  // The sign of the difference in 64 bits is the comparison without a flag to fetch.
  return (node << 1) + <u32>((<u64>packed - <u64>code) >>> 63);
}

/**
 * Adds every tree's leaf value to the sums of a block of rows, tree after tree. A tree is `1 << depth` packed nodes in
 * heap order from 1 (rank of the threshold in the high half, byte offset of the column in a group in the low half) and
 * as many float64 leaf values.
 */
export function descendCodes(
  nodes: u32,
  leafValues: u32,
  treeCount: u32,
  depth: u32,
  codes: u32,
  groupCount: u32,
  groupBytes: u32,
  sums: u32,
): void {
  const width: u32 = 1 << depth;
  const codesEnd = codes + groupCount * groupBytes;
  for (let tree: u32 = 0; tree < treeCount; tree++) {
    let sum = sums;
    const leaves = leafValues - (width << 3);
    for (let group = codes; group < codesEnd; group += groupBytes) {
      let n0: u32 = 1;
      let n1: u32 = 1;
      let n2: u32 = 1;
      let n3: u32 = 1;
      let n4: u32 = 1;
      let n5: u32 = 1;
      let n6: u32 = 1;
      let n7: u32 = 1;
      for (let level = depth; level > 0; level--) {
        n0 = stepCodes(nodes, n0, group, 0);
        n1 = stepCodes(nodes, n1, group, 1);
        n2 = stepCodes(nodes, n2, group, 2);
        n3 = stepCodes(nodes, n3, group, 3);
        n4 = stepCodes(nodes, n4, group, 4);
        n5 = stepCodes(nodes, n5, group, 5);
        n6 = stepCodes(nodes, n6, group, 6);
        n7 = stepCodes(nodes, n7, group, 7);
      }
      addLeaf(sum, 0, leaves, n0);
      addLeaf(sum, 1, leaves, n1);
      addLeaf(sum, 2, leaves, n2);
      addLeaf(sum, 3, leaves, n3);
      addLeaf(sum, 4, leaves, n4);
      addLeaf(sum, 5, leaves, n5);
      addLeaf(sum, 6, leaves, n6);
      addLeaf(sum, 7, leaves, n7);
      sum += lanes << 3;
    }
    nodes += width << 2;
    leafValues += width << 3;
  }
}

// @ts-ignore: decorator
@inline
function addLeaf(sums: u32, lane: u32, leaves: u32, node: u32): void {
  const at = sums + (lane << 3);
  store<f64>(at, load<f64>(at) + load<f64>(leaves + (node << 3)));
}

// @ts-ignore: decorator
@inline
function step(columns: u32, thresholds: u32, node: u32, row: u32): u32 {
  const column = <u32>load<u16>(columns + (node << 1));
  return (node << 1) + u32(load<f64>(row + (column << 3)) > load<f64>(thresholds + (node << 3)));
}

/** As `descendCodes`, on the values themselves: for rows so wide that coding costs more than it saves. */
export function descend(
  columns: u32,
  thresholds: u32,
  leafValues: u32,
  treeCount: u32,
  depth: u32,
  values: u32,
  columnCount: u32,
  groupCount: u32,
  sums: u32,
): void {
  const width: u32 = 1 << depth;
  const rowBytes = columnCount << 3;
  for (let tree: u32 = 0; tree < treeCount; tree++) {
    let row = values;
    let sum = sums;
    const leaves = leafValues - (width << 3);
    // Two halves of a group: four chains keep their rows' addresses in registers.
    for (let half = groupCount << 1; half > 0; half--) {
      let n0: u32 = 1;
      let n1: u32 = 1;
      let n2: u32 = 1;
      let n3: u32 = 1;
      const row1 = row + rowBytes;
      const row2 = row1 + rowBytes;
      const row3 = row2 + rowBytes;
      for (let level = depth; level > 0; level--) {
        n0 = step(columns, thresholds, n0, row);
        n1 = step(columns, thresholds, n1, row1);
        n2 = step(columns, thresholds, n2, row2);
        n3 = step(columns, thresholds, n3, row3);
      }
      addLeaf(sum, 0, leaves, n0);
      addLeaf(sum, 1, leaves, n1);
      addLeaf(sum, 2, leaves, n2);
      addLeaf(sum, 3, leaves, n3);
      row = row3 + rowBytes;
      sum += lanes << 2;
    }
    columns += width << 1;
    thresholds += width << 3;
    leafValues += width << 3;
  }
}

/** One step from a node, on all columns: the two lanes are the sums of even and of odd terms. */
// @ts-ignore: decorator
@inline
function stepDense(nodes: u32, weights: u32, offsets: u32, termCount: u32, node: u32, row: u32): u32 {
  const split = load<u32>(nodes + (node << 3), 4);
  let weight = weights + split * (termCount << 2);
  const pairsEnd = weight + ((termCount >> 1) << 3);
  let sums = f64x2.splat(0);
  let value = row;
  while (weight < pairsEnd) {
    sums = f64x2.add(sums, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(weight)), v128.load(value)));
    weight += 8;
    value += 16;
  }
  let even = f64x2.extract_lane(sums, 0);
  if ((termCount & 1) !== 0) even += <f64>load<f32>(weight) * load<f64>(value);
  const sum = even + f64x2.extract_lane(sums, 1);
  return load<u32>(nodes + (node << 3)) + u32(sum > load<f64>(offsets + (split << 3)));
}

/** As `stepDense`, for planes of some columns only. */
// @ts-ignore: decorator
@inline
function stepSparse(nodes: u32, columns: u32, weights: u32, offsets: u32, termCount: u32, node: u32, row: u32): u32 {
  const split = load<u32>(nodes + (node << 3), 4);
  let weight = weights + split * (termCount << 2);
  let column = columns + split * (termCount << 1);
  const pairsEnd = weight + ((termCount >> 1) << 3);
  let even: f64 = 0;
  let odd: f64 = 0;
  while (weight < pairsEnd) {
    even += <f64>load<f32>(weight) * load<f64>(row + (<u32>load<u16>(column) << 3));
    odd += <f64>load<f32>(weight, 4) * load<f64>(row + (<u32>load<u16>(column, 2) << 3));
    weight += 8;
    column += 4;
  }
  if ((termCount & 1) !== 0) even += <f64>load<f32>(weight) * load<f64>(row + (<u32>load<u16>(column) << 3));
  const sum = even + odd;
  return load<u32>(nodes + (node << 3)) + u32(sum > load<f64>(offsets + (split << 3)));
}

/**
 * Adds every tree's leaf value to the sums of a block of rows, tree after tree. A node is the index of its left child and that
 * of its split; a leaf is its own left child, with a split that sends every row left: no step asks whether it is at a leaf.
 */
export function descendOblique(
  roots: u32,
  nodes: u32,
  columns: u32,
  weights: u32,
  offsets: u32,
  leafValues: u32,
  treeCount: u32,
  depth: u32,
  termCount: u32,
  rows: u32,
  columnCount: u32,
  quadCount: u32,
  sums: u32,
): void {
  const rowBytes = columnCount << 3;
  for (let tree: u32 = 0; tree < treeCount; tree++) {
    const root = load<u32>(roots + (tree << 2));
    let row = rows;
    let sum = sums;
    for (let quad = quadCount; quad > 0; quad--) {
      let n0 = root;
      let n1 = root;
      let n2 = root;
      let n3 = root;
      const row1 = row + rowBytes;
      const row2 = row1 + rowBytes;
      const row3 = row2 + rowBytes;
      if (termCount === columnCount) {
        for (let level = depth; level > 0; level--) {
          n0 = stepDense(nodes, weights, offsets, termCount, n0, row);
          n1 = stepDense(nodes, weights, offsets, termCount, n1, row1);
          n2 = stepDense(nodes, weights, offsets, termCount, n2, row2);
          n3 = stepDense(nodes, weights, offsets, termCount, n3, row3);
        }
      } else {
        for (let level = depth; level > 0; level--) {
          n0 = stepSparse(nodes, columns, weights, offsets, termCount, n0, row);
          n1 = stepSparse(nodes, columns, weights, offsets, termCount, n1, row1);
          n2 = stepSparse(nodes, columns, weights, offsets, termCount, n2, row2);
          n3 = stepSparse(nodes, columns, weights, offsets, termCount, n3, row3);
        }
      }
      addLeaf(sum, 0, leafValues, n0);
      addLeaf(sum, 1, leafValues, n1);
      addLeaf(sum, 2, leafValues, n2);
      addLeaf(sum, 3, leafValues, n3);
      row = row3 + rowBytes;
      sum += lanes << 2;
    }
  }
}

/** Columns between two checks whether any ball of the block can still cover the row. */
const columnsPerLook: u32 = 16;

/** Adds each member's value to the sums of a block of rows, member after member; the layout is that of `BallEnsemble`. */
export function coverRows(
  centers: u32,
  squaredRadii: u32,
  values: u32,
  memberCount: u32,
  blockCount: u32,
  rows: u32,
  columnCount: u32,
  rowCount: u32,
  sums: u32,
): void {
  const blockBytes = columnCount << 6;
  for (let member: u32 = 0; member < memberCount; member++) {
    let row = rows;
    for (let r: u32 = 0; r < rowCount; r++) {
      let value: f64 = 1;
      for (let block: u32 = 0; block < blockCount; block++) {
        const covering = coverMask(centers + block * blockBytes, squaredRadii + (block << 6), row, columnCount);
        if (covering !== 0) {
          value = load<f64>(values + (block << 6) + (ctz(covering) << 3));
          break;
        }
      }
      store<f64>(sums + (r << 3), load<f64>(sums + (r << 3)) + value);
      row += columnCount << 3;
    }
    centers += blockCount * blockBytes;
    squaredRadii += blockCount << 6;
    values += blockCount << 6;
  }
}

/** Bit l tells whether ball l of the block covers the row. Lanes are balls: each sums over columns in their order. */
// @ts-ignore: decorator
@inline
function coverMask(centers: u32, squaredRadii: u32, row: u32, columnCount: u32): u32 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const r0 = v128.load(squaredRadii);
  const r1 = v128.load(squaredRadii, 16);
  const r2 = v128.load(squaredRadii, 32);
  const r3 = v128.load(squaredRadii, 48);
  const rowEnd = row + (columnCount << 3);
  let mask: u32 = 0;
  while (row < rowEnd) {
    const lookEnd = min<u32>(rowEnd, row + (columnsPerLook << 3));
    while (row < lookEnd) {
      const value = v128.load64_splat(row);
      const d0 = f64x2.sub(value, v128.load(centers));
      const d1 = f64x2.sub(value, v128.load(centers, 16));
      const d2 = f64x2.sub(value, v128.load(centers, 32));
      const d3 = f64x2.sub(value, v128.load(centers, 48));
      s0 = f64x2.add(s0, f64x2.mul(d0, d0));
      s1 = f64x2.add(s1, f64x2.mul(d1, d1));
      s2 = f64x2.add(s2, f64x2.mul(d2, d2));
      s3 = f64x2.add(s3, f64x2.mul(d3, d3));
      row += 8;
      centers += 64;
    }
    mask =
      i64x2.bitmask(f64x2.le(s0, r0)) |
      (i64x2.bitmask(f64x2.le(s1, r1)) << 2) |
      (i64x2.bitmask(f64x2.le(s2, r2)) << 4) |
      (i64x2.bitmask(f64x2.le(s3, r3)) << 6);
    // Sums of squares only grow: no ball covers the row any more.
    if (mask === 0) break;
  }
  return mask;
}
