/** The fitted ensemble of balls. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { damaged, stateArray, stateFiniteArray, stateInteger } from "../../detector/state.ts";
import type { BallEnsemble } from "../../kernels/forest-kernels.ts";
import { ballLaneCount } from "../../kernels/forest-kernels.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { columnCountMax, type Matrix } from "../../matrix.ts";

export const memberCountMax = 10_000;

export function createInneModel(ensemble: BallEnsemble, kernels: KernelSet): Model {
  const { columnCount, memberCount, blockCount, centers, squaredRadii, values } = ensemble;
  const ballCount = blockCount * ballLaneCount;

  function scoreInto(rows: Matrix, scores: Float64Array): void {
    kernels.ballEnsembleInto(ensemble, rows, scores);
    for (let row = 0; row < rows.rowCount; row++) scores[row] /= memberCount;
  }

  /** Each member's value is shared among the columns by their squared distance to the ball's centre. */
  function contributionsInto(rows: Matrix, out: Float64Array): void {
    out.fill(0);
    const squares = new Float64Array(columnCount);
    for (let row = 0; row < rows.rowCount; row++) {
      const at = row * columnCount;
      for (let member = 0; member < memberCount; member++) {
        const { ball, covers } = chooseBall(rows.values, at, member * ballCount);
        addShares(rows.values, at, ball, covers ? values[ball] : 1, squares, out);
      }
    }
  }

  /** The ball that gives the row its value; where none covers it, the one whose centre is nearest. */
  function chooseBall(row: Float64Array, at: number, start: number): { ball: number; covers: boolean } {
    let nearest = start;
    let nearestDistance = Number.POSITIVE_INFINITY;
    for (let ball = start; ball < start + ballCount && squaredRadii[ball] >= 0; ball++) {
      let distance = 0;
      for (let column = 0; column < columnCount; column++) {
        const difference = row[at + column] - centerOf(ball, column);
        distance += difference * difference;
      }
      if (distance <= squaredRadii[ball]) return { ball, covers: true };
      if (distance < nearestDistance) {
        nearestDistance = distance;
        nearest = ball;
      }
    }
    return { ball: nearest, covers: false };
  }

  function addShares(row: Float64Array, at: number, ball: number, value: number, squares: Float64Array, out: Float64Array): void {
    // Differences are halved and divided by the largest of them, so that nothing overflows.
    let largest = 0;
    for (let column = 0; column < columnCount; column++) {
      squares[column] = row[at + column] / 2 - centerOf(ball, column) / 2;
      largest = Math.max(largest, Math.abs(squares[column]));
    }
    let sum = 0;
    for (let column = 0; column < columnCount; column++) {
      // Where the row equals the centre no column differs: all columns get equal shares.
      const part = largest === 0 ? 1 : squares[column] / largest;
      squares[column] = part * part;
      sum += squares[column];
    }
    const factor = value / memberCount / sum;
    for (let column = 0; column < columnCount; column++) out[at + column] += factor * squares[column];
  }

  function centerOf(ball: number, column: number): number {
    const lane = ball % ballLaneCount;
    return centers[(ball - lane) * columnCount + column * ballLaneCount + lane];
  }

  const toState = (): ModelState => ({
    values: { columnCount, memberCount, blockCount },
    arrays: { centers, squaredRadii, values },
  });

  return { columnCount, scoreInto, contributionsInto, toState };
}

export function restoreInne(state: ModelState, kernels: KernelSet): Model {
  const columnCount = stateInteger(state, "columnCount", 1, columnCountMax);
  const memberCount = stateInteger(state, "memberCount", 1, memberCountMax);
  const blockCount = stateInteger(state, "blockCount", 1, 2 ** 31 - 1);
  const laneCount = memberCount * blockCount * ballLaneCount;
  const ensemble: BallEnsemble = {
    columnCount,
    memberCount,
    blockCount,
    centers: stateFiniteArray(state, "centers", laneCount * columnCount),
    squaredRadii: stateArray(state, "squaredRadii", Float64Array, laneCount),
    values: stateFiniteArray(state, "values", laneCount),
  };
  // Infinite where squares overflowed.
  if (ensemble.squaredRadii.some(Number.isNaN)) throw damaged("squaredRadii", "numbers, got NaN");
  return createInneModel(ensemble, kernels);
}
