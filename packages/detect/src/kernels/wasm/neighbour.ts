/**
 * The neighbour family on WebAssembly. Each search has a memory of its own, in which its rows stay and with which it goes:
 * copying the rows in for each call would cost more than a call.
 */

import { NomalyError } from "../../errors.ts";
import type { Matrix } from "../../matrix.ts";
import { pickRows } from "../../matrix.ts";
import type {
  NearestOutput,
  NeighbourKernels,
  NeighbourSearch,
  PairCandidates,
  PairRange,
  PairSearch,
  PlaceRange,
  SearchMethod,
  SearchMetric,
  SearchRows,
} from "../neighbour-kernels.ts";
import { blockRowCount } from "../neighbour-kernels.ts";
import { relaxedSimd, simd } from "./generated/neighbour.ts";
import type { WasmArena, WasmBuild } from "./instance.ts";
import { compileModule, createArena } from "./instance.ts";

/** Most bytes of one search: the address space of WebAssembly, less a page. */
const searchBytesMax = 4_294_901_760;
/** Bytes of a search's memory kept free for queries and their neighbours. */
const queryBytesMax = 536_870_912;
/** Queries of a tile of the scan; fewer than that are walked. */
const tileQueryCount = 4;
/** Queries searched by one call, a multiple of a tile's: with more of them the float32 blocks stay in nearer caches. */
const batchQueryCount = 256;
/** Rows looked at for the centre of a column. */
const centerSampleCount = 255;
/** Rows whose walks are counted to choose a method, and how many neighbours they look for. */
const probeCount = 48;
const probeNeighbourCount = 10;
/** Measured at 8, 32 and 128 columns: walks that look at more than this share of the blocks cost more than a scan. */
const treeShareMax = 0.17;
/** Parts of a group of the tree. */
const groupPartCount = 8;
/** Corners of the boxes of a group, a column. */
const groupColumnBytes = 64;
/** One entry a level; eleven levels of eight hold more rows than the memory does. */
const stackBytes = 11 * 64;
/** float32 sums of a block, then those of a group, and the least of them in sets. */
const scratchBytes = blockRowCount * 4 * (1 + 2 * groupPartCount);

/** The kinds that the module knows. */
const metricNumber: Readonly<Record<SearchMetric, number>> = { euclidean: 0, manhattan: 1, chebyshev: 2 };

export function wasmNeighbour(build: WasmBuild): NeighbourKernels {
  let module: WebAssembly.Module | undefined;
  return {
    createSearch(source) {
      module ??= compileModule(build === "simd" ? simd : relaxedSimd);
      return createWasmSearch(module, source);
    },
  };
}

function createWasmSearch(module: WebAssembly.Module, source: SearchRows): NeighbourSearch {
  const { rows, metric, order } = source;
  const arena = createArena(module, searchBytesMax);
  const laid: LaidRows = { rows, metric, order, arena, end: layRows(arena, source), placeOf: placesOf(order) };
  const walkInto = createRowSearch(laid, "tree");
  const scanInto = createRowSearch(laid, "scan");
  const pairs: PairSearch = { search: (range, k, limits) => pairsWithin(laid, { range, k, limits }) };
  // Tiles of the scan are euclidean; other metrics walk the tree, whose blocks cost the same.
  let chosen: SearchMethod | undefined = metric === "euclidean" ? undefined : "tree";

  function method(): SearchMethod {
    chosen ??= source.method === "auto" ? chooseMethod(laid, walkInto) : source.method;
    return chosen;
  }

  return {
    method,
    others: () => (method() === "tree" ? (places, k, out) => othersWithin(laid, { places, k, out }) : undefined),
    pairs: () => (method() === "scan" ? pairs : undefined),
    nearestInto(queries, k, out, excluded) {
      const searchInto = queries.rowCount >= tileQueryCount && method() === "scan" ? scanInto : walkInto;
      searchInto(queries, k, out, excluded);
    },
  };
}

/** Rows that lie in an arena, up to the address `end`. */
interface LaidRows extends Omit<SearchRows, "method"> {
  readonly arena: WasmArena;
  readonly end: number;
  readonly placeOf: Int32Array;
}

/** Walks the tree for a few rows and counts blocks: a block looked at by a walk costs several times what it costs in a scan. */
function chooseMethod(laid: LaidRows, walkInto: NeighbourSearch["nearestInto"]): SearchMethod {
  const { arena, rows, order } = laid;
  const count = Math.min(probeCount, rows.rowCount - 1);
  if (count < 1) return "tree";
  const k = Math.min(probeNeighbourCount, rows.rowCount - 1);
  const probes = Int32Array.from({ length: count }, (_, i) => order[Math.floor((i * rows.rowCount) / count)]);
  const before = arena.call["visits"]();
  walkInto(pickRows(rows, probes), k, { distances: new Float64Array(count * k), indexes: new Int32Array(count * k) }, probes);
  const share = (arena.call["visits"]() - before) / count / Math.ceil(rows.rowCount / blockRowCount);
  return share < treeShareMax ? "tree" : "scan";
}

