// Sets of rows through complete trees: part of the forest family. `../complete-forest.ts` lays the arrays out.

import { codeColumn } from "./shared-threshold-codes";

/** Bytes of a column in the table. */
const columnBytes: u32 = 48;
/** Rows in a slice: a set of rows has one bit for each. */
const sliceRowCount: u32 = 256;

/**
 * Adds every tree's leaf value to the sums of a block of rows, set of rows by set of rows: each column is coded for the whole
 * block, then each slice of 256 rows goes through all trees.
 */
export function addSlices(
  columns: u32, // a table: see `columnTable`
  columnCount: u32,
  values: u32,
  rowBytes: u32,
  rowCount: u32,
  codes: u32, // u32 for each row of the block, even, and column, scratch
  counts: u32, // scratch of sliceColumn
  order: u32,
  rowMasks: u32,
  places: u32, // u16 for each place of all columns, the last one leading to the set of no rows, scratch
  sets: u32, // 257 sets of 32 bytes for each column, then the set of no rows, scratch
  splits: u32,
  levelCounts: u32,
  leafValues: u32,
  treeCount: u32,
  depth: u32,
  reach: u32,
  bits: u32,
  numbers: u32,
  sums: u32,
): void {
  const codesBytes = ((rowCount + 7) & ~7) << 2;
  const columnsEnd = columns + columnCount * columnBytes;
  let columnCodes = codes;
  for (let column = columns; column < columnsEnd; column += columnBytes) {
    const value = values + load<u32>(column, 28);
    const low = load<f64>(column);
    const scale = load<f64>(column, 8);
    const cellCount = load<u32>(column, 24);
    codeColumn(value, rowBytes, rowCount, load<u32>(column, 16), load<u32>(column, 20), cellCount, low, scale, columnCodes, 32);
    columnCodes += codesBytes;
  }
  for (let start: u32 = 0; start < rowCount; start += sliceRowCount) {
    const count = min<u32>(sliceRowCount, rowCount - start);
    let firstSet: u32 = 0;
    columnCodes = codes + (start << 2);
    for (let column = columns; column < columnsEnd; column += columnBytes) {
      const columnPlaces = places + load<u32>(column, 36);
      const columnSets = sets + (firstSet << 5);
      sliceColumn(columnCodes, count, load<u32>(column, 32), counts, columnPlaces, firstSet, columnSets, order, rowMasks);
      columnCodes += codesBytes;
      firstSet += sliceRowCount + 1;
    }
    const groupCount = (count + 7) >> 3;
    const sum = sums + (start << 3);
    descendSlices(splits, levelCounts, leafValues, treeCount, depth, places, sets, reach, bits, numbers, sum, groupCount);
  }
}

/**
 * For one column of a block of rows: which rows lie above each threshold, as a set of bits. Rows are sorted by code, so
 * that the sets are the suffixes of that order, one more than there are rows; `sets[p]` lacks the p lowest rows.
 */
// @ts-ignore: decorator
@inline
function sliceColumn(
  codes: u32, // u32[rowCount], code in the high half
  rowCount: u32, // at most 256
  thresholdCount: u32,
  counts: u32, // u16[thresholdCount + 1, rounded up to 8], scratch
  places: u32, // u16, as many, out: number of the set of each threshold
  firstSet: u32, // number of this column's first set
  sets: u32, // 32 bytes each, out
  order: u32, // u8[256], scratch
  rowMasks: u32, // 32 bytes for each of 256 rows: its bit
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
  let low = i8x16.splat(-1);
  let high = low;
  v128.store(sets, low);
  v128.store(sets, high, 16);
  for (let p: u32 = 0; p < rowCount; p++) {
    sets += 32;
    const mask = rowMasks + (<u32>load<u8>(order + p) << 5);
    low = v128.andnot(low, v128.load(mask));
    high = v128.andnot(high, v128.load(mask, 16));
    v128.store(sets, low);
    v128.store(sets, high, 16);
  }
}

