/** The fitted abod model: the training rows made searchable. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { stateBoolean, stateInteger } from "../../detector/state.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { rowRange, type Matrix } from "../../matrix.ts";
import { restoreNeighbourIndex } from "../../structures/neighbours/build-index.ts";
import type { NeighbourIndex } from "../../structures/neighbours/neighbour-index.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { atOnce } from "../../threads/pieces.ts";
import { angleVariance, angleWorkspace, type AngleWorkspace } from "./angle-variance.ts";

/** Most neighbours in the lists of one search, which bounds their memory. */
const listedCountMax = 65_536;
/** Most insertions into the lists of one block: a list costs the square of its length at worst, so long lists mean few rows. */
const quickInsertionCount = 20_000_000;

export interface AbodParts {
  readonly index: NeighbourIndex;
  readonly neighbourCount: number;
  /** Whether rows equal to the one scored use up places among its neighbours, as in PyOD; they never form an angle. */
  readonly countsEqualRows: boolean;
}

export function createAbodModel({ index, neighbourCount, countsEqualRows }: AbodParts): Model {
  const { columnCount } = index;
  // Where equal rows do not count, the index holds distinct rows: one neighbour more makes up for the row's own copy.
  const searchedCount = Math.min(index.rowCount, countsEqualRows ? neighbourCount : neighbourCount + 1);

  function* scorePieces(rows: Matrix, scores: Float64Array): Pieces<void> {
    const workspace = angleWorkspace(searchedCount, columnCount);
    const quickRowCount = quickInsertionCount / (searchedCount * searchedCount);
    const blockRowCount = Math.max(1, Math.floor(Math.min(listedCountMax / searchedCount, quickRowCount)));
    for (let start = 0; start < rows.rowCount; start += blockRowCount) {
      const end = Math.min(start + blockRowCount, rows.rowCount);
      const { distances, indexes } = index.query(rowRange(rows, start, end), searchedCount);
      for (let row = start; row < end; row++) {
        const listAt = (row - start) * searchedCount;
        const at = row * columnCount;
        const from = firstUnequal(distances, listAt, searchedCount);
        const count = Math.min(neighbourCount, searchedCount - from);
        for (let i = 0; i < count; i++) {
          differenceInto({ rows, at }, index.rows.values, indexes[listAt + from + i] * columnCount, workspace, i * columnCount);
        }
        // 0 - x rather than -x: no negative zero.
        scores[row] = 0 - (yield* angleVariance(workspace, count, columnCount));
        yield;
      }
    }
  }

  function differenceInto(
    row: { rows: Matrix; at: number },
    others: Float64Array,
    otherAt: number,
    to: AngleWorkspace,
    toAt: number,
  ) {
    const { values } = row.rows;
    for (let column = 0; column < columnCount; column++) {
      to.differences[toAt + column] = others[otherAt + column] - values[row.at + column];
    }
  }

  function toState(): ModelState {
    const { values, arrays } = index.toState();
    return { values: { ...values, neighbourCount, countsEqualRows }, arrays };
  }

  return { columnCount, scoreInto: (rows, scores) => atOnce(scorePieces(rows, scores)), scorePieces, toState };
}

/** Place in the list of the first neighbour that is not equal to the row. */
function firstUnequal(distances: Float64Array, listAt: number, count: number): number {
  let place = 0;
  while (place < count && distances[listAt + place] === 0) place++;
  return place;
}

export function restoreAbod(state: ModelState, kernels: KernelSet): Model {
  const index = restoreNeighbourIndex(state, kernels);
  const neighbourCount = stateInteger(state, "neighbourCount", 1, index.rowCount);
  return createAbodModel({ index, neighbourCount, countsEqualRows: stateBoolean(state, "countsEqualRows") });
}
