/** The fitted cof model: the training rows made searchable, and each one's average chaining distance. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { damaged, stateArray, stateBoolean, stateInteger } from "../../detector/state.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { rowRange, type Matrix } from "../../matrix.ts";
import { restoreNeighbourIndex } from "../../structures/neighbours/build-index.ts";
import type { NeighbourIndex } from "../../structures/neighbours/neighbour-index.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { atOnce } from "../../threads/pieces.ts";
import { chainingDistance, chainingRatio } from "./chaining-distance.ts";

/** Neighbours listed at once, so that lists stay small. */
const listedCountMax = 65_536;

export interface CofParts {
  readonly index: NeighbourIndex;
  /** At most the index's rows less one; 0 for an index of one row. */
  readonly neighbourCount: number;
  /** True when a row skips the one training row equal to it: the rows of the index are distinct. */
  readonly skipsEqualRow: boolean;
  /** The average chaining distance of each row of the index. */
  readonly chainingDistances: Float64Array;
}

export function createCofModel({ index, neighbourCount, skipsEqualRow, chainingDistances }: CofParts): Model {
  const { columnCount } = index;
  const searchedCount = Math.max(1, skipsEqualRow ? neighbourCount + 1 : neighbourCount);

  function* scorePieces(rows: Matrix, scores: Float64Array): Pieces<void> {
    const chain = new Float64Array((neighbourCount + 1) * columnCount);
    const blockRowCount = Math.max(1, Math.floor(listedCountMax / searchedCount));
    for (let start = 0; start < rows.rowCount; start += blockRowCount) {
      const end = Math.min(start + blockRowCount, rows.rowCount);
      const block = rowRange(rows, start, end);
      const { distances, indexes } = index.query(block, searchedCount);
      for (let row = 0; row < block.rowCount; row++) {
        const listAt = row * searchedCount;
        const from = skipsEqualRow && distances[listAt] === 0 ? 1 : 0;
        const neighbours = indexes.subarray(listAt + from, listAt + from + neighbourCount);
        const own = rowRange(block, row, row + 1).values;
        scores[start + row] = yield* scoreOf(own, neighbours, chain);
        yield;
      }
    }
  }

  function* scoreOf(own: Float64Array, neighbours: Int32Array, chain: Float64Array): Pieces<number> {
    if (neighbourCount === 0) return lonelyScore(own, index.rows.values);
    fillChain(own, neighbours, index.rows, chain);
    return chainingRatio(yield* chainingDistance(chain, columnCount), meanAt(chainingDistances, neighbours));
  }

  function toState(): ModelState {
    const { values, arrays } = index.toState();
    return { values: { ...values, neighbourCount, skipsEqualRow }, arrays: { ...arrays, chainingDistances } };
  }

  return { columnCount, scoreInto: (rows, scores) => atOnce(scorePieces(rows, scores)), scorePieces, toState };
}

/** The score where all training rows are equal, so that there is no chain: 1 for an equal row, the largest for any other. */
function lonelyScore(own: Float64Array, only: Float64Array): number {
  return own.every((value, column) => value === only[column]) ? 1 : Number.MAX_VALUE;
}

/** Writes a row and its neighbours, in order, one after another. */
export function fillChain(own: Float64Array, neighbours: Int32Array, rows: Matrix, chain: Float64Array): void {
  const { columnCount: width, values } = rows;
  for (let column = 0; column < width; column++) chain[column] = own[column];
  for (let i = 0; i < neighbours.length; i++) {
    const from = neighbours[i] * width;
    const to = (i + 1) * width;
    for (let column = 0; column < width; column++) chain[to + column] = values[from + column];
  }
}

export function meanAt(values: Float64Array, places: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < places.length; i++) sum += values[places[i]];
  return Math.min(sum, Number.MAX_VALUE) / places.length;
}

export function restoreCof(state: ModelState, kernels: KernelSet): Model {
  const index = restoreNeighbourIndex(state, kernels);
  const neighbourCount = stateInteger(state, "neighbourCount", 0, index.rowCount - 1);
  const chainingDistances = stateArray(state, "chainingDistances", Float64Array, index.rowCount);
  if (!chainingDistances.every((distance) => distance >= 0 && Number.isFinite(distance))) {
    throw damaged("chainingDistances", "finite numbers from 0");
  }
  const skipsEqualRow = stateBoolean(state, "skipsEqualRow");
  return createCofModel({ index, neighbourCount, skipsEqualRow, chainingDistances });
}
