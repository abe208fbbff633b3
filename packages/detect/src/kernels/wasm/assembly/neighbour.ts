/**
 * Nearest rows, exact in float64, pruned in float32.
 *
 * The rows lie in the order of a balanced k-d tree, cut into blocks of 32 (structures/neighbours/tree-order.ts). Each block is kept
 * twice: as float64 rows, which decide, and as centred, scaled float32 columns of 32 lanes, which prune. Eight blocks make
 * a group of level 1, eight groups of level 1 one of level 2, up to a single group; a group holds the boxes around its
 * eight parts side by side, so that eight bounds are computed at once:
 *
 *     blocks   block 0: [column 0: 32 lanes][column 1: 32 lanes] ...   block 1: ...
 *     group    [column 0: 8 lowest, 8 highest][column 1: ...] ...
 *
 * Pruning is safe because every float32 figure is a lower bound. With u = 2^-24, d columns, a query a and a row b of
 * centred, scaled norms A and B, rounding the values moves |a - b|^2 by at most 4u(A^2 + B^2) (1 + small), and the d + 2
 * roundings of the sum |b|^2 - 2ab by at most 2(d + 2)u(A^2 + B^2). So
 *
 *     |b|^2 (1 - e) - 2 ab  >  limit - |a|^2 (1 - e),   e = (2d + 16) u,
 *
 * proves that the row is farther than the limit, whether or not multiply and add are fused. For manhattan and chebyshev
 * distances e (A + B) bounds the same errors, with norms of their own kind. A tiny constant covers float32 underflow.
 */

import {
  basesAt,
  blockColumnBytes,
  blockCount,
  blocksAt,
  cellsAt,
  euclidean,
  groupColumnBytes,
  groupsOf,
  homeSumsAt,
  k,
  lanes,
  leafLimitsAt,
  manhattan,
  metric,
  multiplyAdd,
  narrowAt,
  nodeLimitsAt,
  offerLanes,
  openQuery,
  partCountOf,
  scratchAt,
  setLimitFrom,
  slacksOf,
  stackAt,
  topLevel,
  width,
} from "./shared-neighbour-lists";

export { openPairs, searchPairs } from "./shared-row-pairs";
export {
  buildBlocks,
  buildLevels,
  closeLists,
  setLevels,
  setQueries,
  setRows,
  setShape,
  setWorkspace,
  takeRoots,
  takeRowsAsQueries,
} from "./shared-neighbour-lists";

/** Bisection steps over the range of a group's sums: what remains of the range hardly ever holds another row. */
const bisectionCount: i32 = 10;

/* ---- the tree, one query after another -------------------------------------------------------------------------- */

/** `homes`: for each query a place near it in tree order, -1 where none is known. */
export function searchTree(queryCount: usize, homes: usize): void {
  for (let query: usize = 0; query < queryCount; query++) {
    const narrow = narrowAt + query * width * 4;
    const norm = openQuery(query, narrow, 4);
    const place = load<i32>(homes + (query << 2));
    const home = place < 0 ? nearestGroup(narrow) : <usize>place / (lanes * 8);
    // Visiting the neighbourhood first makes the limit small; the order of the rest then matters little.
    visitHome(query, narrow, home, norm, k + <usize>(place >= 0));
    if (topLevel > 1) walk(query, narrow, home);
  }
}

/**
 * Visits the group around a query: computes all its sums first, since these bound how far the k-th neighbour can be and so keep
 * most rows out of the list. `count`: k, and one more where the query itself is among the rows.
 */
function visitHome(query: usize, narrow: usize, home: usize, norm: f64, count: usize): void {
  const first = home << 3;
  const parts = min(8, blockCount - first);
  for (let part: usize = 0; part < parts; part++) visitBlock(query, narrow, first + part, homeSumsAt + part * lanes * 4);
  setLimitFrom(query, norm, boundOfNearest(parts, count));
  offerLanes(query, first * lanes, homeSumsAt, parts * lanes);
}

