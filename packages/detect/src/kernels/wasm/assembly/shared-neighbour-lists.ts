/** The rows, the boxes around them, and the lists of neighbours that searches fill (see neighbour.ts). */

export const lanes: usize = 32;
export const blockColumnBytes: usize = lanes * 4;
/** Eight lowest and eight highest corners. */
export const groupColumnBytes: usize = 64;
export const euclidean: i32 = 0;
export const manhattan: i32 = 1;
/** Covers values that underflow in float32: (2 sqrt(d) 2^-149)^2 and its like, with room. */
const tiny: f64 = 1e-36;
/** Rounding of the float64 sum itself. */
export const exactSlack: f64 = 1.0 + 1e-9;
/** Queries farther out than this many radii of the rows, squared, are not pruned: float32 could not tell rows apart. */
const normMax: f64 = 1e12;
/** With a larger share of error (some 400,000 columns), sums say nothing of how far rows can be. */
const errorShareMax: f64 = 0.05;

export let rowCount: usize = 0;
export let width: usize = 0;
export let blockCount: usize = 0;
export let metric: i32 = 0;
export let scale: f64 = 1;
let errorShare: f64 = 0;
/** float64 rows in tree order; their own indexes; the centre of each column. */
export let rowsAt: usize = 0;
export let idsAt: usize = 0;
let centersAt: usize = 0;
export let blocksAt: usize = 0;
/** Added to a row's float32 sums: a lower bound of its squared norm (euclidean), or minus its share of the error. */
export let basesAt: usize = 0;
/** For each level, from level 1: address of its groups, of their slacks, and the number of parts they hold. */
let levelsAt: usize = 0;
export let topLevel: usize = 0;

export function setShape(n: usize, d: usize, kind: i32, factor: f64): void {
  rowCount = n;
  width = d;
  blockCount = (n + lanes - 1) / lanes;
  metric = kind;
  scale = factor;
  errorShare = (2.0 * <f64>d + 16.0) * 5.9604644775390625e-8;
}

export function setRows(rows: usize, ids: usize, centers: usize, blocks: usize, bases: usize): void {
  rowsAt = rows;
  idsAt = ids;
  centersAt = centers;
  blocksAt = blocks;
  basesAt = bases;
}

export function setLevels(levels: usize, top: usize): void {
  levelsAt = levels;
  topLevel = top;
}

// @ts-ignore: decorator
@inline
export function groupsOf(level: usize): usize {
  return <usize>load<i32>(levelsAt + level * 12 - 12);
}

// @ts-ignore: decorator
@inline
export function slacksOf(level: usize): usize {
  return <usize>load<i32>(levelsAt + level * 12 - 8);
}

// @ts-ignore: decorator
@inline
export function partCountOf(level: usize): usize {
  return <usize>load<i32>(levelsAt + level * 12 - 4);
}

/** Fills blocks and bases from the rows. */
export function buildBlocks(): void {
  for (let place: usize = 0; place < blockCount * lanes; place++) {
    const column0 = blocksAt + (place / lanes) * width * blockColumnBytes + ((place & (lanes - 1)) << 2);
    if (place >= rowCount) {
      for (let column: usize = 0; column < width; column++) store<f32>(column0 + column * blockColumnBytes, 0);
      store<f32>(basesAt + (place << 2), Infinity);
      continue;
    }
    let norm: f64 = 0;
    for (let column: usize = 0; column < width; column++) {
      const value = centred(rowsAt + ((place * width + column) << 3), column);
      store<f32>(column0 + column * blockColumnBytes, metric == euclidean ? -2.0 * value : value);
      norm = addToNorm(norm, <f64>value);
    }
    const base = metric == euclidean ? norm * (1.0 - errorShare) : -errorShare * norm;
    store<f32>(basesAt + (place << 2), roundedDown(base));
  }
}

// @ts-ignore: decorator
@inline
function centred(address: usize, column: usize): f32 {
  return <f32>((load<f64>(address) - load<f64>(centersAt + (column << 3))) * scale);
}

// @ts-ignore: decorator
@inline
function addToNorm(norm: f64, value: f64): f64 {
  if (metric == euclidean) return norm + value * value;
  return metric == manhattan ? norm + abs(value) : max(norm, abs(value));
}

// @ts-ignore: decorator
@inline
export function roundedUp(value: f64): f32 {
  return <f32>(value + abs(value) * 1.2e-7 + tiny);
}

// @ts-ignore: decorator
@inline
function roundedDown(value: f64): f32 {
  return <f32>(value - abs(value) * 1.2e-7 - tiny);
}