/** Trees whose leaf numbers are found before their values are added: so few that their leaves stay in the nearest cache. */
const treesPerRound: u32 = 8;

/**
 * Adds every tree's leaf value to the sums of 256 rows. Every split parts the set of rows that reach it into two; the rows
 * that go right at a level, over all its splits, are one bit of all rows' leaf numbers.
 */
function descendSlices(
  splits: u32, // u32[2] each: 2 * place of the threshold, 32 * number of the node; trees and levels in order
  levelCounts: u32, // u32[depth] a tree: splits of each level
  leafValues: u32,
  treeCount: u32,
  depth: u32, // at most 8
  places: u32,
  sets: u32,
  reach: u32, // 32 bytes for each node, scratch
  bits: u32, // 32 bytes for each of 8 levels, scratch
  numbers: u32, // u8[256] for each tree of a round, scratch
  sums: u32,
  groupCount: u32, // 8 rows each
): void {
  const ones = i8x16.splat(-1);
  v128.store(reach, ones, 32);
  v128.store(reach, ones, 48);
  // The last level stands for the lowest bit; there are no levels for bits above the first.
  const firstLevel = bits + ((8 - depth) << 5);
  memory.fill(bits, 0, firstLevel - bits);
  for (let tree: u32 = 0; tree < treeCount; tree += treesPerRound) {
    const roundCount = min<u32>(treesPerRound, treeCount - tree);
    for (let t: u32 = 0; t < roundCount; t++) {
      for (let level: u32 = 0; level < depth; level++) {
        const end = splits + (load<u32>(levelCounts) << 3);
        levelCounts += 4;
        partLevel(splits, end, places, sets, reach, firstLevel + (level << 5));
        splits = end;
      }
      transposeBits(bits, numbers + (t << 8));
      transposeBits(bits + 16, numbers + (t << 8) + 128);
    }
    addLeaves(numbers, leafValues, 8 << depth, roundCount, sums, groupCount);
    leafValues += (roundCount << 3) << depth;
  }
}

/** All splits of one level: the sets of rows that reach their children, and all rows that go right, at `bits`. */
// @ts-ignore: decorator
@inline
function partLevel(splits: u32, end: u32, places: u32, sets: u32, reach: u32, bits: u32): void {
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
  v128.store(bits, b0);
  v128.store(bits, b1, 16);
}

/**
 * Leaf numbers of 128 rows, a byte each, from eight levels' bits of them: bit i of byte b of a level is that of row 16 i + b.
 * The eight bytes at one place of all levels are a square of bits; it is mirrored by swapping ever smaller squares of it.
 */
