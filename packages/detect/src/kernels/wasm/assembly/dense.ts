/**
 * Sums of products, quadratic forms, distances to centres and sums of Gaussians in float64 SIMD.
 *
 * Every sum runs in the order of the plain loops; two lanes are always two different results. No multiply-add is
 * fused, since that would give other bits.
 */

/** Rows centred at a time in `addScatter`: with a few dozen columns they stay in the first-level cache. */
const chunkRowCount: usize = 64;

/**
 * Adds rows to sums about a centre.
 *
 *     rows      n x d                weights   n, or 0 for none
 *     center    d                    sums      w = d rounded up to 4, zeros beyond d
 *     products  w x w                scratch   2 x chunkRowCount x w
 *
 * Products are kept in tiles of 4 x 4 that live in registers while the chunk's rows pass by.
 */
export function addScatter(
  rows: usize,
  rowCount: usize,
  columnCount: usize,
  weights: usize,
  center: usize,
  sums: usize,
  products: usize,
  scratch: usize,
): void {
  const width: usize = (columnCount + 3) & ~3;
  const weighted = weights == 0 ? scratch : scratch + ((chunkRowCount * width) << 3);
  memory.fill(scratch, 0, (2 * chunkRowCount * width) << 3);
  for (let start: usize = 0; start < rowCount; start += chunkRowCount) {
    const count = min<usize>(chunkRowCount, rowCount - start);
    for (let row: usize = 0; row < count; row++) {
      const from = rows + (((start + row) * columnCount) << 3);
      const to = (row * width) << 3;
      for (let j: usize = 0; j < columnCount; j++) {
        const centered = load<f64>(from + (j << 3)) - load<f64>(center + (j << 3));
        store<f64>(scratch + to + (j << 3), centered);
        if (weights != 0) store<f64>(weighted + to + (j << 3), load<f64>(weights + ((start + row) << 3)) * centered);
      }
    }
    for (let j: usize = 0; j < width; j += 4) {
      addSums(weighted + (j << 3), sums + (j << 3), count, width);
      for (let k = j; k < width; k += 4) {
        addTile(weighted + (j << 3), scratch + (k << 3), products + ((j * width + k) << 3), count, width);
      }
    }
  }
}

function addSums(weighted: usize, sums: usize, count: usize, width: usize): void {
  const step = width << 3;
  let a = v128.load(sums);
  let b = v128.load(sums, 16);
  for (let end = weighted + count * step; weighted < end; weighted += step) {
    a = f64x2.add(a, v128.load(weighted));
    b = f64x2.add(b, v128.load(weighted, 16));
  }
  v128.store(sums, a);
  v128.store(sums, b, 16);
}

function addTile(left: usize, right: usize, tile: usize, count: usize, width: usize): void {
  const step = width << 3;
  const tile1 = tile + step;
  const tile2 = tile1 + step;
  const tile3 = tile2 + step;
  let a0 = v128.load(tile);
  let a1 = v128.load(tile, 16);
  let b0 = v128.load(tile1);
  let b1 = v128.load(tile1, 16);
  let c0 = v128.load(tile2);
  let c1 = v128.load(tile2, 16);
  let d0 = v128.load(tile3);
  let d1 = v128.load(tile3, 16);
  for (let end = left + count * step; left < end; left += step, right += step) {
    const r0 = v128.load(right);
    const r1 = v128.load(right, 16);
    const a = v128.load_splat<f64>(left);
    a0 = f64x2.add(a0, f64x2.mul(a, r0));
    a1 = f64x2.add(a1, f64x2.mul(a, r1));
    const b = v128.load_splat<f64>(left, 8);
    b0 = f64x2.add(b0, f64x2.mul(b, r0));
    b1 = f64x2.add(b1, f64x2.mul(b, r1));
    const c = v128.load_splat<f64>(left, 16);
    c0 = f64x2.add(c0, f64x2.mul(c, r0));
    c1 = f64x2.add(c1, f64x2.mul(c, r1));
    const d = v128.load_splat<f64>(left, 24);
    d0 = f64x2.add(d0, f64x2.mul(d, r0));
    d1 = f64x2.add(d1, f64x2.mul(d, r1));
  }
  v128.store(tile, a0);
  v128.store(tile, a1, 16);
  v128.store(tile1, b0);
  v128.store(tile1, b1, 16);
  v128.store(tile2, c0);
  v128.store(tile2, c1, 16);
  v128.store(tile3, d0);
  v128.store(tile3, d1, 16);
}