/**
 * A sum that `count` rows of the home group do not exceed, by a few bisections near the least such; infinity where there are
 * fewer rows. Where many more rows than `count` stand there, only the least sums of sets of rows are counted: the `count`
 * nearest hardly ever fall into one set, and where two do, the bound is a little higher.
 */
function boundOfNearest(parts: usize, count: usize): f32 {
  const sumsEnd = homeSumsAt + parts * lanes * 4;
  let cellBytes = parts * lanes * 4;
  while (parts == 8 && cellBytes > lanes * 4 && cellBytes >> 1 >= count << 4) cellBytes >>= 1;
  const infinity = f32x4.splat(Infinity);
  let lows = infinity;
  let highs = f32x4.splat(-Infinity);
  for (let cell: usize = 0; cell < cellBytes; cell += 16) {
    let least = v128.load(homeSumsAt + cell);
    for (let at = homeSumsAt + cell + cellBytes; at < sumsEnd; at += cellBytes) least = f32x4.pmin(least, v128.load(at));
    v128.store(cellsAt + cell, least);
    lows = f32x4.pmin(lows, least);
    // Lanes without a row hold infinity.
    highs = f32x4.pmax(highs, v128.bitselect(highs, least, f32x4.eq(least, infinity)));
  }
  lows = f32x4.pmin(lows, i32x4.shuffle(lows, lows, 2, 3, 0, 1));
  highs = f32x4.pmax(highs, i32x4.shuffle(highs, highs, 2, 3, 0, 1));
  let low = min(f32x4.extract_lane(lows, 0), f32x4.extract_lane(lows, 1));
  let high = max(f32x4.extract_lane(highs, 0), f32x4.extract_lane(highs, 1));
  const end = cellsAt + cellBytes;
  if (countWithin(end, high) < count) return Infinity;
  for (let round = 0; round < bisectionCount; round++) {
    const middle = low + (high - low) * 0.5;
    const within = countWithin(end, middle);
    if (within < count) {
      low = middle;
      continue;
    }
    high = middle;
    if (within <= count + (count >> 3)) break;
  }
  return high;
}

/** Counts the cells that do not exceed a limit. */
// @ts-ignore: decorator
@inline
function countWithin(end: usize, limit: f32): usize {
  const limits = f32x4.splat(limit);
  let counts = i32x4.splat(0);
  // Blocks hold 32 sums: always a multiple of 8.
  for (let at = cellsAt; at < end; at += 32) {
    counts = i32x4.sub(counts, f32x4.le(v128.load(at), limits));
    counts = i32x4.sub(counts, f32x4.le(v128.load(at, 16), limits));
  }
  counts = i32x4.add(counts, i32x4.shuffle(counts, counts, 2, 3, 0, 1));
  return i32x4.extract_lane(counts, 0) + i32x4.extract_lane(counts, 1);
}

/** Goes down from the top by the nearest box each time. */
function nearestGroup(narrow: usize): usize {
  let group: usize = 0;
  for (let level = topLevel; level > 1; level--) {
    openGroup(narrow, level, group);
    group = (group << 3) + takeNearest(boundsOf(level), Infinity);
  }
  return group;
}

/** Visits every group but `done`, from the inside out: the rest of the group of level 2 around it, then of level 3 ... */
function walk(query: usize, narrow: usize, done: usize): void {
  for (let level: usize = 2; level <= topLevel; level++) {
    openGroup(narrow, level, done >> 3);
    store<f32>(boundsOf(level) + ((done & 7) << 2), Infinity);
    descend(query, narrow, level);
    done >>= 3;
  }
}

/** Visits the near parts of the group opened last at a level, nearest first, down to the blocks. One stack entry a level. */
function descend(query: usize, narrow: usize, top: usize): void {
  let level = top;
  for (;;) {
    const bounds = boundsOf(level);
    const part = takeNearest(bounds, load<f32>(nodeLimitsAt + (query << 2)));
    if (part == noPart) {
      if (level == top) return;
      level++;
      continue;
    }
    const child = (<usize>load<i32>(bounds, 32) << 3) + part;
    if (level == 1) visitBlock(query, narrow, child, 0);
    else openGroup(narrow, --level, child);
  }
}

