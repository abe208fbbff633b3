// The forest family in AssemblyScript. Addresses are bytes in the arena; `../forest.ts` lays the arrays out and says how.

/** Rows that descend side by side: eight independent chains of loads hide each other's latency. */
const lanes: u32 = 8;

/**
 * Codes of one column's values for a block of rows: how many of the column's sorted thresholds lie below the value, in the
 * high half of each 32-bit word. `value > thresholds[k]` is the same as `code > k`, so trees compare whole numbers from
 * here on and no bit of the float64 comparison is lost.
 *
 * A grid over the thresholds finds the neighbourhood: rounding keeps order, so a threshold in a lower cell than the
 * value is below it, one in a higher cell above it, and only those in its own cell are compared.
 */
export function codeColumn(
  values: u32, // first row's value of this column
  strideBytes: u32, // from row to row
  rowCount: u32, // a multiple of 8 is written; rows beyond are not read
  thresholds: u32, // sorted float64, four infinities behind the last
  cellStarts: u32, // u32[cellCount + 1]
  cellCount: u32,
  low: f64,
  scale: f64,
  codes: u32, // first cell; word of row r at (r / 8) * groupBytes + (r % 8) * 4
  groupBytes: u32,
): void {
  const cellLast: f64 = <f64>(cellCount - 1);
  for (let row: u32 = 0; row < rowCount; row++) {
    const value = load<f64>(values);
    values += strideBytes;
    // The saturating conversion sends NaN to 0, as every comparison with NaN fails; min keeps infinity in range.
    const cell = <u32>min<f64>((value - low) * scale, cellLast);
    const start = load<u32>(cellStarts + (cell << 2));
    const end = load<u32>(cellStarts + (cell << 2), 4);
    const at = thresholds + (start << 3);
    let code: u32;
    if (end - start <= 4) {
      // Thresholds past the cell are above the value and count nothing.
      code =
        start +
        u32(load<f64>(at) < value) +
        u32(load<f64>(at, 8) < value) +
        u32(load<f64>(at, 16) < value) +
        u32(load<f64>(at, 24) < value);
    } else {
      code = countBelow(thresholds, start, end, value);
    }
    store<u32>(codes + (row >> 3) * groupBytes + ((row & 7) << 2), code << 16);
  }
}

/** First index in [low, high] whose threshold is not below the value. */
function countBelow(thresholds: u32, low: u32, high: u32, value: f64): u32 {
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<f64>(thresholds + (middle << 3)) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

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

/** As `descendCodes`, on the values themselves: for rows so wide that coding them would cost more than it saves. */
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

/** As `stepDense`, on some of the columns. */
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

/** Columns between two looks whether a ball of the block can still cover the row. */
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
    // Squares only add: none covers it any more.
    if (mask === 0) break;
  }
  return mask;
}

/**
 * For one column of a block of rows: which rows lie above each threshold, as a set of bits. Rows are sorted by code, so
 * that the sets are the suffixes of that order, one more than there are rows; `sets[p]` lacks the p lowest rows.
 */
export function sliceColumn(
  codes: u32, // u32[rowCount], code in the high half
  rowCount: u32, // at most 256
  thresholdCount: u32,
  counts: u32, // u16[thresholdCount + 1, rounded up to 8], scratch
  places: u32, // u16, as many, out: number of the set of each threshold
  firstSet: u32, // number of this column's first set
  sets: u32, // 32 bytes each, out
  order: u32, // u8[256], scratch
): void {
  const countsEnd = counts + (((thresholdCount + 8) & ~7) << 1);
  memory.fill(counts, 0, countsEnd - counts);
  for (let row: u32 = 0; row < rowCount; row++) {
    const at = counts + (<u32>load<u16>(codes + (row << 2), 2) << 1);
    store<u16>(at, load<u16>(at) + 1);
  }
  // Running sums, eight at a time: of the rows up to each code, and below it.
  let before = i16x8.splat(0);
  const zeros = before;
  const first = i16x8.splat(<i16>firstSet);
  for (let at = counts; at < countsEnd; at += 16) {
    const own = v128.load(at);
    let upTo = i16x8.add(own, i16x8.shuffle(zeros, own, 0, 8, 9, 10, 11, 12, 13, 14));
    upTo = i16x8.add(upTo, i16x8.shuffle(zeros, upTo, 0, 0, 8, 9, 10, 11, 12, 13));
    upTo = i16x8.add(upTo, i16x8.shuffle(zeros, upTo, 0, 0, 0, 0, 8, 9, 10, 11));
    upTo = i16x8.add(upTo, before);
    v128.store(at, i16x8.sub(upTo, own));
    v128.store(places, i16x8.add(upTo, first));
    places += 16;
    before = i16x8.shuffle(upTo, upTo, 7, 7, 7, 7, 7, 7, 7, 7);
  }
  for (let row: u32 = 0; row < rowCount; row++) {
    const at = counts + (<u32>load<u16>(codes + (row << 2), 2) << 1);
    const place = <u32>load<u16>(at);
    store<u16>(at, <u16>(place + 1));
    store<u8>(order + place, <u8>row);
  }
  // In registers: a byte stored and read back at once as part of a vector would stall.
  let low = i8x16.splat(-1);
  let high = low;
  const lowBytes = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const highBytes = i8x16.add(lowBytes, i8x16.splat(16));
  v128.store(sets, low);
  v128.store(sets, high, 16);
  for (let p: u32 = 0; p < rowCount; p++) {
    sets += 32;
    const row = <u32>load<u8>(order + p);
    const byte = i8x16.splat(<i8>(row >> 3));
    const bit = i8x16.splat(<i8>((<u32>1) << (row & 7)));
    low = v128.andnot(low, v128.and(i8x16.eq(byte, lowBytes), bit));
    high = v128.andnot(high, v128.and(i8x16.eq(byte, highBytes), bit));
    v128.store(sets, low);
    v128.store(sets, high, 16);
  }
}