/**
 * Squared lengths of `factor (x - center)`, eight rows at a time.
 *
 *     rows     n x d, n a multiple of 8    center  d
 *     factor   k x d                       out     n
 *     scratch  d x 8: the eight rows centred, a column of them side by side
 */
export function squaredNorms(
  rows: usize,
  rowCount: usize,
  columnCount: usize,
  center: usize,
  factor: usize,
  factorCount: usize,
  out: usize,
  scratch: usize,
): void {
  const rowBytes = columnCount << 3;
  for (let row: usize = 0; row < rowCount; row += 8) {
    const from = rows + row * rowBytes;
    for (let j: usize = 0; j < columnCount; j++) {
      const middle = load<f64>(center + (j << 3));
      let at = from + (j << 3);
      const to = scratch + (j << 6);
      store<f64>(to, load<f64>(at) - middle);
      at += rowBytes;
      store<f64>(to, load<f64>(at) - middle, 8);
      at += rowBytes;
      store<f64>(to, load<f64>(at) - middle, 16);
      at += rowBytes;
      store<f64>(to, load<f64>(at) - middle, 24);
      at += rowBytes;
      store<f64>(to, load<f64>(at) - middle, 32);
      at += rowBytes;
      store<f64>(to, load<f64>(at) - middle, 40);
      at += rowBytes;
      store<f64>(to, load<f64>(at) - middle, 48);
      at += rowBytes;
      store<f64>(to, load<f64>(at) - middle, 56);
    }
    normsOfEight(scratch, columnCount, factor, factorCount, out + (row << 3));
  }
}

function normsOfEight(scratch: usize, columnCount: usize, factor: usize, factorCount: usize, out: usize): void {
  let n0 = f64x2.splat(0);
  let n1 = f64x2.splat(0);
  let n2 = f64x2.splat(0);
  let n3 = f64x2.splat(0);
  const rowBytes = columnCount << 3;
  const end = scratch + (columnCount << 6);
  let k: usize = 0;
  for (; k + 2 <= factorCount; k += 2, factor += rowBytes << 1) {
    let a0 = f64x2.splat(0);
    let a1 = f64x2.splat(0);
    let a2 = f64x2.splat(0);
    let a3 = f64x2.splat(0);
    let b0 = f64x2.splat(0);
    let b1 = f64x2.splat(0);
    let b2 = f64x2.splat(0);
    let b3 = f64x2.splat(0);
    let left = factor;
    let right = factor + rowBytes;
    for (let at = scratch; at < end; at += 64, left += 8, right += 8) {
      const a = v128.load_splat<f64>(left);
      const b = v128.load_splat<f64>(right);
      const x0 = v128.load(at);
      a0 = f64x2.add(a0, f64x2.mul(x0, a));
      b0 = f64x2.add(b0, f64x2.mul(x0, b));
      const x1 = v128.load(at, 16);
      a1 = f64x2.add(a1, f64x2.mul(x1, a));
      b1 = f64x2.add(b1, f64x2.mul(x1, b));
      const x2 = v128.load(at, 32);
      a2 = f64x2.add(a2, f64x2.mul(x2, a));
      b2 = f64x2.add(b2, f64x2.mul(x2, b));
      const x3 = v128.load(at, 48);
      a3 = f64x2.add(a3, f64x2.mul(x3, a));
      b3 = f64x2.add(b3, f64x2.mul(x3, b));
    }
    n0 = f64x2.add(f64x2.add(n0, f64x2.mul(a0, a0)), f64x2.mul(b0, b0));
    n1 = f64x2.add(f64x2.add(n1, f64x2.mul(a1, a1)), f64x2.mul(b1, b1));
    n2 = f64x2.add(f64x2.add(n2, f64x2.mul(a2, a2)), f64x2.mul(b2, b2));
    n3 = f64x2.add(f64x2.add(n3, f64x2.mul(a3, a3)), f64x2.mul(b3, b3));
  }
  if (k < factorCount) {
    let a0 = f64x2.splat(0);
    let a1 = f64x2.splat(0);
    let a2 = f64x2.splat(0);
    let a3 = f64x2.splat(0);
    for (let at = scratch; at < end; at += 64, factor += 8) {
      const a = v128.load_splat<f64>(factor);
      a0 = f64x2.add(a0, f64x2.mul(v128.load(at), a));
      a1 = f64x2.add(a1, f64x2.mul(v128.load(at, 16), a));
      a2 = f64x2.add(a2, f64x2.mul(v128.load(at, 32), a));
      a3 = f64x2.add(a3, f64x2.mul(v128.load(at, 48), a));
    }
    n0 = f64x2.add(n0, f64x2.mul(a0, a0));
    n1 = f64x2.add(n1, f64x2.mul(a1, a1));
    n2 = f64x2.add(n2, f64x2.mul(a2, a2));
    n3 = f64x2.add(n3, f64x2.mul(a3, a3));
  }
  v128.store(out, n0);
  v128.store(out, n1, 16);
  v128.store(out, n2, 32);
  v128.store(out, n3, 48);
}

