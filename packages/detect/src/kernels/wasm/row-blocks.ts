/** Puts rows through an ensemble in the arena block by block: the part that kernels of sums over members share. */

import type { Matrix } from "../../matrix.ts";
import type { WasmArena } from "./instance.ts";

/** Rows that go side by side through trees. */
export const laneCount = 8;
/** Rows in the arena at once, so that their values stay in a near cache. */
const blockRowCountMax = 1024;
const blockRowCountMin = 64;
const blockValueCount = 16_384;

/** A block of rows in the arena. */
export interface PlacedRows {
  readonly rowCount: number;
  /** Groups of `laneCount` rows. Lanes behind the last row may be read and computed; their results are ignored. */
  readonly groupCount: number;
  readonly valuesAt: number;
  /** A zero for each lane of each group. */
  readonly sumsAt: number;
}

/**
 * Fills `sums`, one a row.
 * @param ensembleEnd the first address behind the ensemble; rows are put there, block after block.
 * @param addMembers adds all members to the block's sums; it may reserve more.
 */
export function sumInBlocks(
  arena: WasmArena,
  ensembleEnd: number,
  rows: Matrix,
  sums: Float64Array,
  addMembers: (block: PlacedRows) => void,
): void {
  const { columnCount, values } = rows;
  const fitting = Math.floor(blockValueCount / columnCount / laneCount) * laneCount;
  const blockRowCount = Math.max(blockRowCountMin, Math.min(blockRowCountMax, fitting));
  for (let start = 0; start < rows.rowCount; start += blockRowCount) {
    const end = Math.min(start + blockRowCount, rows.rowCount);
    const rowCount = end - start;
    const groupCount = Math.ceil(rowCount / laneCount);
    arena.rewind(ensembleEnd);
    const sumCount = groupCount * laneCount;
    const sumsAt = arena.reserve(sumCount * 8);
    const valuesAt = arena.reserve(groupCount * laneCount * columnCount * 8);
    arena.float64(sumsAt, sumCount).fill(0);
    arena.float64(valuesAt, rowCount * columnCount).set(values.subarray(start * columnCount, end * columnCount));
    addMembers({ rowCount, groupCount, valuesAt, sumsAt });
    sums.set(arena.float64(sumsAt, rowCount), start);
  }
}
