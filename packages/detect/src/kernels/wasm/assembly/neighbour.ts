/**
 * Nearest rows, exact in float64, pruned in float32.
 *
 * The rows lie in the order of a balanced k-d tree, cut into blocks of 32 (neighbours/tree-order.ts). Each block is kept
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
  countsAt,
  euclidean,
  exactSlack,
  groupColumnBytes,
  groupsOf,
  idsAt,
  k,
  lanes,
  leafLimitsAt,
  manhattan,
  metric,
  multiplyAdd,
  narrowAt,
  nodeLimitsAt,
  normLowsAt,
  normSlacksAt,
  offer,
  offerLanes,
  openQuery,
  partCountOf,
  roundedUp,
  rowCount,
  scale,
  scratchAt,
  slacksOf,
  stackAt,
  takeRowsAsQueries,
  topLevel,
  width,
} from "./shared-neighbour-lists";

export { buildBlocks, buildLevels, setLevels, setQueries, setRows, setShape, setWorkspace } from "./shared-neighbour-lists";

/* ---- the tree, one query after another -------------------------------------------------------------------------- */

/** `homes`: for each query a place near it in tree order, -1 where none is known. */
export function searchTree(queryCount: usize, homes: usize): void {
  for (let query: usize = 0; query < queryCount; query++) {
    const narrow = narrowAt + query * width * 4;
    openQuery(query, narrow, 4);
    const place = load<i32>(homes + (query << 2));
    const home = place < 0 ? nearestGroup(query, narrow) : <usize>place / (lanes * 8);
    // The neighbourhood first: it makes the limit small, and then the order of the rest matters little.
    openGroup(query, narrow, 1, home);
    if (place >= 0) {
      const block = <usize>place / lanes;
      store<i32>(stackAt, load<i32>(stackAt) & ~(1 << (<i32>block & 7)));
      visitBlock(query, narrow, block);
    }
    visitParts(query, narrow, home);
    if (topLevel > 1) walk(query, narrow, home);
  }
}

/** Goes down from the top by the nearest box each time. */
function nearestGroup(query: usize, narrow: usize): usize {
  let group: usize = 0;
  for (let level = topLevel; level > 1; level--) {
    openGroup(query, narrow, level, group);
    const bounds = stackOf(level) + 32;
    const count = min(8, partCountOf(level) - (group << 3));
    let nearest: usize = 0;
    for (let part: usize = 1; part < count; part++) {
      if (load<f32>(bounds + (part << 2)) < load<f32>(bounds + (nearest << 2))) nearest = part;
    }
    group = (group << 3) + nearest;
  }
  return group;
}

/** Every group but the one done already, depth first. The stack has one entry a level. */
function walk(query: usize, narrow: usize, done: usize): void {
  let level = topLevel;
  openGroup(query, narrow, level, 0);
  for (;;) {
    const entry = stackOf(level);
    const open = load<i32>(entry);
    if (open == 0) {
      if (level == topLevel) return;
      level++;
      continue;
    }
    store<i32>(entry, open & (open - 1));
    const part = <usize>ctz(open);
    if (load<f32>(entry + 32 + (part << 2)) > load<f32>(nodeLimitsAt + (query << 2))) continue;
    const child = (<usize>load<i32>(entry, 4) << 3) + part;
    if (level == 2) {
      if (child == done) continue;
      openGroup(query, narrow, 1, child);
      visitParts(query, narrow, child);
    } else {
      openGroup(query, narrow, --level, child);
    }
  }
}

// @ts-ignore: decorator
@inline
function stackOf(level: usize): usize {
  return stackAt + (level << 6) - 64;
}

/** The blocks of the group of level 1 that was opened last. */
// @ts-ignore: decorator
@inline
function visitParts(query: usize, narrow: usize, group: usize): void {
  for (let open = load<i32>(stackAt); open != 0; open &= open - 1) {
    const part = <usize>ctz(open);
    if (load<f32>(stackAt + 32 + (part << 2)) > load<f32>(nodeLimitsAt + (query << 2))) continue;
    visitBlock(query, narrow, (group << 3) + part);
  }
}