/**
 * Squared distances of rows to centres.
 *
 *     tiles  tileCount x d x 8: eight centres side by side; those that pad the last tile are infinite, and infinitely far
 *     rows   n x d        out  n x (tileCount x 8)
 */
export function squaredDistances(
  tiles: usize,
  tileCount: usize,
  columnCount: usize,
  rows: usize,
  rowCount: usize,
  out: usize,
): void {
  const tileBytes = columnCount << 6;
  const rowBytes = columnCount << 3;
  for (const rowEnd = rows + rowCount * rowBytes; rows < rowEnd; rows += rowBytes) {
    const row = rows;
    let tile = tiles;
    for (let t: usize = 0; t < tileCount; t++, out += 64) {
      let a0 = f64x2.splat(0);
      let a1 = f64x2.splat(0);
      let a2 = f64x2.splat(0);
      let a3 = f64x2.splat(0);
      let value = row;
      for (const end = tile + tileBytes; tile < end; tile += 64, value += 8) {
        const x = v128.load_splat<f64>(value);
        const d0 = f64x2.sub(x, v128.load(tile));
        a0 = f64x2.add(a0, f64x2.mul(d0, d0));
        const d1 = f64x2.sub(x, v128.load(tile, 16));
        a1 = f64x2.add(a1, f64x2.mul(d1, d1));
        const d2 = f64x2.sub(x, v128.load(tile, 32));
        a2 = f64x2.add(a2, f64x2.mul(d2, d2));
        const d3 = f64x2.sub(x, v128.load(tile, 48));
        a3 = f64x2.add(a3, f64x2.mul(d3, d3));
      }
      v128.store(out, a0);
      v128.store(out, a1, 16);
      v128.store(out, a2, 32);
      v128.store(out, a3, 48);
    }
  }
}

/**
 * The nearest centre of each row (int32, the first of equals), and squared distances to it and to the nearest other.
 * Tiles and rows as in `squaredDistances`.
 */
export function nearestCenters(
  tiles: usize,
  tileCount: usize,
  columnCount: usize,
  rows: usize,
  rowCount: usize,
  nearests: usize,
  leasts: usize,
  nexts: usize,
): void {
  const tileBytes = columnCount << 6;
  const rowBytes = columnCount << 3;
  const infinity = f64x2.splat(Infinity);
  for (const rowEnd = rows + rowCount * rowBytes; rows < rowEnd; rows += rowBytes) {
    const row = rows;
    let tile = tiles;
    let nearest: i32 = 0;
    let least: f64 = Infinity;
    let next: f64 = Infinity;
    for (let t: i32 = 0; t < <i32>tileCount; t++) {
      let a0 = f64x2.splat(0);
      let a1 = f64x2.splat(0);
      let a2 = f64x2.splat(0);
      let a3 = f64x2.splat(0);
      let value = row;
      for (const end = tile + tileBytes; tile < end; tile += 64, value += 8) {
        const x = v128.load_splat<f64>(value);
        const d0 = f64x2.sub(x, v128.load(tile));
        a0 = f64x2.add(a0, f64x2.mul(d0, d0));
        const d1 = f64x2.sub(x, v128.load(tile, 16));
        a1 = f64x2.add(a1, f64x2.mul(d1, d1));
        const d2 = f64x2.sub(x, v128.load(tile, 32));
        a2 = f64x2.add(a2, f64x2.mul(d2, d2));
        const d3 = f64x2.sub(x, v128.load(tile, 48));
        a3 = f64x2.add(a3, f64x2.mul(d3, d3));
      }
      const both = leastOfLanes(a0, a1, a2, a3);
      const m0 = f64x2.eq(a0, both);
      const m1 = f64x2.eq(a1, both);
      const m2 = f64x2.eq(a2, both);
      const m3 = f64x2.eq(a3, both);
      const where = i64x2.bitmask(m0) | (i64x2.bitmask(m1) << 2) | (i64x2.bitmask(m2) << 4) | (i64x2.bitmask(m3) << 6);
      // The least of the others: without the lanes that hold the least, unless several do.
      const others = leastOfLanes(
        v128.bitselect(infinity, a0, m0),
        v128.bitselect(infinity, a1, m1),
        v128.bitselect(infinity, a2, m2),
        v128.bitselect(infinity, a3, m3),
      );
      const tileLeast = f64x2.extract_lane(both, 0);
      const tileNext = (where & (where - 1)) != 0 ? tileLeast : f64x2.extract_lane(others, 0);
      if (tileLeast < least) {
        next = least < tileNext ? least : tileNext;
        least = tileLeast;
        nearest = (t << 3) + ctz(where);
      } else if (tileLeast < next) next = tileLeast;
    }
    store<i32>(nearests, nearest);
    store<f64>(leasts, least);
    store<f64>(nexts, next);
    nearests += 4;
    leasts += 8;
    nexts += 8;
  }
}

