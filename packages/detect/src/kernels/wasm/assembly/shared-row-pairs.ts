/** Pairs: searches the rows among themselves, each pair once for both rows. Euclidean only; part of the neighbour family. */

import {
  basesAt,
  blockColumnBytes,
  blockCount,
  blocksAt,
  cellsAt,
  countsAt,
  exactSlack,
  groupColumnBytes,
  groupsOf,
  lanes,
  leafLimitsAt,
  multiplyAdd,
  normLowsAt,
  normSlacksAt,
  offer,
  roundedUp,
  rowCount,
  scale,
  scratchAt,
  slacksOf,
  takeRowsAsQueries,
  width,
} from "./shared-neighbour-lists";

/** For each block the largest limit of its rows. */
let blockLimitsAt: usize = 0;

/**
 * Makes the rows their own queries, each leaving itself out, and starts their lists.
 * `limits`: for each place a sum that its row's k-th neighbour is known not to exceed; `blockLimits`: room for a float32 a block.
 */
export function openPairs(limits: usize, blockLimits: usize): void {
  takeRowsAsQueries(0);
  blockLimitsAt = blockLimits;
  const factor = scale * scale * exactSlack;
  let most = -Infinity;
  for (let place: usize = 0; place < blockCount * lanes; place++) {
    const low = <f64>load<f32>(basesAt + (place << 2));
    let limit = -Infinity;
    if (place < rowCount) limit = load<f64>(limits + (place << 3)) * factor;
    most = (place & (lanes - 1)) == 0 ? limit : max(most, limit);
    store<f32>(blockLimits + ((place / lanes) << 2), roundedUp(most));
    store<f64>(normLowsAt + (place << 4), low);
    store<f64>(normSlacksAt + (place << 4), 0);
    store<f32>(leafLimitsAt + (place << 2), roundedUp(limit - low));
    store<i32>(countsAt + (place << 2), 0);
  }
}

/** Blocks `first` to `end`, each with the blocks `firstStep` to `endStep` after it, in a circle. */
export function searchPairs(first: usize, end: usize, firstStep: usize, endStep: usize): void {
  for (let block = first; block < end; block++) {
    const limit = load<f32>(blockLimitsAt + (block << 2));
    let boundedGroup: usize = usize.MAX_VALUE;
    for (let step = firstStep; step < endStep; step++) {
      // Half way round the circle each pair of blocks would come twice.
      if (step << 1 == blockCount && block >= step) continue;
      const other = block + step < blockCount ? block + step : block + step - blockCount;
      if (other >> 3 != boundedGroup) {
        boundedGroup = other >> 3;
        boundBoxes(block, boundedGroup);
      }
      if (load<f32>(cellsAt + ((other & 7) << 2)) > max(limit, load<f32>(blockLimitsAt + (other << 2)))) continue;
      for (let four: usize = 0; four < lanes; four += 4) {
        for (let part: usize = 0; part < lanes; part += 8) pairTile(block * lanes + four, other * lanes + part, step != 0);
      }
    }
  }
}

/** Writes lower bounds of the float32 sums between the box of a block and the eight of a group, less both their shares of the error. */
function boundBoxes(block: usize, group: usize): void {
  let at = groupsOf(1) + group * width * groupColumnBytes;
  const end = at + width * groupColumnBytes;
  let own = groupsOf(1) + (block >> 3) * width * groupColumnBytes + ((block & 7) << 2);
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  const zero = f32x4.splat(0);
  for (; at < end; at += groupColumnBytes, own += groupColumnBytes) {
    const low = v128.load32_splat(own);
    const high = v128.load32_splat(own, 32);
    const g0 = f32x4.pmax(f32x4.pmax(f32x4.sub(v128.load(at), high), f32x4.sub(low, v128.load(at, 32))), zero);
    const g1 = f32x4.pmax(f32x4.pmax(f32x4.sub(v128.load(at, 16), high), f32x4.sub(low, v128.load(at, 48))), zero);
    s0 = multiplyAdd(g0, g0, s0);
    s1 = multiplyAdd(g1, g1, s1);
  }
  const slacks = slacksOf(1) + (group << 5);
  const slack = v128.load32_splat(slacksOf(1) + (block << 2));
  v128.store(cellsAt, f32x4.sub(f32x4.sub(s0, v128.load(slacks)), slack));
  v128.store(cellsAt, f32x4.sub(f32x4.sub(s1, v128.load(slacks, 16)), slack), 16);
}

/** Four rows against 8: each sum serves both rows of its pair; within a block every pair comes twice anyway. */
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
