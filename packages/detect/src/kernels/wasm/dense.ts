/** The dense family on WebAssembly: copies in, computes in SIMD, copies out. */

import type { Matrix } from "../../matrix.ts";
import { rowRange } from "../../matrix.ts";
import type { CenteredTransform, DenseKernels, GaussianPoints, NearestCenters, ScatterSums } from "../dense-kernels.ts";
import { referenceDense } from "../reference/dense.ts";
import { relaxedSimd, simd } from "./generated/dense.ts";
import { createArena } from "./instance.ts";
import type { WasmArena, WasmBuild } from "./instance.ts";
import { reflectTiles, rotateTiles } from "./turned-tiles.ts";

/** Values copied in at a time: a megabyte stays in the second-level cache between the copy and the sums. */
const blockValueCount = 131_072;
/** Below this many values, copying takes longer than the plain loops. */
const copiedValueCountMin = 256;
/** For a single row, however wide, the plain loops are 15 to 36 % faster than copying a factor or centres; for two, not. */
const copiedRowCountMin = 2;
/** Wider tables (their d x d products would fill the arena) take the plain loops. */
const scatterColumnCountMax = 4096;
/** Rows centred at a time; the assembly has the same number. */
const chunkRowCount = 64;
/** Points in a tile; rows in a step of `squaredNorms`. */
const tileSize = 8;
/** Rows compared with centres at a time, so that their distances to a few centres stay in the cache. */
const centeredRowCount = 4096;
/** Rows that pass over one tile of points while it is in the first-level cache. */
const gaussianRowCount = 64;

export function wasmDense(build: WasmBuild): DenseKernels {
  let shared: WasmArena | undefined;
  const newArena = () => createArena(build === "simd" ? simd : relaxedSimd);

  function freshArena(): WasmArena {
    shared ??= newArena();
    shared.reset();
    return shared;
  }

  return {
    addScatter(rows, weights, into) {
      if (isSmall(rows.rowCount, rows.columnCount) || rows.columnCount > scatterColumnCountMax) {
        referenceDense.addScatter(rows, weights, into);
      } else addScatter(freshArena(), rows, weights, into);
    },
    squaredNormsInto(rows, transform, out) {
      if (isSmall(rows.rowCount, rows.columnCount)) referenceDense.squaredNormsInto(rows, transform, out);
      else squaredNormsInto(freshArena(), rows, transform, out);
    },
    squaredDistancesInto(rows, centers, out) {
      if (isSmall(rows.rowCount, rows.columnCount)) referenceDense.squaredDistancesInto(rows, centers, out);
      else squaredDistancesInto(freshArena(), rows, centers, out);
    },
    nearestCentersInto(rows, centers, out, listed) {
      const rowCount = listed === undefined ? rows.rowCount : listed.length;
      if (isSmall(rowCount, rows.columnCount)) referenceDense.nearestCentersInto(rows, centers, out, listed);
      else nearestCentersInto(freshArena(), { rows, rowCount, listed }, centers, out);
    },
    rotateRows(rows, sweeps) {
      if (isSmall(rows.rowCount, rows.columnCount)) referenceDense.rotateRows(rows, sweeps);
      else rotateTiles(freshArena(), rows, sweeps);
    },
    reflectRows(rows, reflections) {
      if (isSmall(rows.rowCount, rows.columnCount)) referenceDense.reflectRows(rows, reflections);
      else reflectTiles(freshArena(), rows, reflections);
    },
    gaussianPoints: (points) => gaussianPoints(newArena(), points),
  };
}

function isSmall(rowCount: number, columnCount: number): boolean {
  return rowCount < copiedRowCountMin || rowCount * columnCount < copiedValueCountMin;
}