/** The least of eight numbers, in both lanes. */
// @ts-ignore: decorator
@inline
function leastOfLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const least = f64x2.pmin(f64x2.pmin(a, b), f64x2.pmin(c, d));
  return f64x2.pmin(least, v128.shuffle<i64>(least, least, 1, 0));
}

/**
 * Sums of exp(shift - factor * squared distance) over points.
 *
 *     tiles   tileCount x d x 8: eight points side by side; points that pad the last tile are infinite, and add 0
 *     rows    n x d        shifts  n        out  n, added to in the order of the points
 */
export function gaussianSums(
  tiles: usize,
  tileCount: usize,
  columnCount: usize,
  rows: usize,
  rowCount: usize,
  factor: f64,
  shifts: usize,
  out: usize,
): void {
  const tileBytes = columnCount << 6;
  for (let end = tiles + tileCount * tileBytes; tiles < end; tiles += tileBytes) {
    for (let row: usize = 0; row < rowCount; row++) {
      let a0 = f64x2.splat(0);
      let a1 = f64x2.splat(0);
      let a2 = f64x2.splat(0);
      let a3 = f64x2.splat(0);
      let value = rows + ((row * columnCount) << 3);
      for (let at = tiles; at < tiles + tileBytes; at += 64, value += 8) {
        const x = v128.load_splat<f64>(value);
        const d0 = f64x2.sub(x, v128.load(at));
        a0 = f64x2.add(a0, f64x2.mul(d0, d0));
        const d1 = f64x2.sub(x, v128.load(at, 16));
        a1 = f64x2.add(a1, f64x2.mul(d1, d1));
        const d2 = f64x2.sub(x, v128.load(at, 32));
        a2 = f64x2.add(a2, f64x2.mul(d2, d2));
        const d3 = f64x2.sub(x, v128.load(at, 48));
        a3 = f64x2.add(a3, f64x2.mul(d3, d3));
      }
      // exp of all eight at once, so that each constant is made once; the steps are those of the reference.
      const scale = f64x2.splat(factor);
      const shift = v128.load_splat<f64>(shifts + (row << 3));
      const lowest = f64x2.splat(-708);
      const given0 = f64x2.sub(shift, f64x2.mul(scale, a0));
      const given1 = f64x2.sub(shift, f64x2.mul(scale, a1));
      const given2 = f64x2.sub(shift, f64x2.mul(scale, a2));
      const given3 = f64x2.sub(shift, f64x2.mul(scale, a3));
      const x0 = f64x2.pmax(given0, lowest);
      const x1 = f64x2.pmax(given1, lowest);
      const x2 = f64x2.pmax(given2, lowest);
      const x3 = f64x2.pmax(given3, lowest);
      const log2e = f64x2.splat(1.4426950408889634);
      const rounding = f64x2.splat(6755399441055744);
      const rounded0 = f64x2.add(f64x2.mul(x0, log2e), rounding);
      const rounded1 = f64x2.add(f64x2.mul(x1, log2e), rounding);
      const rounded2 = f64x2.add(f64x2.mul(x2, log2e), rounding);
      const rounded3 = f64x2.add(f64x2.mul(x3, log2e), rounding);
      const k0 = f64x2.sub(rounded0, rounding);
      const k1 = f64x2.sub(rounded1, rounding);
      const k2 = f64x2.sub(rounded2, rounding);
      const k3 = f64x2.sub(rounded3, rounding);
      const ln2High = f64x2.splat(0.6931471803691238);
      let r0 = f64x2.sub(x0, f64x2.mul(k0, ln2High));
      let r1 = f64x2.sub(x1, f64x2.mul(k1, ln2High));
      let r2 = f64x2.sub(x2, f64x2.mul(k2, ln2High));
      let r3 = f64x2.sub(x3, f64x2.mul(k3, ln2High));
      const ln2Low = f64x2.splat(1.9082149292705877e-10);
      r0 = f64x2.sub(r0, f64x2.mul(k0, ln2Low));
      r1 = f64x2.sub(r1, f64x2.mul(k1, ln2Low));
      r2 = f64x2.sub(r2, f64x2.mul(k2, ln2Low));
      r3 = f64x2.sub(r3, f64x2.mul(k3, ln2Low));
      let term = f64x2.splat(1.0 / 6227020800.0);
      const next = f64x2.splat(1.0 / 479001600.0);
      let e0 = f64x2.add(f64x2.mul(term, r0), next);
      let e1 = f64x2.add(f64x2.mul(term, r1), next);
      let e2 = f64x2.add(f64x2.mul(term, r2), next);
      let e3 = f64x2.add(f64x2.mul(term, r3), next);
      term = f64x2.splat(1.0 / 39916800.0);
      e0 = f64x2.add(f64x2.mul(e0, r0), term);
      e1 = f64x2.add(f64x2.mul(e1, r1), term);
      e2 = f64x2.add(f64x2.mul(e2, r2), term);
      e3 = f64x2.add(f64x2.mul(e3, r3), term);
      term = f64x2.splat(1.0 / 3628800.0);
      e0 = f64x2.add(f64x2.mul(e0, r0), term);
      e1 = f64x2.add(f64x2.mul(e1, r1), term);
      e2 = f64x2.add(f64x2.mul(e2, r2), term);
      e3 = f64x2.add(f64x2.mul(e3, r3), term);
      term = f64x2.splat(1.0 / 362880.0);
      e0 = f64x2.add(f64x2.mul(e0, r0), term);
      e1 = f64x2.add(f64x2.mul(e1, r1), term);
      e2 = f64x2.add(f64x2.mul(e2, r2), term);
      e3 = f64x2.add(f64x2.mul(e3, r3), term);
      term = f64x2.splat(1.0 / 40320.0);
      e0 = f64x2.add(f64x2.mul(e0, r0), term);
      e1 = f64x2.add(f64x2.mul(e1, r1), term);
      e2 = f64x2.add(f64x2.mul(e2, r2), term);
      e3 = f64x2.add(f64x2.mul(e3, r3), term);
      term = f64x2.splat(1.0 / 5040.0);
      e0 = f64x2.add(f64x2.mul(e0, r0), term);
      e1 = f64x2.add(f64x2.mul(e1, r1), term);
      e2 = f64x2.add(f64x2.mul(e2, r2), term);
      e3 = f64x2.add(f64x2.mul(e3, r3), term);
      term = f64x2.splat(1.0 / 720.0);
      e0 = f64x2.add(f64x2.mul(e0, r0), term);
      e1 = f64x2.add(f64x2.mul(e1, r1), term);
      e2 = f64x2.add(f64x2.mul(e2, r2), term);
      e3 = f64x2.add(f64x2.mul(e3, r3), term);
      term = f64x2.splat(1.0 / 120.0);
      e0 = f64x2.add(f64x2.mul(e0, r0), term);
      e1 = f64x2.add(f64x2.mul(e1, r1), term);
      e2 = f64x2.add(f64x2.mul(e2, r2), term);
      e3 = f64x2.add(f64x2.mul(e3, r3), term);
      term = f64x2.splat(1.0 / 24.0);
      e0 = f64x2.add(f64x2.mul(e0, r0), term);
      e1 = f64x2.add(f64x2.mul(e1, r1), term);
      e2 = f64x2.add(f64x2.mul(e2, r2), term);
      e3 = f64x2.add(f64x2.mul(e3, r3), term);
      term = f64x2.splat(1.0 / 6.0);
      e0 = f64x2.add(f64x2.mul(e0, r0), term);
      e1 = f64x2.add(f64x2.mul(e1, r1), term);
      e2 = f64x2.add(f64x2.mul(e2, r2), term);
      e3 = f64x2.add(f64x2.mul(e3, r3), term);
      term = f64x2.splat(1.0 / 2.0);
      e0 = f64x2.add(f64x2.mul(e0, r0), term);
      e1 = f64x2.add(f64x2.mul(e1, r1), term);
      e2 = f64x2.add(f64x2.mul(e2, r2), term);
      e3 = f64x2.add(f64x2.mul(e3, r3), term);
      term = f64x2.splat(1.0 / 1.0);
      e0 = f64x2.add(f64x2.mul(e0, r0), term);
      e1 = f64x2.add(f64x2.mul(e1, r1), term);
      e2 = f64x2.add(f64x2.mul(e2, r2), term);
      e3 = f64x2.add(f64x2.mul(e3, r3), term);
      term = f64x2.splat(1.0 / 1.0);
      e0 = f64x2.add(f64x2.mul(e0, r0), term);
      e1 = f64x2.add(f64x2.mul(e1, r1), term);
      e2 = f64x2.add(f64x2.mul(e2, r2), term);
      e3 = f64x2.add(f64x2.mul(e3, r3), term);
      // The low bits of `rounded` hold k: moved into the exponent field they make 2^k (bias 1023).
      const bias = i64x2.splat(1023);
      e0 = f64x2.mul(e0, i64x2.shl(i64x2.add(rounded0, bias), 52));
      e1 = f64x2.mul(e1, i64x2.shl(i64x2.add(rounded1, bias), 52));
      e2 = f64x2.mul(e2, i64x2.shl(i64x2.add(rounded2, bias), 52));
      e3 = f64x2.mul(e3, i64x2.shl(i64x2.add(rounded3, bias), 52));
      e0 = v128.and(e0, f64x2.ge(given0, lowest));
      e1 = v128.and(e1, f64x2.ge(given1, lowest));
      e2 = v128.and(e2, f64x2.ge(given2, lowest));
      e3 = v128.and(e3, f64x2.ge(given3, lowest));
      let sum = load<f64>(out + (row << 3));
      sum += f64x2.extract_lane(e0, 0);
      sum += f64x2.extract_lane(e0, 1);
      sum += f64x2.extract_lane(e1, 0);
      sum += f64x2.extract_lane(e1, 1);
      sum += f64x2.extract_lane(e2, 0);
      sum += f64x2.extract_lane(e2, 1);
      sum += f64x2.extract_lane(e3, 0);
      sum += f64x2.extract_lane(e3, 1);
      store<f64>(out + (row << 3), sum);
    }
  }
}