// @ts-ignore: decorator
@inline
function transposeBits(levels: u32, numbers: u32): void {
  // The lowest bit first.
  let a0 = v128.load(levels, 224);
  let a1 = v128.load(levels, 192);
  let a2 = v128.load(levels, 160);
  let a3 = v128.load(levels, 128);
  let a4 = v128.load(levels, 96);
  let a5 = v128.load(levels, 64);
  let a6 = v128.load(levels, 32);
  let a7 = v128.load(levels);
  const fours = i8x16.splat(0x0f);
  let t0 = swapped(a0, a4, 4, fours);
  let t1 = swapped(a1, a5, 4, fours);
  let t2 = swapped(a2, a6, 4, fours);
  let t3 = swapped(a3, a7, 4, fours);
  a4 = v128.xor(a4, t0);
  a5 = v128.xor(a5, t1);
  a6 = v128.xor(a6, t2);
  a7 = v128.xor(a7, t3);
  a0 = v128.xor(a0, i64x2.shl(t0, 4));
  a1 = v128.xor(a1, i64x2.shl(t1, 4));
  a2 = v128.xor(a2, i64x2.shl(t2, 4));
  a3 = v128.xor(a3, i64x2.shl(t3, 4));
  const twos = i8x16.splat(0x33);
  t0 = swapped(a0, a2, 2, twos);
  t1 = swapped(a1, a3, 2, twos);
  t2 = swapped(a4, a6, 2, twos);
  t3 = swapped(a5, a7, 2, twos);
  a2 = v128.xor(a2, t0);
  a3 = v128.xor(a3, t1);
  a6 = v128.xor(a6, t2);
  a7 = v128.xor(a7, t3);
  a0 = v128.xor(a0, i64x2.shl(t0, 2));
  a1 = v128.xor(a1, i64x2.shl(t1, 2));
  a4 = v128.xor(a4, i64x2.shl(t2, 2));
  a5 = v128.xor(a5, i64x2.shl(t3, 2));
  const single = i8x16.splat(0x55);
  t0 = swapped(a0, a1, 1, single);
  t1 = swapped(a2, a3, 1, single);
  t2 = swapped(a4, a5, 1, single);
  t3 = swapped(a6, a7, 1, single);
  v128.store(numbers, v128.xor(a0, i64x2.shl(t0, 1)));
  v128.store(numbers, v128.xor(a1, t0), 16);
  v128.store(numbers, v128.xor(a2, i64x2.shl(t1, 1)), 32);
  v128.store(numbers, v128.xor(a3, t1), 48);
  v128.store(numbers, v128.xor(a4, i64x2.shl(t2, 1)), 64);
  v128.store(numbers, v128.xor(a5, t2), 80);
  v128.store(numbers, v128.xor(a6, i64x2.shl(t3, 1)), 96);
  v128.store(numbers, v128.xor(a7, t3), 112);
}

/** The bits in which the high bits of `a` and the low bits of `b` differ; `mask` has the low bits of each byte. */
// @ts-ignore: decorator
@inline
function swapped(a: v128, b: v128, count: i32, mask: v128): v128 {
  return v128.and(v128.xor(i64x2.shr_u(a, count), b), mask);
}

/** Adds the values of a round's leaves: eight rows' sums at a time, which stay in registers over its trees. */
// @ts-ignore: decorator
@inline
function addLeaves(numbers: u32, leafValues: u32, treeBytes: u32, treeCount: u32, sums: u32, groupCount: u32): void {
  const leavesEnd = leafValues + treeCount * treeBytes;
  for (let group: u32 = 0; group < groupCount; group++) {
    let number = numbers + (group << 3);
    let s0 = load<f64>(sums);
    let s1 = load<f64>(sums, 8);
    let s2 = load<f64>(sums, 16);
    let s3 = load<f64>(sums, 24);
    let s4 = load<f64>(sums, 32);
    let s5 = load<f64>(sums, 40);
    let s6 = load<f64>(sums, 48);
    let s7 = load<f64>(sums, 56);
    for (let leaves = leafValues; leaves < leavesEnd; leaves += treeBytes) {
      s0 += load<f64>(leaves + (<u32>load<u8>(number) << 3));
      s1 += load<f64>(leaves + (<u32>load<u8>(number, 1) << 3));
      s2 += load<f64>(leaves + (<u32>load<u8>(number, 2) << 3));
      s3 += load<f64>(leaves + (<u32>load<u8>(number, 3) << 3));
      s4 += load<f64>(leaves + (<u32>load<u8>(number, 4) << 3));
      s5 += load<f64>(leaves + (<u32>load<u8>(number, 5) << 3));
      s6 += load<f64>(leaves + (<u32>load<u8>(number, 6) << 3));
      s7 += load<f64>(leaves + (<u32>load<u8>(number, 7) << 3));
      number += 256;
    }
    store<f64>(sums, s0);
    store<f64>(sums, s1, 8);
    store<f64>(sums, s2, 16);
    store<f64>(sums, s3, 24);
    store<f64>(sums, s4, 32);
    store<f64>(sums, s5, 40);
    store<f64>(sums, s6, 48);
    store<f64>(sums, s7, 56);
    sums += 64;
  }
}