const noPart: usize = 8;

/** Takes out the nearest part that is left and within the limit. */
// @ts-ignore: decorator
@inline
function takeNearest(bounds: usize, limit: f32): usize {
  const b0 = v128.load(bounds);
  const b1 = v128.load(bounds, 16);
  let least = f32x4.pmin(b0, b1);
  least = f32x4.pmin(least, i32x4.shuffle(least, least, 2, 3, 0, 1));
  least = f32x4.pmin(least, i32x4.shuffle(least, least, 1, 0, 3, 2));
  const bound = f32x4.extract_lane(least, 0);
  if (bound > limit || bound == Infinity) return noPart;
  const part = <usize>ctz(i32x4.bitmask(f32x4.eq(b0, least)) | (i32x4.bitmask(f32x4.eq(b1, least)) << 4));
  store<f32>(bounds + (part << 2), Infinity);
  return part;
}

/** The entry of the stack for a level: bounds of the eight parts, infinity for those done, then the group. */
// @ts-ignore: decorator
@inline
function boundsOf(level: usize): usize {
  return stackAt + (level << 6) - 64;
}

/** Writes lower bounds of the float32 sums from a query to the eight boxes of a group, less their share of the error, to the stack. */
function openGroup(narrow: usize, level: usize, group: usize): void {
  let at = groupsOf(level) + group * width * groupColumnBytes;
  const end = narrow + (width << 2);
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  if (metric == euclidean) {
    for (let q = narrow; q < end; q += 4, at += groupColumnBytes) {
      const value = v128.load32_splat(q);
      const g0 = gap(value, at);
      const g1 = gap(value, at + 16);
      s0 = multiplyAdd(g0, g0, s0);
      s1 = multiplyAdd(g1, g1, s1);
    }
  } else {
    for (let q = narrow; q < end; q += 4, at += groupColumnBytes) {
      const value = v128.load32_splat(q);
      const g0 = gap(value, at);
      const g1 = gap(value, at + 16);
      s0 = metric == manhattan ? f32x4.add(s0, g0) : f32x4.pmax(s0, g0);
      s1 = metric == manhattan ? f32x4.add(s1, g1) : f32x4.pmax(s1, g1);
    }
  }
  const slacks = slacksOf(level) + (group << 5);
  const bounds = boundsOf(level);
  const count = i32x4.splat(<i32>min(8, partCountOf(level) - (group << 3)));
  const infinity = f32x4.splat(Infinity);
  s0 = v128.bitselect(f32x4.sub(s0, v128.load(slacks)), infinity, i32x4.gt_s(count, i32x4(0, 1, 2, 3)));
  s1 = v128.bitselect(f32x4.sub(s1, v128.load(slacks, 16)), infinity, i32x4.gt_s(count, i32x4(4, 5, 6, 7)));
  v128.store(bounds, s0);
  v128.store(bounds, s1, 16);
  store<i32>(bounds, <i32>group, 32);
}

/** How far 4 boxes lie from a value in one column. */
// @ts-ignore: decorator
@inline
function gap(value: v128, at: usize): v128 {
  const below = f32x4.sub(v128.load(at), value);
  const above = f32x4.sub(value, v128.load(at, 32));
  return f32x4.pmax(f32x4.pmax(below, above), f32x4.splat(0));
}

let visitCount: i32 = 0;

/** Blocks that walks have looked at so far. */
export function visits(): i32 {
  return visitCount;
}