/** Smallest squared distance of each row to any point; `out` starts at infinity. */
export function nearestPoints(
  tiles: usize,
  tileCount: usize,
  columnCount: usize,
  rows: usize,
  rowCount: usize,
  out: usize,
): void {
  const tileBytes = columnCount << 6;
  for (let end = tiles + tileCount * tileBytes; tiles < end; tiles += tileBytes) {
    for (let row: usize = 0; row < rowCount; row++) {
      let a0 = f64x2.splat(0);
      let a1 = f64x2.splat(0);
      let a2 = f64x2.splat(0);
      let a3 = f64x2.splat(0);
      let value = rows + ((row * columnCount) << 3);
      for (let at = tiles; at < tiles + tileBytes; at += 64, value += 8) {
        const x = v128.load_splat<f64>(value);
        const d0 = f64x2.sub(x, v128.load(at));
        a0 = f64x2.add(a0, f64x2.mul(d0, d0));
        const d1 = f64x2.sub(x, v128.load(at, 16));
        a1 = f64x2.add(a1, f64x2.mul(d1, d1));
        const d2 = f64x2.sub(x, v128.load(at, 32));
        a2 = f64x2.add(a2, f64x2.mul(d2, d2));
        const d3 = f64x2.sub(x, v128.load(at, 48));
        a3 = f64x2.add(a3, f64x2.mul(d3, d3));
      }
      const least = f64x2.pmin(f64x2.pmin(a0, a1), f64x2.pmin(a2, a3));
      const both = min(f64x2.extract_lane(least, 0), f64x2.extract_lane(least, 1));
      store<f64>(out + (row << 3), min(load<f64>(out + (row << 3)), both));
    }
  }
}