function addScatter(arena: WasmArena, rows: Matrix, weights: Float64Array | undefined, into: ScatterSums): void {
  const { rowCount, columnCount } = rows;
  const width = Math.ceil(columnCount / 4) * 4;
  const blockRowCount = Math.max(1, Math.min(rowCount, Math.floor(blockValueCount / columnCount)));
  const centerAt = arena.put(into.center);
  const sumsAt = arena.reserve(width * 8);
  const productsAt = arena.reserve(width * width * 8);
  const scratchAt = arena.reserve(2 * chunkRowCount * width * 8);
  const rowsAt = arena.reserve(blockRowCount * columnCount * 8);
  const weightsAt = weights === undefined ? 0 : arena.reserve(blockRowCount * 8);
  const sums = arena.float64(sumsAt, width).fill(0);
  const products = arena.float64(productsAt, width * width).fill(0);
  const block = arena.float64(rowsAt, blockRowCount * columnCount);
  sums.set(into.sums);
  copyRows(into.products, columnCount, products, width);
  for (let start = 0; start < rowCount; start += blockRowCount) {
    const end = Math.min(start + blockRowCount, rowCount);
    block.set(rowRange(rows, start, end).values);
    if (weights !== undefined) arena.float64(weightsAt, end - start).set(weights.subarray(start, end));
    arena.call["addScatter"](rowsAt, end - start, columnCount, weightsAt, centerAt, sumsAt, productsAt, scratchAt);
  }
  into.sums.set(sums.subarray(0, columnCount));
  copyRows(products, width, into.products, columnCount);
}

/** Copies as many columns and rows as both tables have. */
function copyRows(from: Float64Array, fromWidth: number, to: Float64Array, toWidth: number): void {
  const width = Math.min(fromWidth, toWidth);
  for (let row = 0; row < width; row++) to.set(from.subarray(row * fromWidth, row * fromWidth + width), row * toWidth);
}

function squaredNormsInto(arena: WasmArena, rows: Matrix, transform: CenteredTransform, out: Float64Array): void {
  const { rowCount, columnCount } = rows;
  const blockRowCount = roundUp(Math.min(rowCount, Math.max(1, Math.floor(blockValueCount / columnCount))));
  const centerAt = arena.put(transform.center);
  const factorAt = arena.put(transform.factor);
  const factorCount = transform.factor.length / columnCount;
  const scratchAt = arena.reserve(columnCount * tileSize * 8);
  const outAt = arena.reserve(blockRowCount * 8);
  const rowsAt = arena.reserve(blockRowCount * columnCount * 8);
  const block = arena.float64(rowsAt, blockRowCount * columnCount);
  for (let start = 0; start < rowCount; start += blockRowCount) {
    const end = Math.min(start + blockRowCount, rowCount);
    block.set(rowRange(rows, start, end).values);
    const padded = roundUp(end - start);
    arena.call["squaredNorms"](rowsAt, padded, columnCount, centerAt, factorAt, factorCount, outAt, scratchAt);
    out.set(arena.float64(outAt, end - start), start);
  }
}

function roundUp(count: number): number {
  return Math.ceil(count / tileSize) * tileSize;
}

function squaredDistancesInto(arena: WasmArena, rows: Matrix, centers: Matrix, out: Float64Array): void {
  const { columnCount } = rows;
  const paddedCount = roundUp(centers.rowCount);
  const blockRowCount = blockOf(rows.rowCount, columnCount + paddedCount);
  const tilesAt = putTiles(arena, centers);
  const rowsAt = arena.reserve(blockRowCount * columnCount * 8);
  const outAt = arena.reserve(blockRowCount * paddedCount * 8);
  for (let start = 0; start < rows.rowCount; start += blockRowCount) {
    const end = Math.min(start + blockRowCount, rows.rowCount);
    arena.float64(rowsAt, (end - start) * columnCount).set(rowRange(rows, start, end).values);
    arena.call["squaredDistances"](tilesAt, paddedCount / tileSize, columnCount, rowsAt, end - start, outAt);
    const squares = arena.float64(outAt, (end - start) * paddedCount);
    for (let row = start, from = 0, to = start * centers.rowCount; row < end; row++, from += paddedCount) {
      for (let center = 0; center < centers.rowCount; center++) out[to++] = squares[from + center];
    }
  }
}

interface ListedRows {
  readonly rows: Matrix;
  readonly rowCount: number;
  /** All rows where undefined. */
  readonly listed: Int32Array | undefined;
}