/** Boxes around blocks, then around groups, level by level. Lanes without a part stay undefined and are never used. */
export function buildLevels(): void {
  for (let level: usize = 1; level <= topLevel; level++) {
    const groups = groupsOf(level);
    const slacks = slacksOf(level);
    const partCount = partCountOf(level);
    for (let part: usize = 0; part < partCount; part++) {
      const corners = groups + (part >> 3) * width * groupColumnBytes + ((part & 7) << 2);
      let norm: f64 = 0;
      for (let column: usize = 0; column < width; column++) {
        const low = level == 1 ? blockCorner(part, column, false) : groupCorner(level - 1, part, column, false);
        const high = level == 1 ? blockCorner(part, column, true) : groupCorner(level - 1, part, column, true);
        store<f32>(corners + column * groupColumnBytes, low);
        store<f32>(corners + column * groupColumnBytes, high, 32);
        norm = addToNorm(norm, <f64>max(abs(low), abs(high)));
      }
      store<f32>(slacks + (part << 2), roundedUp(errorShare * norm));
    }
  }
}

function blockCorner(block: usize, column: usize, highest: bool): f32 {
  const count = min(lanes, rowCount - block * lanes);
  const factor: f32 = metric == euclidean ? -0.5 : 1.0;
  const at = blocksAt + (block * width + column) * blockColumnBytes;
  let corner = load<f32>(at) * factor;
  for (let lane: usize = 1; lane < count; lane++) {
    const value = load<f32>(at + (lane << 2)) * factor;
    corner = highest ? max(corner, value) : min(corner, value);
  }
  return corner;
}

function groupCorner(level: usize, group: usize, column: usize, highest: bool): f32 {
  const count = min(8, partCountOf(level) - (group << 3));
  const at = groupsOf(level) + (group * width + column) * groupColumnBytes + (highest ? 32 : 0);
  let corner = load<f32>(at);
  for (let lane: usize = 1; lane < count; lane++) {
    const value = load<f32>(at + (lane << 2));
    corner = highest ? max(corner, value) : min(corner, value);
  }
  return corner;
}

/* ---- queries -------------------------------------------------------------------------------------------------- */

export let k: usize = 0;
let queriesAt: usize = 0;
let excludedAt: usize = 0;
let sumsAt: usize = 0;
let foundAt: usize = 0;
export let countsAt: usize = 0;
/** float32 form of the queries: rows for the tree, fours of queries column by column for the scan. */
export let narrowAt: usize = 0;
export let leafLimitsAt: usize = 0;
export let nodeLimitsAt: usize = 0;
/** Subtracted from the limit for blocks, and added to it for nodes. */
export let normLowsAt: usize = 0;
export let normSlacksAt: usize = 0;
export let scratchAt: usize = 0;
export let stackAt: usize = 0;
/** Sums of a query and the 256 rows of a group. */
export let homeSumsAt: usize = 0;
/** The least of them in sets of rows; or the bounds of eight boxes. */
export let cellsAt: usize = 0;

export function setQueries(neighbours: usize, queries: usize, excluded: usize, sums: usize, found: usize, counts: usize): void {
  k = neighbours;
  queriesAt = queries;
  excludedAt = excluded;
  sumsAt = sums;
  foundAt = found;
  countsAt = counts;
}

/** Makes the rows in tree order, from `start` on, the queries; each leaves itself out. */
export function takeRowsAsQueries(start: usize): void {
  queriesAt = rowsAt + ((start * width) << 3);
  excludedAt = idsAt + (start << 2);
}

export function setWorkspace(narrow: usize, leafLimits: usize, nodeLimits: usize, normLows: usize, scratch: usize, stack: usize): void {
  narrowAt = narrow;
  leafLimitsAt = leafLimits;
  nodeLimitsAt = nodeLimits;
  normLowsAt = normLows;
  normSlacksAt = normLows + 8;
  scratchAt = scratch;
  homeSumsAt = scratch + lanes * 4;
  cellsAt = homeSumsAt + 8 * lanes * 4;
  stackAt = stack;
}

/** Writes query values to `narrow` at `step` bytes a column; starts its limits at infinity. @returns its norm, squared if euclidean. */
export function openQuery(query: usize, narrow: usize, step: usize): f64 {
  let norm: f64 = 0;
  for (let column: usize = 0; column < width; column++) {
    const value = centred(queriesAt + ((query * width + column) << 3), column);
    store<f32>(narrow + column * step, value);
    norm = addToNorm(norm, <f64>value);
  }
  let low = metric == euclidean ? norm * (1.0 - errorShare) : -errorShare * norm;
  let slack = errorShare * norm;
  if (!(norm < normMax)) {
    for (let column: usize = 0; column < width; column++) store<f32>(narrow + column * step, 0);
    low = -Infinity;
    slack = Infinity;
  }
  store<f64>(normLowsAt + (query << 4), low);
  store<f64>(normSlacksAt + (query << 4), slack);
  store<f32>(leafLimitsAt + (query << 2), Infinity);
  store<f32>(nodeLimitsAt + (query << 2), Infinity);
  store<i32>(countsAt + (query << 2), 0);
  return norm;
}

