/** The state of the one-class problem while it is solved: variables, gradient, and the ones left aside. */

import type { Matrix } from "../../matrix.ts";
import { kernelRowInto, type KernelFunction } from "./kernel-function.ts";
import { createKernelRowCache, type KernelRowCache } from "./kernel-row-cache.ts";
import type { Pieces } from "../../threads/pieces.ts";

export interface OneClassProblem {
  /** Chooses the next pair of variables. @returns the largest violation of the optimality conditions among those not left aside. */
  selectPair(): number;
  /** Solves for the pair chosen last. */
  step(): void;
  /** Leaves aside variables that seem settled at a bound; near the end it first takes all back, once. */
  shrink(tolerance: number): Pieces<void>;
  isShrunk(): boolean;
  /** Takes back the variables left aside, with their gradient computed anew. */
  restoreAll(): Pieces<void>;
  /** Only while nothing is left aside. */
  solution(): { readonly alpha: Float64Array; readonly gradient: Float64Array };
}

export interface OneClassProblemOptions {
  readonly kernel: KernelFunction;
  readonly shrinking: boolean;
  readonly cacheBytesMax: number;
  readonly single: boolean;
}

/** Stands for a curvature that is not positive, as an indefinite kernel (sigmoid) may give. */
const curvatureMin = 1e-12;
/** All variables come back once when the violation falls below this many tolerances. */
const restoreFactor = 10;

/** The variables not left aside, packed: place p is row `rowOf[p]`. */
interface Active {
  rowOf: Int32Array;
  alpha: Float64Array;
  gradient: Float64Array;
  diagonal: Float64Array;
  cache: KernelRowCache;
}

/**
 * @param start a feasible `alpha`, and for each row the sum of its kernels with the rows whose alpha is 1. Both are taken
 * over: `boundedGradient` is kept up to date from here on, and gives back the gradient of rows that were left aside.
 */
