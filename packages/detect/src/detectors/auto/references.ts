/** The reference rows, among which neighbours are sought: a row that equals one of them keeps the score that it had without itself. */

import type { Matrix } from "../../matrix.ts";
import { rowHashes } from "../../structures/neighbours/distinct-rows.ts";
import { atOnce, type Pieces } from "../../threads/pieces.ts";

/** For each row of a table the reference row that has the same values, -1 for none. */
export type ReferenceFinder = (table: Matrix) => Int32Array;

/** Rows looked up between two pieces: some ten milliseconds. */
const pieceRowCountMax = 50_000;
const pieceValueCount = 2_000_000;

interface ReferenceIndex {
  readonly rows: Matrix;
  /** Places of the references by their hashes, with open addressing; -1 for none. */
  readonly slots: Int32Array;
}

/** @param references rows that all differ, the columns that vary, as they are. */
export function createReferenceFinder(references: Matrix): ReferenceFinder {
  const index = indexOf(references);
  return (table) => atOnce(foundIn(index, table));
}

/** As {@link createReferenceFinder} for a table of any size. */
export function* findReferences(references: Matrix, table: Matrix): Pieces<Int32Array> {
  return yield* foundIn(indexOf(references), table);
}

function indexOf(rows: Matrix): ReferenceIndex {
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(2, rows.rowCount * 2)))).fill(-1);
  for (const [place, hash] of atOnce(rowHashes(rows, rows.rowCount + 1)).entries()) {
    let slot = hash & (slots.length - 1);
    while (slots[slot] >= 0) slot = (slot + 1) & (slots.length - 1);
    slots[slot] = place;
  }
  return { rows, slots };
}

function* foundIn({ rows, slots }: ReferenceIndex, table: Matrix): Pieces<Int32Array> {
  const places = new Int32Array(table.rowCount).fill(-1);
  const pieceRowCount = Math.min(pieceRowCountMax, Math.ceil(pieceValueCount / table.columnCount));
  const hashes = yield* rowHashes(table, pieceRowCount);
  for (let row = 0; row < table.rowCount; row++) {
    if (row % pieceRowCount === pieceRowCount - 1) yield;
    let slot = hashes[row] & (slots.length - 1);
    while (slots[slot] >= 0 && !isEqual(rows, slots[slot], table, row)) slot = (slot + 1) & (slots.length - 1);
    places[row] = slots[slot];
  }
  return places;
}

function isEqual(references: Matrix, place: number, table: Matrix, row: number): boolean {
  const width = references.columnCount;
  for (let i = 0; i < width; i++) if (references.values[place * width + i] !== table.values[row * width + i]) return false;
  return true;
}