/**
 * Sets the limits of a query of norm A by a float32 sum s that k rows do not exceed. A bound of their distance r follows as
 * that for pruning does, from the other side: r^2 <= s + A^2 (1 + e) + 3e B^2, where 3e covers the rounding of the bases,
 * too, and B^2 <= 2 A^2 + 2 r^2. For the other metrics r <= s + eA + 3eB, and B <= A + r.
 */
export function setLimitFrom(query: usize, norm: f64, sum: f32): void {
  // Queries too far out for float32 have no use for their sums.
  if (!(norm < normMax) || !(sum < Infinity) || !(errorShare < errorShareMax)) return;
  const bound =
    metric == euclidean
      ? (<f64>sum + norm * (1.0 + 7.0 * errorShare)) / (1.0 - 6.0 * errorShare)
      : (<f64>sum + norm * 4.0 * errorShare) / (1.0 - 3.0 * errorShare);
  setLimits(query, max(bound, 0) + 4.0 * tiny);
}

/** The reference's sum: float64, columns in order. */
function exactSum(query: usize, place: usize): f64 {
  const q = queriesAt + ((query * width) << 3);
  const r = rowsAt + ((place * width) << 3);
  const end = width << 3;
  let sum: f64 = 0;
  if (metric == euclidean) {
    for (let at: usize = 0; at < end; at += 8) {
      const difference = load<f64>(q + at) - load<f64>(r + at);
      sum += difference * difference;
    }
  } else if (metric == manhattan) {
    for (let at: usize = 0; at < end; at += 8) sum += abs(load<f64>(q + at) - load<f64>(r + at));
  } else {
    for (let at: usize = 0; at < end; at += 8) sum = max(sum, abs(load<f64>(q + at) - load<f64>(r + at)));
  }
  return sum;
}

/** Puts a row among the k best of a query if it belongs there: by sum, then by index. */
export function offer(query: usize, place: usize): void {
  const id = load<i32>(idsAt + (place << 2));
  if (id == load<i32>(excludedAt + (query << 2))) return;
  const sum = exactSum(query, place);
  const sums = sumsAt + ((query * k) << 3);
  const found = foundAt + ((query * k) << 2);
  let count = <usize>load<i32>(countsAt + (query << 2));
  let at = count;
  if (count == k) {
    at = k - 1;
    const last = load<f64>(sums + (at << 3));
    if (sum > last || (sum == last && id > load<i32>(found + (at << 2)))) return;
  } else {
    store<i32>(countsAt + (query << 2), <i32>++count);
  }
  for (; at > 0; at--) {
    const before = load<f64>(sums + ((at - 1) << 3));
    const beforeId = load<i32>(found + ((at - 1) << 2));
    if (before < sum || (before == sum && beforeId < id)) break;
    store<f64>(sums + (at << 3), before);
    store<i32>(found + (at << 2), beforeId);
  }
  store<f64>(sums + (at << 3), sum);
  store<i32>(found + (at << 2), id);
  if (count == k) tighten(query, load<f64>(sums + ((k - 1) << 3)));
}

/** Sums become distances. */
export function takeRoots(count: usize): void {
  for (let at = sumsAt, end = sumsAt + (count << 3); at < end; at += 8) store<f64>(at, sqrt(load<f64>(at)));
}

/** Moves the lists together, so that no gaps are between them. @returns how many entries they have in all. */
export function closeLists(queryCount: usize): usize {
  let total: usize = 0;
  for (let query: usize = 0; query < queryCount; query++) {
    const count = <usize>load<i32>(countsAt + (query << 2));
    memory.copy(sumsAt + (total << 3), sumsAt + ((query * k) << 3), count << 3);
    memory.copy(foundAt + (total << 2), foundAt + ((query * k) << 2), count << 2);
    total += count;
  }
  return total;
}

function tighten(query: usize, worst: f64): void {
  setLimits(query, worst * (metric == euclidean ? scale * scale : scale));
}

/** `bound`: scaled. */
// @ts-ignore: decorator
@inline
function setLimits(query: usize, bound: f64): void {
  const limit = bound * exactSlack;
  store<f32>(leafLimitsAt + (query << 2), roundedUp(limit - load<f64>(normLowsAt + (query << 4))));
  store<f32>(nodeLimitsAt + (query << 2), roundedUp(limit + load<f64>(normSlacksAt + (query << 4))));
}

/** Offers the rows whose float32 sums, kept at `sums`, do not exceed the query's limit; four at a time, as most are far. */
export function offerLanes(query: usize, place: usize, sums: usize, count: usize): void {
  const limitAt = leafLimitsAt + (query << 2);
  for (let start: usize = 0; start < count; start += 4) {
    const far = i32x4.bitmask(f32x4.gt(v128.load(sums + (start << 2)), v128.load32_splat(limitAt)));
    for (let near = ~far & 15; near != 0; near &= near - 1) {
      const lane = start + <usize>ctz(near);
      // The limit may have shrunk since.
      if (load<f32>(sums + (lane << 2)) > load<f32>(limitAt) || place + lane >= rowCount) continue;
      offer(query, place + lane);
    }
  }
}

// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