export function* createOneClassProblem(
  rows: Matrix,
  options: OneClassProblemOptions,
  start: { readonly alpha: Float64Array; readonly boundedGradient: Float64Array },
): Pieces<OneClassProblem> {
  const { kernel, shrinking, single } = options;
  const { rowCount, columnCount: width, values } = rows;
  const { alpha: allAlpha, boundedGradient } = start;
  const allGradient = boundedGradient.slice();
  const fullRow = new Float64Array(rowCount);
  let active = activateAll();
  let wasRestored = false;
  let first = -1;
  let second = -1;
  yield* addFreeGradients(Int32Array.from(allAlpha.keys()));
  active.gradient.set(allGradient);

  function activateAll(): Active {
    return {
      rowOf: Int32Array.from({ length: rowCount }, (_, row) => row),
      alpha: allAlpha.slice(),
      gradient: allGradient.slice(),
      diagonal: diagonalOf(rows, kernel),
      cache: createKernelRowCache(values, width, kernel, { sizeBytesMax: options.cacheBytesMax, single }),
    };
  }

  function kernelsWithAll(row: number): Float64Array {
    kernelRowInto(kernel, { values, at: row * width }, values, width, fullRow);
    if (single) for (let i = 0; i < rowCount; i++) fullRow[i] = Math.fround(fullRow[i]);
    return fullRow;
  }

  /** Adds to `allGradient` of the listed rows what free variables give; the bounded part is there already. */
  function* addFreeGradients(listed: Int32Array): Pieces<void> {
    for (let row = 0; row < rowCount; row++) {
      const weight = allAlpha[row];
      if (weight <= 0 || weight >= 1) continue;
      const kernels = kernelsWithAll(row);
      for (const other of listed) allGradient[other] += weight * kernels[other];
      yield;
    }
  }

  function selectPair(): number {
    const { alpha, gradient, diagonal, cache } = active;
    first = lowestRaisable(active);
    if (first === -1) return Number.NEGATIVE_INFINITY;
    const kernels = cache.row(first);
    const low = gradient[first];
    let high = Number.NEGATIVE_INFINITY;
    let bestGain = 0;
    second = -1;
    for (let place = 0; place < alpha.length; place++) {
      if (alpha[place] <= 0) continue;
      const difference = gradient[place] - low;
      if (gradient[place] > high) high = gradient[place];
      if (difference <= 0) continue;
      const curvature = diagonal[first] + diagonal[place] - 2 * kernels[place];
      const gain = (difference * difference) / (curvature > 0 ? curvature : curvatureMin);
      if (gain >= bestGain) {
        bestGain = gain;
        second = place;
      }
    }
    return second === -1 ? Number.NEGATIVE_INFINITY : high - low;
  }

  function step(): void {
    const { alpha, gradient, diagonal, cache } = active;
    const firstKernels = cache.row(first);
    const secondKernels = cache.row(second);
    const curvature = diagonal[first] + diagonal[second] - 2 * firstKernels[second];
    const wanted = (gradient[second] - gradient[first]) / (curvature > 0 ? curvature : curvatureMin);
    const oldFirst = alpha[first];
    const oldSecond = alpha[second];
    // One variable gains what the other loses, within [0, 1]: a variable that reaches a bound gets exactly that value.
    if (wanted >= Math.min(1 - oldFirst, oldSecond)) {
      const sum = oldFirst + oldSecond;
      alpha[first] = sum > 1 ? 1 : sum;
      alpha[second] = sum > 1 ? sum - 1 : 0;
    } else {
      alpha[first] = oldFirst + wanted;
      alpha[second] = oldSecond - wanted;
    }
    const firstChange = alpha[first] - oldFirst;
    const secondChange = alpha[second] - oldSecond;
    for (let place = 0; place < gradient.length; place++) {
      gradient[place] += firstKernels[place] * firstChange + secondKernels[place] * secondChange;
    }
    if (!shrinking) return;
    noteBound(first, oldFirst);
    noteBound(second, oldSecond);
  }

  /** Keeps `boundedGradient` up to date when a variable reaches or leaves the upper bound. */
  function noteBound(place: number, oldAlpha: number): void {
    const isBounded = active.alpha[place] >= 1;
    if (isBounded === oldAlpha >= 1) return;
    const row = active.rowOf[place];
    const kernels = isShrunk() ? kernelsWithAll(row) : active.cache.row(place);
    const sign = isBounded ? 1 : -1;
    for (let other = 0; other < rowCount; other++) boundedGradient[other] += sign * kernels[other];
  }

  function isShrunk(): boolean {
    return active.rowOf.length < rowCount;
  }

  function* shrink(tolerance: number): Pieces<void> {
    let range = violatingRange(active);
    if (!wasRestored && range.high - range.low <= tolerance * restoreFactor) {
      wasRestored = true;
      yield* restoreAll();
      range = violatingRange(active);
    }
    const { alpha, gradient } = active;
    const places = Int32Array.from(alpha.keys()).filter(
      (place) => !(alpha[place] >= 1 ? gradient[place] < range.low : alpha[place] <= 0 && gradient[place] > range.high),
    );
    if (places.length === alpha.length) return;
    storeAlpha();
    active.cache.keep(places);
    active = {
      rowOf: Int32Array.from(places, (place) => active.rowOf[place]),
      alpha: Float64Array.from(places, (place) => alpha[place]),
      gradient: Float64Array.from(places, (place) => gradient[place]),
      diagonal: Float64Array.from(places, (place) => active.diagonal[place]),
      cache: active.cache,
    };
  }

  function storeAlpha(): void {
    for (const [place, row] of active.rowOf.entries()) allAlpha[row] = active.alpha[place];
  }

  function* restoreAll(): Pieces<void> {
    if (!isShrunk()) return;
    storeAlpha();
    const isActive = new Uint8Array(rowCount);
    for (const [place, row] of active.rowOf.entries()) {
      isActive[row] = 1;
      allGradient[row] = active.gradient[place];
    }
    const aside = Int32Array.from(isActive.keys()).filter((row) => isActive[row] === 0);
    for (const row of aside) allGradient[row] = boundedGradient[row];
    yield* addFreeGradients(aside);
    active = activateAll();
  }

  return { selectPair, step, shrink, isShrunk, restoreAll, solution: () => ({ alpha: active.alpha, gradient: active.gradient }) };
}

/** The place of least gradient among variables below 1, the last of equals as in libsvm; -1 when there is none. */
function lowestRaisable(active: Active): number {
  const { alpha, gradient } = active;
  let low = Number.POSITIVE_INFINITY;
  let at = -1;
  for (let place = 0; place < alpha.length; place++) {
    if (alpha[place] < 1 && gradient[place] <= low) {
      low = gradient[place];
      at = place;
    }
  }
  return at;
}

/** Optimal where high <= low: `low` is the least gradient among alphas below 1, `high` the largest among those above 0. */
function violatingRange(active: Active): { low: number; high: number } {
  const { alpha, gradient } = active;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let place = 0; place < alpha.length; place++) {
    if (alpha[place] < 1) low = Math.min(low, gradient[place]);
    if (alpha[place] > 0) high = Math.max(high, gradient[place]);
  }
  return { low, high };
}

/** Each row's kernel with itself. */
function diagonalOf(rows: Matrix, kernel: KernelFunction): Float64Array {
  const { rowCount, columnCount: width, values } = rows;
  const diagonal = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    const own = values.subarray(row * width, (row + 1) * width);
    kernelRowInto(kernel, { values, at: row * width }, own, width, diagonal.subarray(row, row + 1));
  }
  return diagonal;
}