/**
 * Adds every tree's leaf value to the sums of 256 rows. Every split parts the set of rows that reach it into two; the rows
 * that go right at a level, over all its splits, are one bit of all rows' leaf numbers.
 */
export function descendSlices(
  splits: u32, // u32[2] each: 2 * place of the threshold, 32 * number of the node; trees and levels in order
  levelCounts: u32, // u32[depth] a tree: splits of each level
  leafValues: u32,
  treeCount: u32,
  depth: u32, // at most 8
  places: u32,
  sets: u32,
  reach: u32, // 32 bytes for each node, scratch
  bits: u32, // 32 bytes for each level, scratch
  sums: u32,
  chunkCount: u32, // 16 rows each
): void {
  const ones = i8x16.splat(-1);
  const rowBits = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
  v128.store(reach, ones, 32);
  v128.store(reach, ones, 48);
  for (let tree: u32 = 0; tree < treeCount; tree++) {
    for (let level: u32 = 0; level < depth; level++) {
      const end = splits + (load<u32>(levelCounts) << 3);
      levelCounts += 4;
      let b0 = i8x16.splat(0);
      let b1 = b0;
      while (splits < end) {
        const set = sets + (<u32>load<u16>(places + load<u32>(splits)) << 5);
        const node = load<u32>(splits, 4);
        const r0 = v128.load(reach + node);
        const r1 = v128.load(reach + node, 16);
        const m0 = v128.load(set);
        const m1 = v128.load(set, 16);
        const right0 = v128.and(r0, m0);
        const right1 = v128.and(r1, m1);
        const children = reach + (node << 1);
        v128.store(children, v128.andnot(r0, m0));
        v128.store(children, v128.andnot(r1, m1), 16);
        v128.store(children, right0, 32);
        v128.store(children, right1, 48);
        b0 = v128.or(b0, right0);
        b1 = v128.or(b1, right1);
        splits += 8;
      }
      v128.store(bits + (level << 5), b0);
      v128.store(bits + (level << 5), b1, 16);
    }
    let sum = sums;
    for (let chunk: u32 = 0; chunk < chunkCount; chunk++) {
      let leaf = i8x16.splat(0);
      let at = bits + (chunk << 1);
      for (let level: u32 = 0; level < depth; level++) {
        const pair = v128.load16_splat(at);
        const spread = i8x16.shuffle(pair, pair, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
        const taken = i8x16.eq(v128.and(spread, rowBits), rowBits);
        leaf = i8x16.sub(i8x16.add(leaf, leaf), taken);
        at += 32;
      }
      const low = i64x2.extract_lane(leaf, 0);
      const high = i64x2.extract_lane(leaf, 1);
      for (let lane: u32 = 0; lane < 8; lane++) {
        const shift: u64 = <u64>lane << 3;
        addLeaf(sum, lane, leafValues, <u32>((low >> shift) & 0xff));
        addLeaf(sum, lane + 8, leafValues, <u32>((high >> shift) & 0xff));
      }
      sum += 128;
    }
    leafValues += 8 << depth;
  }
}