function createRowSearch(laid: LaidRows, method: SearchMethod): NeighbourSearch["nearestInto"] {
  const { arena, end, rows, metric, placeOf } = laid;
  const width = rows.columnCount;

  function searchBatch(queries: Matrix, k: number, out: NearestOutput, excluded: Int32Array | undefined): void {
    const { rowCount } = queries;
    const paddedCount = Math.ceil(rowCount / tileQueryCount) * tileQueryCount;
    arena.rewind(end);
    const at = layQueries(arena, paddedCount, k, width);
    arena.float64(at.queries, rowCount * width).set(queries.values);
    const skipped = arena.int32(at.excluded, paddedCount);
    if (excluded === undefined) skipped.fill(-1);
    else skipped.set(excluded);
    const homes = arena.int32(at.homes, rowCount);
    for (let i = 0; i < rowCount; i++) homes[i] = skipped[i] < 0 ? -1 : placeOf[skipped[i]];
    if (method === "scan") {
      // Queries that fill the last tile repeat the first ones.
      const values = arena.float64(at.queries, paddedCount * width);
      for (let i = rowCount; i < paddedCount; i++)
        values.copyWithin(i * width, (i - rowCount) * width, (i - rowCount + 1) * width);
      arena.call["searchScan"](paddedCount, Math.floor(Math.max(0, homes[0]) / blockRowCount));
    } else {
      arena.call["searchTree"](rowCount, at.homes);
    }
    if (metric === "euclidean") arena.call["takeRoots"](rowCount * k);
    out.distances.set(arena.float64(at.sums, rowCount * k));
    out.indexes.set(arena.int32(at.found, rowCount * k));
  }

  function nearestInto(queries: Matrix, k: number, out: NearestOutput, excluded?: Int32Array): void {
    for (let start = 0; start < queries.rowCount; start += batchQueryCount) {
      const stop = Math.min(start + batchQueryCount, queries.rowCount);
      const values = queries.values.subarray(start * width, stop * width);
      const distances = out.distances.subarray(start * k, stop * k);
      const indexes = out.indexes.subarray(start * k, stop * k);
      const batch = { rowCount: stop - start, columnCount: width, values };
      searchBatch(batch, k, { distances, indexes }, excluded?.subarray(start, stop));
    }
  }

  return nearestInto;
}

/** Searches with the rows as queries, in place: nothing is copied in, and each row's result goes to its own line of `out`. */
function othersWithin(laid: LaidRows, request: { places: PlaceRange; k: number; out: NearestOutput }): void {
  const { places, k, out } = request;
  const { arena, end, rows, metric, order } = laid;
  for (let start = places.start; start < places.end; start += batchQueryCount) {
    const count = Math.min(batchQueryCount, places.end - start);
    arena.rewind(end);
    const at = layQueries(arena, count, k, rows.columnCount);
    arena.call["takeRowsAsQueries"](start);
    const homes = arena.int32(at.homes, count);
    for (let i = 0; i < count; i++) homes[i] = start + i;
    arena.call["searchTree"](count, at.homes);
    if (metric === "euclidean") arena.call["takeRoots"](count * k);
    const distances = arena.float64(at.sums, count * k);
    const indexes = arena.int32(at.found, count * k);
    for (let i = 0, from = 0; i < count; i++) {
      for (let to = order[start + i] * k, stop = from + k; from < stop; from++, to++) {
        out.distances[to] = distances[from];
        out.indexes[to] = indexes[from];
      }
    }
  }
}

/** Lists for every row at once: 12 bytes for each of the k neighbours. */
function pairsWithin(laid: LaidRows, request: { range: PairRange; k: number; limits: Float64Array }): PairCandidates {
  const { range, k, limits } = request;
  const { arena, rows, end } = laid;
  arena.rewind(end);
  const paddedCount = Math.ceil(rows.rowCount / blockRowCount) * blockRowCount;
  const at = layQueries(arena, paddedCount, k, 0);
  const limitsAt = arena.put(limits);
  arena.call["openPairs"](limitsAt, arena.reserve(paddedCount / 8));
  arena.call["searchPairs"](range.firstBlock, range.endBlock, range.firstStep, range.endStep);
  const total = arena.call["closeLists"](rows.rowCount);
  return {
    counts: arena.int32(at.counts, rows.rowCount).slice(),
    others: arena.int32(at.found, total).slice(),
    sums: arena.float64(at.sums, total).slice(),
  };
}

