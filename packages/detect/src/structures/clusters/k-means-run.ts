/** One run of k-means, in bounded steps: starting centres, then Lloyd's iteration with Hamerly's bounds. */

import type { DenseKernels } from "../../kernels/dense-kernels.ts";
import type { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { createKMeansStart, type KMeansStart } from "./k-means-start.ts";
import { createLloyd, type Lloyd } from "./lloyd.ts";
import type { Pieces } from "../../threads/pieces.ts";

export interface KMeansRun {
  /** One pass or so over the rows, in pieces; false when the run has ended. */
  step(): Pieces<boolean>;
  result(): Pieces<{ readonly centers: Float64Array; readonly inertia: number }>;
}

export interface KMeansRunOptions {
  readonly clusterCount: number;
  readonly iterationCountMax: number;
  /** The run ends when its centres' summed squared movement is at most this. */
  readonly movementMax: number;
}

/** @param origin draws the starting centres, or is them (row-major; copied). */
export function createKMeansRun(
  rows: Matrix,
  options: KMeansRunOptions,
  origin: Random | Float64Array,
  kernels: DenseKernels,
): KMeansRun {
  const start =
    origin instanceof Float64Array ? givenStart(origin) : createKMeansStart(rows, options.clusterCount, origin, kernels);
  const { movementMax } = options;
  let lloyd: Lloyd | undefined;
  let iterationCount = 0;

  function* step(): Pieces<boolean> {
    if (lloyd === undefined) {
      if (!(yield* start.addCenter())) lloyd = createLloyd(rows, start.centers(), kernels);
      return true;
    }
    const changedCount = yield* lloyd.assign();
    if (changedCount === 0 || iterationCount === options.iterationCountMax) return false;
    iterationCount++;
    // Too little movement to go on: one last assignment, so that the inertia is that of the final centres.
    if ((yield* lloyd.moveCenters()) <= movementMax) iterationCount = options.iterationCountMax;
    return true;
  }

  function* result(): ReturnType<KMeansRun["result"]> {
    if (lloyd === undefined) return { centers: start.centers(), inertia: 0 };
    return { centers: lloyd.centers, inertia: yield* lloyd.inertia() };
  }

  return { step, result };
}

function givenStart(centers: Float64Array): KMeansStart {
  return {
    // oxlint-disable-next-line require-yield -- nothing is left to choose
    *addCenter() {
      return false;
    },
    centers: () => centers.slice(),
  };
}