/**
 * Rotates neighbouring rows of a tile of eight columns, sweep after sweep, from below to above. The upper row of a pair is the
 * lower one of the next: it stays in registers.
 *
 *     tile    n x 8              starts, counts  one for each sweep, int32
 *     cosines, sines  one for each pair of each sweep
 */
export function rotateTile(
  tile: usize,
  sweepCount: usize,
  starts: usize,
  counts: usize,
  cosines: usize,
  sines: usize,
): void {
  for (let sweep: usize = 0; sweep < sweepCount; sweep++) {
    let at = tile + ((<usize>load<u32>(starts + (sweep << 2))) << 6);
    let b0 = v128.load(at);
    let b1 = v128.load(at, 16);
    let b2 = v128.load(at, 32);
    let b3 = v128.load(at, 48);
    for (let left = load<u32>(counts + (sweep << 2)); left > 0; left--, cosines += 8, sines += 8) {
      const c = v128.load_splat<f64>(cosines);
      const s = v128.load_splat<f64>(sines);
      const a0 = v128.load(at - 64);
      const a1 = v128.load(at - 64, 16);
      const a2 = v128.load(at - 64, 32);
      const a3 = v128.load(at - 64, 48);
      v128.store(at, f64x2.add(f64x2.mul(s, a0), f64x2.mul(c, b0)));
      v128.store(at, f64x2.add(f64x2.mul(s, a1), f64x2.mul(c, b1)), 16);
      v128.store(at, f64x2.add(f64x2.mul(s, a2), f64x2.mul(c, b2)), 32);
      v128.store(at, f64x2.add(f64x2.mul(s, a3), f64x2.mul(c, b3)), 48);
      b0 = f64x2.sub(f64x2.mul(c, a0), f64x2.mul(s, b0));
      b1 = f64x2.sub(f64x2.mul(c, a1), f64x2.mul(s, b1));
      b2 = f64x2.sub(f64x2.mul(c, a2), f64x2.mul(s, b2));
      b3 = f64x2.sub(f64x2.mul(c, a3), f64x2.mul(s, b3));
      at -= 64;
    }
    v128.store(at, b0);
    v128.store(at, b1, 16);
    v128.store(at, b2, 32);
    v128.store(at, b3, 48);
  }
}