/** One query against the 32 rows of a block: offers those within the limit, or, given an address, only writes the sums there. */
function visitBlock(query: usize, narrow: usize, block: usize, sumsTo: usize): void {
  visitCount++;
  let at = blocksAt + block * width * blockColumnBytes;
  const end = narrow + (width << 2);
  const bases = basesAt + block * lanes * 4;
  let s0 = v128.load(bases);
  let s1 = v128.load(bases, 16);
  let s2 = v128.load(bases, 32);
  let s3 = v128.load(bases, 48);
  let s4 = v128.load(bases, 64);
  let s5 = v128.load(bases, 80);
  let s6 = v128.load(bases, 96);
  let s7 = v128.load(bases, 112);
  if (metric == euclidean) {
    for (let q = narrow; q < end; q += 4, at += blockColumnBytes) {
      const value = v128.load32_splat(q);
      s0 = multiplyAdd(value, v128.load(at), s0);
      s1 = multiplyAdd(value, v128.load(at, 16), s1);
      s2 = multiplyAdd(value, v128.load(at, 32), s2);
      s3 = multiplyAdd(value, v128.load(at, 48), s3);
      s4 = multiplyAdd(value, v128.load(at, 64), s4);
      s5 = multiplyAdd(value, v128.load(at, 80), s5);
      s6 = multiplyAdd(value, v128.load(at, 96), s6);
      s7 = multiplyAdd(value, v128.load(at, 112), s7);
    }
  } else if (metric == manhattan) {
    for (let q = narrow; q < end; q += 4, at += blockColumnBytes) {
      const value = v128.load32_splat(q);
      s0 = f32x4.add(s0, f32x4.abs(f32x4.sub(value, v128.load(at))));
      s1 = f32x4.add(s1, f32x4.abs(f32x4.sub(value, v128.load(at, 16))));
      s2 = f32x4.add(s2, f32x4.abs(f32x4.sub(value, v128.load(at, 32))));
      s3 = f32x4.add(s3, f32x4.abs(f32x4.sub(value, v128.load(at, 48))));
      s4 = f32x4.add(s4, f32x4.abs(f32x4.sub(value, v128.load(at, 64))));
      s5 = f32x4.add(s5, f32x4.abs(f32x4.sub(value, v128.load(at, 80))));
      s6 = f32x4.add(s6, f32x4.abs(f32x4.sub(value, v128.load(at, 96))));
      s7 = f32x4.add(s7, f32x4.abs(f32x4.sub(value, v128.load(at, 112))));
    }
  } else {
    s0 = farthest(end, narrow, at);
    s1 = farthest(end, narrow, at + 16);
    s2 = farthest(end, narrow, at + 32);
    s3 = farthest(end, narrow, at + 48);
    s4 = farthest(end, narrow, at + 64);
    s5 = farthest(end, narrow, at + 80);
    s6 = farthest(end, narrow, at + 96);
    s7 = farthest(end, narrow, at + 112);
    s0 = f32x4.add(s0, v128.load(bases));
    s1 = f32x4.add(s1, v128.load(bases, 16));
    s2 = f32x4.add(s2, v128.load(bases, 32));
    s3 = f32x4.add(s3, v128.load(bases, 48));
    s4 = f32x4.add(s4, v128.load(bases, 64));
    s5 = f32x4.add(s5, v128.load(bases, 80));
    s6 = f32x4.add(s6, v128.load(bases, 96));
    s7 = f32x4.add(s7, v128.load(bases, 112));
  }
  if (sumsTo == 0) {
    const limit = v128.load32_splat(leafLimitsAt + (query << 2));
    const low = v128.and(v128.and(f32x4.gt(s0, limit), f32x4.gt(s1, limit)), v128.and(f32x4.gt(s2, limit), f32x4.gt(s3, limit)));
    const high = v128.and(v128.and(f32x4.gt(s4, limit), f32x4.gt(s5, limit)), v128.and(f32x4.gt(s6, limit), f32x4.gt(s7, limit)));
    if (i32x4.all_true(v128.and(low, high))) return;
  }
  const to = sumsTo == 0 ? scratchAt : sumsTo;
  v128.store(to, s0);
  v128.store(to, s1, 16);
  v128.store(to, s2, 32);
  v128.store(to, s3, 48);
  v128.store(to, s4, 64);
  v128.store(to, s5, 80);
  v128.store(to, s6, 96);
  v128.store(to, s7, 112);
  if (sumsTo == 0) offerLanes(query, block * lanes, scratchAt, lanes);
}

