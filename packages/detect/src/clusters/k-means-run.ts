/** One run of k-means, in bounded steps: starting centres, then Lloyd's iteration with Hamerly's bounds. */

import type { Matrix } from "../matrix.ts";
import type { Random } from "../random.ts";
import { createKMeansStart, type KMeansStart } from "./k-means-start.ts";
import { createLloyd, type Lloyd } from "./lloyd.ts";

export interface KMeansRun {
  /** One pass or so over the rows; false when the run has ended. */
  step(): boolean;
  result(): { readonly centers: Float64Array; readonly inertia: number };
}

export interface KMeansRunOptions {
  readonly clusterCount: number;
  readonly iterationCountMax: number;
  readonly tolerance: number;
}

/** @param origin draws the starting centres, or is them (row-major; copied). */
export function createKMeansRun(rows: Matrix, options: KMeansRunOptions, origin: Random | Float64Array): KMeansRun {
  const start = startFrom(rows, options.clusterCount, origin);
  const movementMax = options.tolerance * meanVariance(rows);
  let lloyd: Lloyd | undefined;
  let iterationCount = 0;

  function step(): boolean {
    if (lloyd === undefined) {
      if (!start.addCenter()) lloyd = createLloyd(rows, start.centers());
      return true;
    }
    const changedCount = lloyd.assign();
    if (changedCount === 0 || iterationCount === options.iterationCountMax) return false;
    iterationCount++;
    // Too little movement to go on: one last assignment, so that the inertia is that of the final centres.
    if (lloyd.moveCenters() <= movementMax) iterationCount = options.iterationCountMax;
    return true;
  }

  return { step, result: () => ({ centers: lloyd?.centers ?? start.centers(), inertia: lloyd?.inertia() ?? 0 }) };
}

function startFrom(rows: Matrix, clusterCount: number, origin: Random | Float64Array): KMeansStart {
  if (!(origin instanceof Float64Array)) return createKMeansStart(rows, clusterCount, origin);
  return { addCenter: () => false, centers: () => origin.slice() };
}

function meanVariance(rows: Matrix): number {
  const { values, rowCount, columnCount } = rows;
  let total = 0;
  for (let column = 0; column < columnCount; column++) {
    let sum = 0;
    for (let at = column; at < values.length; at += columnCount) sum += values[at];
    const mean = sum / rowCount;
    let squares = 0;
    for (let at = column; at < values.length; at += columnCount) squares += (values[at] - mean) ** 2;
    total += squares / rowCount;
  }
  return total / columnCount;
}
