/**
 * A square matrix as panels of neighbouring columns, one panel after the other in memory, each row-major:
 *
 *     | columns 0..63 of all rows | columns 64..127 of all rows | ... | the rest |
 */

import type { Matrix } from "../../matrix.ts";
import type { Pieces } from "../../threads/pieces.ts";

/** Columns of a panel: whole cache lines, and a kernel call on one is worth its copying. */
const panelColumnCount = 64;

export interface Panel {
  /** Its first column. */
  readonly start: number;
  /** All rows of its columns: a view. */
  readonly rows: Matrix;
}

export function panelsOf(panels: Float64Array, size: number): Panel[] {
  const result: Panel[] = [];
  for (let start = 0; start < size; start += panelColumnCount) {
    const columnCount = Math.min(panelColumnCount, size - start);
    const values = panels.subarray(start * size, (start + columnCount) * size);
    result.push({ start, rows: { rowCount: size, columnCount, values } });
  }
  return result;
}

/** Writes the transposed matrix, in panels too. */
export function* transposePanels(from: Float64Array, to: Float64Array, size: number): Pieces<void> {
  const targets = panelsOf(to, size);
  for (const { start, rows } of panelsOf(from, size)) {
    for (const target of targets) {
      const width = target.rows.columnCount;
      for (let row = target.start; row < target.start + width; row++) {
        for (let i = 0, at = row * rows.columnCount; i < rows.columnCount; i++, at++) {
          target.rows.values[(start + i) * width + row - target.start] = rows.values[at];
        }
      }
    }
    yield;
  }
}

/** Copies one row of the matrix, from all panels. */
export function gatherRow(panels: Float64Array, row: number, out: Float64Array): void {
  const size = out.length;
  for (let start = 0; start < size; start += panelColumnCount) {
    const width = Math.min(panelColumnCount, size - start);
    const from = start * size + row * width;
    out.set(panels.subarray(from, from + width), start);
  }
}
