/** The index that this thread restored last, so that the tasks of one search restore it once. */

import type { ModelState } from "../../detector/detector.ts";
import type { NeighbourKernels, SearchMethod } from "../../kernels/neighbour-kernels.ts";
import { restoreNeighbourIndex } from "./build-index.ts";
import type { NeighbourIndex } from "./neighbour-index.ts";

/** The parts of an index that a task carries; the arrays lie on shared memory. */
export interface CarriedIndex {
  /** Tells a worker that it has restored this index already. */
  readonly key: string;
  readonly state: ModelState;
  readonly method: SearchMethod | "auto";
}

let held: { readonly key: string; readonly index: NeighbourIndex } | undefined;

/** One index is kept until another is asked for, even when its search is over: a thread holds the rows of one table at most. */
export function heldIndex(carried: CarriedIndex, kernels: NeighbourKernels): NeighbourIndex {
  if (held?.key !== carried.key) {
    // The old one goes first: a worker need not have room for two.
    held = undefined;
    held = { key: carried.key, index: restoreNeighbourIndex(carried.state, kernels, carried.method) };
  }
  return held.index;
}

let carriedCount = 0;

/** The index as a task carries it. */
export function carry(index: NeighbourIndex): CarriedIndex {
  return { key: `index#${++carriedCount}`, state: index.toState(), method: index.wanted };
}