/** Puts the rows into the arena, builds blocks and boxes, and returns the address after them. */
function layRows(arena: WasmArena, source: SearchRows): number {
  const { rows, metric, order } = source;
  const { rowCount, columnCount } = rows;
  const paddedRowCount = Math.ceil(rowCount / blockRowCount) * blockRowCount;
  // float64 rows, float32 blocks with base and index; boxes take a quarter of a block's eighth. The rest is for queries.
  const bytes = rowCount * columnCount * 8 + paddedRowCount * (columnCount * 4.5 + 8);
  if (bytes > searchBytesMax - queryBytesMax) {
    throw new NomalyError(
      "UNSUPPORTED",
      `${rowCount} x ${columnCount} values are too many for a neighbour search in WebAssembly`,
    );
  }
  const { centers, scale } = centersAndScale(rows);
  const rowsAt = arena.reserve(rowCount * columnCount * 8);
  const idsAt = arena.put(order);
  const centersAt = arena.put(centers);
  const blocksAt = arena.reserve(paddedRowCount * columnCount * 4);
  const basesAt = arena.reserve(paddedRowCount * 4);
  const levels = layLevels(arena, paddedRowCount / blockRowCount, columnCount);
  const levelsAt = arena.put(Int32Array.from(levels.flat()));
  const end = arena.reserve(0);
  const laid = arena.float64(rowsAt, rowCount * columnCount);
  for (let place = 0, to = 0; place < rowCount; place++) {
    const from = order[place] * columnCount;
    for (let column = 0; column < columnCount; column++) laid[to++] = rows.values[from + column];
  }
  const { call } = arena;
  call["setShape"](rowCount, columnCount, metricNumber[metric], scale);
  call["setRows"](rowsAt, idsAt, centersAt, blocksAt, basesAt);
  call["setLevels"](levelsAt, levels.length);
  call["buildBlocks"]();
  call["buildLevels"]();
  return end;
}

/** Reserves room for the boxes of each level: its groups, their slacks, and how many parts they hold. */
function layLevels(arena: WasmArena, blockCount: number, columnCount: number): [number, number, number][] {
  const levels: [number, number, number][] = [];
  for (let partCount = blockCount; levels.length === 0 || partCount > 1; partCount = Math.ceil(partCount / groupPartCount)) {
    const groupCount = Math.ceil(partCount / groupPartCount);
    const groupsAt = arena.reserve(groupCount * columnCount * groupColumnBytes);
    levels.push([groupsAt, arena.reserve(groupCount * groupPartCount * 4), partCount]);
  }
  return levels;
}

/** A middle value of each column, and the power of two that brings all values within 1 of it. */
function centersAndScale(rows: Matrix): { centers: Float64Array; scale: number } {
  const { rowCount, columnCount, values } = rows;
  const centers = new Float64Array(columnCount);
  const step = Math.max(1, Math.floor(rowCount / centerSampleCount));
  const sample = new Float64Array(Math.ceil(rowCount / step));
  let most = 0;
  for (let column = 0; column < columnCount; column++) {
    for (let i = 0; i < sample.length; i++) sample[i] = values[i * step * columnCount + column];
    centers[column] = sample.sort()[sample.length >> 1];
  }
  // Row after row, as the values lie: column after column took ten times as long in a wide table.
  for (let at = 0; at < values.length;) {
    for (let column = 0; column < columnCount; column++, at++) most = Math.max(most, Math.abs(values[at] - centers[column]));
  }
  return { centers, scale: most === 0 ? 1 : 2 ** -Math.ceil(Math.log2(most)) };
}

function placesOf(order: Int32Array): Int32Array {
  const places = new Int32Array(order.length);
  for (let place = 0; place < order.length; place++) places[order[place]] = place;
  return places;
}

/** Reserves room for queries and their results. */
function layQueries(arena: WasmArena, count: number, k: number, width: number) {
  const queries = arena.reserve(count * width * 8);
  const excluded = arena.reserve(count * 4);
  const sums = arena.reserve(count * k * 8);
  const found = arena.reserve(count * k * 4);
  const counts = arena.reserve(count * 4);
  const homes = arena.reserve(count * 4);
  const narrow = arena.reserve(count * width * 4);
  const leafLimits = arena.reserve(count * 4);
  const nodeLimits = arena.reserve(count * 4);
  const normLows = arena.reserve(count * 16);
  const scratch = arena.reserve(scratchBytes);
  const stack = arena.reserve(stackBytes);
  arena.call["setQueries"](k, queries, excluded, sums, found, counts);
  arena.call["setWorkspace"](narrow, leafLimits, nodeLimits, normLows, scratch, stack);
  return { queries, excluded, homes, sums, found, counts };
}