/**
 * Computes lower bounds of the float32 sums from a query to the eight boxes of a group, less their share of the error, and
 * writes the entry of the stack: which parts are within the limit, the group, and the bounds.
 */
function openGroup(query: usize, narrow: usize, level: usize, group: usize): void {
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
  s0 = f32x4.sub(s0, v128.load(slacks));
  s1 = f32x4.sub(s1, v128.load(slacks, 16));
  const limit = v128.load32_splat(nodeLimitsAt + (query << 2));
  const beyond = i32x4.bitmask(f32x4.gt(s0, limit)) | (i32x4.bitmask(f32x4.gt(s1, limit)) << 4);
  const count = <i32>min(8, partCountOf(level) - (group << 3));
  const entry = stackOf(level);
  store<i32>(entry, ~beyond & ((1 << count) - 1));
  store<i32>(entry, <i32>group, 4);
  v128.store(entry, s0, 32);
  v128.store(entry, s1, 48);
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

/** One query against the 32 rows of a block. */
function visitBlock(query: usize, narrow: usize, block: usize): void {
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
  const limit = v128.load32_splat(leafLimitsAt + (query << 2));
  const low = v128.and(v128.and(f32x4.gt(s0, limit), f32x4.gt(s1, limit)), v128.and(f32x4.gt(s2, limit), f32x4.gt(s3, limit)));
  const high = v128.and(v128.and(f32x4.gt(s4, limit), f32x4.gt(s5, limit)), v128.and(f32x4.gt(s6, limit), f32x4.gt(s7, limit)));
  if (i32x4.all_true(v128.and(low, high))) return;
  v128.store(scratchAt, s0);
  v128.store(scratchAt, s1, 16);
  v128.store(scratchAt, s2, 32);
  v128.store(scratchAt, s3, 48);
  v128.store(scratchAt, s4, 64);
  v128.store(scratchAt, s5, 80);
  v128.store(scratchAt, s6, 96);
  v128.store(scratchAt, s7, 112);
  offerLanes(query, block * lanes, scratchAt, lanes);
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

/* ---- pairs: the rows among themselves, each pair once (euclidean only) ---------------------------------------------- */

/**
 * Makes the rows their own queries, each leaving itself out, and starts their lists.
 * `limits`: for each row index a sum that its k-th neighbour is known not to exceed.
 */
export function openPairs(limits: usize): void {
  takeRowsAsQueries();
  const factor = scale * scale * exactSlack;
  for (let place: usize = 0; place < blockCount * lanes; place++) {
    const low = <f64>load<f32>(basesAt + (place << 2));
    let limit = -Infinity;
    if (place < rowCount) limit = load<f64>(limits + (<usize>load<i32>(idsAt + (place << 2)) << 3)) * factor - low;
    store<f64>(normLowsAt + (place << 4), low);
    store<f64>(normSlacksAt + (place << 4), 0);
    store<f32>(leafLimitsAt + (place << 2), roundedUp(limit));
    store<i32>(countsAt + (place << 2), 0);
  }
}

/** Blocks `first` to `end`, each with the blocks `firstStep` to `endStep` after it, in a circle. */
export function searchPairs(first: usize, end: usize, firstStep: usize, endStep: usize): void {
  for (let block = first; block < end; block++) {
    for (let step = firstStep; step < endStep; step++) {
      // Half way round, a pair is met from both ends.
      if (step << 1 == blockCount && block >= step) continue;
      const other = block + step < blockCount ? block + step : block + step - blockCount;
      for (let four: usize = 0; four < lanes; four += 4) {
        for (let part: usize = 0; part < lanes; part += 8) pairTile(block * lanes + four, other * lanes + part, step != 0);
      }
    }
  }
}

/** Four rows against 8: each sum is asked for both rows of its pair; within a block every pair comes twice anyway. */
// @ts-ignore: decorator
@inline
function pairTile(fourPlace: usize, eightPlace: usize, both: bool): void {
  let q = blocksAt + (fourPlace / lanes) * width * blockColumnBytes + ((fourPlace & (lanes - 1)) << 2);
  let at = blocksAt + (eightPlace / lanes) * width * blockColumnBytes + ((eightPlace & (lanes - 1)) << 2);
  const end = q + width * blockColumnBytes;
  let a0 = f32x4.splat(0), a1 = f32x4.splat(0), b0 = f32x4.splat(0), b1 = f32x4.splat(0);
  let c0 = f32x4.splat(0), c1 = f32x4.splat(0), e0 = f32x4.splat(0), e1 = f32x4.splat(0);
  for (; q < end; q += blockColumnBytes, at += blockColumnBytes) {
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
  // Blocks hold -2b: the products are 4ab, and -ab/2 of that is -2ab.
  const half = f32x4.splat(-0.5);
  a0 = f32x4.mul(a0, half);
  a1 = f32x4.mul(a1, half);
  b0 = f32x4.mul(b0, half);
  b1 = f32x4.mul(b1, half);
  c0 = f32x4.mul(c0, half);
  c1 = f32x4.mul(c1, half);
  e0 = f32x4.mul(e0, half);
  e1 = f32x4.mul(e1, half);
  const far = v128.and(
    v128.and(farFromBoth(a0, a1, fourPlace, eightPlace, both), farFromBoth(b0, b1, fourPlace + 1, eightPlace, both)),
    v128.and(farFromBoth(c0, c1, fourPlace + 2, eightPlace, both), farFromBoth(e0, e1, fourPlace + 3, eightPlace, both)),
  );
  if (i32x4.all_true(far)) return;
  v128.store(scratchAt, a0);
  v128.store(scratchAt, a1, 16);
  v128.store(scratchAt, b0, 32);
  v128.store(scratchAt, b1, 48);
  v128.store(scratchAt, c0, 64);
  v128.store(scratchAt, c1, 80);
  v128.store(scratchAt, e0, 96);
  v128.store(scratchAt, e1, 112);
  offerPairs(fourPlace, eightPlace, both);
}

/** All ones where a pair is beyond the limit of its first row and, when `both`, of its second. */
// @ts-ignore: decorator
@inline
function farFromBoth(low: v128, high: v128, first: usize, second: usize, both: bool): v128 {
  const bases = basesAt + (second << 2);
  const limit = v128.load32_splat(leafLimitsAt + (first << 2));
  const far = v128.and(f32x4.gt(f32x4.add(low, v128.load(bases)), limit), f32x4.gt(f32x4.add(high, v128.load(bases, 16)), limit));
  if (!both) return far;
  const limits = leafLimitsAt + (second << 2);
  const base = v128.load32_splat(basesAt + (first << 2));
  const farToo = v128.and(f32x4.gt(f32x4.add(low, base), v128.load(limits)), f32x4.gt(f32x4.add(high, base), v128.load(limits, 16)));
  return v128.and(far, farToo);
}

/** Goes through the sums of a tile, four at a time, as most fours have no near pair. */
function offerPairs(fourPlace: usize, eightPlace: usize, both: bool): void {
  for (let i: usize = 0; i < 8; i++) {
    const first = fourPlace + (i >> 1);
    const second = eightPlace + ((i & 1) << 2);
    const sums = v128.load(scratchAt + (i << 4));
    const limit = v128.load32_splat(leafLimitsAt + (first << 2));
    let far = i32x4.bitmask(f32x4.gt(f32x4.add(sums, v128.load(basesAt + (second << 2))), limit));
    if (both) {
      const base = v128.load32_splat(basesAt + (first << 2));
      far &= i32x4.bitmask(f32x4.gt(f32x4.add(sums, base), v128.load(leafLimitsAt + (second << 2))));
    }
    if (far == 15) continue;
    for (let near = ~far & 15; near != 0; near &= near - 1) {
      const lane = <usize>ctz(near);
      offerPair(first, second + lane, load<f32>(scratchAt + (i << 4) + (lane << 2)), both);
    }
  }
}

function offerPair(first: usize, second: usize, sum: f32, both: bool): void {
  if (first >= rowCount || second >= rowCount) return;
  if (!(sum + load<f32>(basesAt + (second << 2)) > load<f32>(leafLimitsAt + (first << 2)))) offer(first, second);
  if (!both) return;
  if (!(sum + load<f32>(basesAt + (first << 2)) > load<f32>(leafLimitsAt + (second << 2)))) offer(second, first);
}