function nearestCentersInto(arena: WasmArena, given: ListedRows, centers: Matrix, out: NearestCenters): void {
  const { rows, rowCount, listed } = given;
  const { columnCount } = rows;
  const blockRowCount = blockOf(rowCount, columnCount);
  const tilesAt = putTiles(arena, centers);
  const tileCount = Math.ceil(centers.rowCount / tileSize);
  const rowsAt = arena.reserve(blockRowCount * columnCount * 8);
  const nearestAt = arena.reserve(blockRowCount * 4);
  const squaresAt = arena.reserve(blockRowCount * 8);
  const nextAt = arena.reserve(blockRowCount * 8);
  for (let start = 0; start < rowCount; start += blockRowCount) {
    const end = Math.min(start + blockRowCount, rowCount);
    const block = arena.float64(rowsAt, (end - start) * columnCount);
    if (listed === undefined) block.set(rowRange(rows, start, end).values);
    else gatherInto(block, rows, listed.subarray(start, end));
    arena.call["nearestCenters"](tilesAt, tileCount, columnCount, rowsAt, end - start, nearestAt, squaresAt, nextAt);
    out.nearest.set(arena.int32(nearestAt, end - start), start);
    out.squares.set(arena.float64(squaresAt, end - start), start);
    out.nextSquares.set(arena.float64(nextAt, end - start), start);
  }
}

function gatherInto(out: Float64Array, rows: Matrix, listed: Int32Array): void {
  const { values, columnCount } = rows;
  for (let i = 0, to = 0; i < listed.length; i++) {
    const from = listed[i] * columnCount;
    for (let column = 0; column < columnCount; column++) out[to++] = values[from + column];
  }
}

/** Rows in a block when each row needs room for `valueCount` values. */
function blockOf(rowCount: number, valueCount: number): number {
  return Math.max(1, Math.min(rowCount, centeredRowCount, Math.floor(blockValueCount / valueCount)));
}

function putTiles(arena: WasmArena, points: Matrix): number {
  const length = roundUp(points.rowCount) * points.columnCount;
  const address = arena.reserve(length * 8);
  fillTiles(points, arena.float64(address, length));
  return address;
}

/** The points stay in an arena of their own, so that scoring one row does not copy them. */
function gaussianPoints(arena: WasmArena, points: Matrix): GaussianPoints {
  const { columnCount } = points;
  const tileCount = Math.ceil(points.rowCount / tileSize);
  const tilesAt = arena.reserve(tileCount * tileSize * columnCount * 8);
  const rowsAt = arena.reserve(gaussianRowCount * columnCount * 8);
  const shiftsAt = arena.reserve(gaussianRowCount * 8);
  const outAt = arena.reserve(gaussianRowCount * 8);
  fillTiles(points, arena.float64(tilesAt, tileCount * tileSize * columnCount));

  return {
    sumsInto(rows, { factor, shifts }, out) {
      for (let start = 0; start < rows.rowCount; start += gaussianRowCount) {
        const end = Math.min(start + gaussianRowCount, rows.rowCount);
        arena.float64(rowsAt, (end - start) * columnCount).set(rowRange(rows, start, end).values);
        arena.float64(shiftsAt, end - start).set(shifts.subarray(start, end));
        const sums = arena.float64(outAt, end - start).fill(0);
        arena.call["gaussianSums"](tilesAt, tileCount, columnCount, rowsAt, end - start, factor, shiftsAt, outAt);
        out.set(sums, start);
      }
    },
    nearestInto(rows, out) {
      for (let start = 0; start < rows.rowCount; start += gaussianRowCount) {
        const end = Math.min(start + gaussianRowCount, rows.rowCount);
        arena.float64(rowsAt, (end - start) * columnCount).set(rowRange(rows, start, end).values);
        const nearest = arena.float64(outAt, end - start).fill(Number.POSITIVE_INFINITY);
        arena.call["nearestPoints"](tilesAt, tileCount, columnCount, rowsAt, end - start, outAt);
        out.set(nearest, start);
      }
    },
  };
}

/** `tiles[tile][column][point of the tile]`; the last tile is filled up with infinite points. */
function fillTiles(points: Matrix, tiles: Float64Array): void {
  const { rowCount, columnCount, values } = points;
  const tileLength = tileSize * columnCount;
  tiles.fill(Number.POSITIVE_INFINITY);
  for (let point = 0, at = 0; point < rowCount; point++) {
    const to = Math.floor(point / tileSize) * tileLength + (point % tileSize);
    for (let column = 0; column < columnCount; column++) tiles[to + column * tileSize] = values[at++];
  }
}