/** Largest absolute difference of a query to 4 rows. */
function farthest(end: usize, narrow: usize, start: usize): v128 {
  let most = f32x4.splat(0);
  for (let q = narrow, at = start; q < end; q += 4, at += blockColumnBytes) {
    most = f32x4.pmax(most, f32x4.abs(f32x4.sub(v128.load32_splat(q), v128.load(at))));
  }
  return most;
}

/* ---- the scan, four queries against eight rows at once (euclidean only) ------------------------------------------- */

/** `queryCount` is a multiple of 4. Starts at `firstBlock`, so that near rows are seen first, and goes round. */
export function searchScan(queryCount: usize, firstBlock: usize): void {
  for (let query: usize = 0; query < queryCount; query++) {
    openQuery(query, narrowAt + (query >> 2) * width * 16 + ((query & 3) << 2), 16);
  }
  for (let step: usize = 0; step < blockCount; step++) {
    const block = firstBlock + step < blockCount ? firstBlock + step : firstBlock + step - blockCount;
    for (let query: usize = 0; query < queryCount; query += 4) {
      for (let part: usize = 0; part < lanes; part += 8) scanTile(query, block, part);
    }
  }
}

/** Four queries against 8 rows of a block from lane `part` on: 8 sums of 4 lanes stay in registers. */
// @ts-ignore: decorator
@inline
function scanTile(query: usize, block: usize, part: usize): void {
  let at = blocksAt + block * width * blockColumnBytes + (part << 2);
  const place = block * lanes + part;
  let q = narrowAt + (query >> 2) * width * 16;
  const end = q + width * 16;
  const base0 = v128.load(basesAt + (place << 2));
  const base1 = v128.load(basesAt + (place << 2), 16);
  let a0 = base0, a1 = base1, b0 = base0, b1 = base1, c0 = base0, c1 = base1, e0 = base0, e1 = base1;
  for (; q < end; q += 16, at += blockColumnBytes) {
    const r0 = v128.load(at);
    const r1 = v128.load(at, 16);
    const qa = v128.load32_splat(q);
    a0 = multiplyAdd(qa, r0, a0);
    a1 = multiplyAdd(qa, r1, a1);
    const qb = v128.load32_splat(q, 4);
    b0 = multiplyAdd(qb, r0, b0);
    b1 = multiplyAdd(qb, r1, b1);
    const qc = v128.load32_splat(q, 8);
    c0 = multiplyAdd(qc, r0, c0);
    c1 = multiplyAdd(qc, r1, c1);
    const qe = v128.load32_splat(q, 12);
    e0 = multiplyAdd(qe, r0, e0);
    e1 = multiplyAdd(qe, r1, e1);
  }
  const limits = leafLimitsAt + (query << 2);
  const la = v128.load32_splat(limits);
  const lb = v128.load32_splat(limits, 4);
  const lc = v128.load32_splat(limits, 8);
  const le = v128.load32_splat(limits, 12);
  const ab = v128.and(v128.and(f32x4.gt(a0, la), f32x4.gt(a1, la)), v128.and(f32x4.gt(b0, lb), f32x4.gt(b1, lb)));
  const ce = v128.and(v128.and(f32x4.gt(c0, lc), f32x4.gt(c1, lc)), v128.and(f32x4.gt(e0, le), f32x4.gt(e1, le)));
  if (i32x4.all_true(v128.and(ab, ce))) return;
  v128.store(scratchAt, a0);
  v128.store(scratchAt, a1, 16);
  v128.store(scratchAt, b0, 32);
  v128.store(scratchAt, b1, 48);
  v128.store(scratchAt, c0, 64);
  v128.store(scratchAt, c1, 80);
  v128.store(scratchAt, e0, 96);
  v128.store(scratchAt, e1, 112);
  for (let i: usize = 0; i < 4; i++) offerLanes(query + i, place, scratchAt + (i << 5), 8);
}
