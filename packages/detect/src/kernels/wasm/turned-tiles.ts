/** Rotations and reflections of rows on WebAssembly: eight columns at a time, so that they stay in the second-level cache. */

import type { Matrix } from "../../matrix.ts";
import type { Reflections, RotationSweeps } from "../dense-kernels.ts";
import type { WasmArena } from "./instance.ts";

/** Columns of a tile; the assembly has the same number. */
const tileSize = 8;

export function rotateTiles(arena: WasmArena, rows: Matrix, { starts, counts, cosines, sines }: RotationSweeps): void {
  const startsAt = arena.put(starts);
  const countsAt = arena.put(counts);
  const cosinesAt = arena.put(cosines);
  const sinesAt = arena.put(sines);
  eachTile(arena, rows, (tileAt) => {
    arena.call["rotateTile"](tileAt, starts.length, startsAt, countsAt, cosinesAt, sinesAt);
  });
}

export function reflectTiles(arena: WasmArena, rows: Matrix, { vectors, lengths, halfNorms }: Reflections): void {
  const vectorsAt = arena.put(vectors);
  const lengthsAt = arena.put(lengths);
  const factorsAt = arena.reserve(vectors.byteLength);
  const factors = arena.float64(factorsAt, vectors.length);
  for (let i = 0, at = 0; i < lengths.length; i++) {
    for (let end = at + lengths[i]; at < end; at++) factors[at] = vectors[at] / halfNorms[i];
  }
  eachTile(arena, rows, (tileAt) => {
    arena.call["reflectTile"](tileAt, lengths.length, vectorsAt, factorsAt, lengthsAt);
  });
}

/** Copies eight columns at a time in, turns them, and copies them back. Columns that the last tile lacks are 0. */
function eachTile(arena: WasmArena, rows: Matrix, turn: (tileAt: number) => void): void {
  const { rowCount, columnCount, values } = rows;
  const tileAt = arena.reserve(rowCount * tileSize * 8);
  const tile = arena.float64(tileAt, rowCount * tileSize);
  for (let start = 0; start < columnCount; start += tileSize) {
    const size = Math.min(tileSize, columnCount - start);
    if (size < tileSize) tile.fill(0);
    for (let row = 0, from = start, to = 0; row < rowCount; row++, from += columnCount, to += tileSize) {
      for (let i = 0; i < size; i++) tile[to + i] = values[from + i];
    }
    turn(tileAt);
    for (let row = 0, to = start, from = 0; row < rowCount; row++, to += columnCount, from += tileSize) {
      for (let i = 0; i < size; i++) values[to + i] = tile[from + i];
    }
  }
}