/**
 * Reflects the leading rows of a tile of eight columns, one reflection after the other.
 *
 *     tile     n x 8                               vectors  one after another
 *     factors  the vectors divided by their half norms      lengths  one for each reflection, int32
 */
export function reflectTile(tile: usize, count: usize, vectors: usize, factors: usize, lengths: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const end = tile + ((<usize>load<u32>(lengths + (i << 2))) << 6);
    let p0 = f64x2.splat(0);
    let p1 = f64x2.splat(0);
    let p2 = f64x2.splat(0);
    let p3 = f64x2.splat(0);
    for (let at = tile; at < end; at += 64, vectors += 8) {
      const weight = v128.load_splat<f64>(vectors);
      p0 = f64x2.add(p0, f64x2.mul(weight, v128.load(at)));
      p1 = f64x2.add(p1, f64x2.mul(weight, v128.load(at, 16)));
      p2 = f64x2.add(p2, f64x2.mul(weight, v128.load(at, 32)));
      p3 = f64x2.add(p3, f64x2.mul(weight, v128.load(at, 48)));
    }
    for (let at = tile; at < end; at += 64, factors += 8) {
      const factor = v128.load_splat<f64>(factors);
      v128.store(at, f64x2.sub(v128.load(at), f64x2.mul(factor, p0)));
      v128.store(at, f64x2.sub(v128.load(at, 16), f64x2.mul(factor, p1)), 16);
      v128.store(at, f64x2.sub(v128.load(at, 32), f64x2.mul(factor, p2)), 32);
      v128.store(at, f64x2.sub(v128.load(at, 48), f64x2.mul(factor, p3)), 48);
    }
  }
}
